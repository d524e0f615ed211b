"""HTML source → the text that a reader of the page sees, and where each of its characters stands in the source.

Rows of a table become lines, their cells fields parted by tabs, a cell that spans others with a mark in the place of each; other
blocks become lines. Scripts and styles are left out.
The page is parsed by tree-sitter, which takes pages as they are and gives true offsets.
"""

import html
import re
import time
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Literal

from ..errors import InputError
from .marks import COVERED

if TYPE_CHECKING:
    from tree_sitter import Node, Tree

PATIENCE_S = 3.0
"""A page that takes longer to parse is refused: real ones take some hundredths of a second."""

_LOOKS_LIKE = re.compile(r"<(?:html|body|table|tbody|tr|td|div|p|span|h[1-6])\b[^<>]*>", re.IGNORECASE)
_ENOUGH_TAGS = 5
_PAGE = re.compile(r"<(?:html|body|p)\b", re.IGNORECASE)
"""Without any of these, HTML is the tables of a text whose other lines are lines: Markdown, as OCR and converters write it."""
_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "br",
        "caption",
        "center",
        "dd",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "head",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tbody",
        "tfoot",
        "thead",
        "title",
        "ul",
    ]
)
_CELLS = frozenset(("td", "th"))
_STRUCTURE = _BLOCKS | _CELLS | {"tr"}
"""What a style sheet says of all of these says nothing of one number."""
_Event = Literal["open", "close", "text", "entity", "mark", "field", "script"]
_SEEN: tuple[_Event, ...] = ("text", "entity")
_UNSEEN = frozenset(("script_element", "style_element", "comment", "doctype"))


_HIDES = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|mso-hide\s*:\s*all|font-size\s*:\s*0(?![.0-9]*[1-9])"
    r"|opacity\s*:\s*0(?![.0-9]*[1-9])|(?<![-\w])(?:left|right|top|text-indent)\s*:\s*-[0-9]{3,}"
)
_MAY_HIDE = re.compile(
    rb"<(?:del|template)\b|hidden|none|mso-hide|font-size|opacity|left|right|top|indent|collapse", re.IGNORECASE
)
"""What the source of a tag holds whose element is not shown."""
_SETS_APART = re.compile(
    r"text-decoration[^;]*line-through|vertical-align\s*:\s*(?:super|sub)\b|clip|scale|filter|transparent|direction\s*:\s*rtl|bidi"
    r"|(?<![-\w])(?:max-)?(?:width|height)\s*:\s*0(?![.0-9]*[1-9])|font-size\s*:\s*[01](?:\.[0-9]+)?px"
    r"|float\s*:\s*right|-reverse|(?<![-\w])order\s*:|rgba?\([^)]*,\s*0\s*\)|(?<![-\w])color\s*:\s*(?:white|#fff\b|#ffffff)"
)
_WHITE = re.compile(r"white|#fff\b|#ffffff")
_MAY_SET_APART = re.compile(
    rb"line-through|vertical-align|href|clip|scale|filter|transparent|rtl|bidi|width|height|font-size|color|float|-reverse|order",
    re.IGNORECASE,
)
"""The same of one that is struck out, raised as a footnote's mark is, or hardly seen."""
_HIDDEN_BY_NAME = tuple(frozenset((f".{c}",)) for c in ("sr-only", "visually-hidden", "d-none", "hide", "hidden"))
"""Classes that hide, by the conventions of the common style sheets."""
_COMBINED = re.compile(r"[\s>+~]+")
_NAMED = re.compile(r"^[a-z][-\w]*|[.#\[][-\w]+")
_CONTENT = re.compile(r"(?<![-\w])content\s*:[^;]*[0-9]")
_NO_TAG = re.compile(rb"<(?=[^a-zA-Z/!?])")
"""What a page shows as it is: <5."""
_SHOWS_ITS_VALUE = ("", "text", "number", "tel")
_MARKS = frozenset(
    [
        "sup",
        "sub",
        "s",
        "strike",
        "select",
        "rt",
        "rp",
        "mfrac",
        "msup",
        "msub",
        "annotation",
        "details",
        "summary",
        "dialog",
        "audio",
        "video",
        "iframe",
        "progress",
        "bdo",
        "noscript",
    ]
)
"""What stands in such an element is no part of the number beside it; a mark parts them, so that it is not read as one."""
_MARK = "^"
_PICTURES = ("img", "svg", "canvas", "object", "embed")
"""In a cell they may show its number."""
_DIGIT = re.compile(rb"[0-9]")
_BARE_TAG = 3
"""So many nodes has a tag without attributes: its bracket, its name, its bracket."""
_MOST_ROWS, _MOST_COLUMNS = 500, 60
"""A cell that is said to take more takes no more."""


@cache
def html_extractor() -> str:
    """The library that reads HTML, with its version."""
    return f"tree-sitter-html {version('tree-sitter-html')}"


def is_markup(text: str) -> bool:
    """Whether a text is HTML source."""
    return sum(1 for _, _ in zip(range(_ENOUGH_TAGS), _LOOKS_LIKE.finditer(text), strict=False)) == _ENOUGH_TAGS


def render(text: str, name: str) -> "tuple[str, array[int]]":
    """HTML source → the text seen, and for each of its characters the offset of the source character it came from.

    Raises InputError where the page cannot be parsed in a few seconds.
    """
    page = _Page(has_lines=_PAGE.search(text) is None)
    last: _Event = "open"
    data = text.encode("utf-8")
    at_byte = at_character = 0
    tags = _NO_TAG.sub(b"(", data)
    for event, start, end, spans in _events(_parse(tags, name), tags, _styled_apart(data)):
        gap, taken = data[at_byte:start].decode("utf-8"), data[start:end].decode("utf-8")
        if space := _space(gap, after_text=last in _SEEN):
            page.take("text", space, at_character, _ONE)
        at_character += len(gap)
        page.take(event, taken, at_character, spans)
        at_character += len(taken)
        at_byte, last = end, event
    return "".join(page.shown), page.offsets


def _space(gap: str, *, after_text: bool) -> str:
    """The white space outside of tags between two events, a text's own end or the rest of a tag first: a line end, a space or none."""
    outside = gap.rpartition(">")[2].partition("<")[0] + (gap.partition("<")[0] if after_text else "")
    return "\n" if "\n" in outside else " " if any(map(str.isspace, outside)) else ""


def _parse(data: bytes, name: str) -> "Tree":
    import tree_sitter_html
    from tree_sitter import Language, Parser

    last = time.monotonic() + PATIENCE_S
    try:
        return Parser(Language(tree_sitter_html.language())).parse(
            lambda offset, _: data[offset : offset + 65_536],
            encoding="utf8",
            progress_callback=lambda *_: time.monotonic() > last,
        )
    except ValueError as error:
        raise InputError(f"{name}: HTML too broken to be parsed; save the page's text and give that") from error


_Spans = tuple[int, int]
"""How many rows and columns a cell takes."""
_ONE: _Spans = (1, 1)


_Selectors = dict[str, list[frozenset[str]]]
"""What elements must be called (b, .old, #note) to be meant, by one of these names."""


def _styled_apart(data: bytes) -> _Selectors:
    """The elements that a page's style sheets hide, strike out, or set numbers beside, and those of classes that hide everywhere.

    Where a rule counts, on paper or inside what, is not asked: what it may hide is set apart.
    td b.old {display:none} → b, .old
    """
    found = set(_HIDDEN_BY_NAME)
    for selectors, declarations in _rules(data):
        is_struck = "line-through" in declarations
        if is_struck or _HIDES.search(declarations) or _CONTENT.search(declarations):
            last = [_COMBINED.split(one.strip())[-1] for one in selectors.split(",")]
            named = [(frozenset(_NAMED.findall(one)), is_struck or ":nth" in one) for one in last]
            found.update(names for names, is_one in named if is_one or not names <= _STRUCTURE)
    by_name: _Selectors = {}
    for names in found:
        if names:
            by_name.setdefault(min(names), []).append(names)
    return by_name


def _rules(data: bytes) -> Iterator[tuple[str, str]]:
    """The rules of a page's style sheets, those within others too: selectors and declarations."""
    for sheet in data.lower().split(b"<style")[1:]:
        text = sheet.partition(b"</style")[0].partition(b">")[2].decode("utf-8", "replace")
        first, *rest = text.split("/*")
        for rule in "".join((first, *(part.partition("*/")[2] for part in rest))).split("}"):
            selectors, _, declarations = rule.rpartition("{")
            yield selectors.rpartition("{")[2], declarations


def _is_styled_apart(tag: "Node", apart: _Selectors) -> bool:
    attributes = _attributes(tag) if len(tag.children) > _BARE_TAG else {}
    named = [(".", "class"), ("#", "id")]
    names = {f"{mark}{n}" for mark, a in named if a in attributes for n in _text_of(attributes[a]).split()}
    names |= {_text_of(c) for c in tag.children if c.type == "tag_name"}
    names |= {f"[{name}" for name in attributes}
    return any(wanted <= names for name in names for wanted in apart.get(name, ()))


def _events(tree: "Tree", data: bytes, apart: _Selectors) -> Iterator[tuple[_Event, int, int, _Spans]]:
    """Tags, texts and character references in the order of the source, each with its bytes; of a cell the rows and columns it takes.

    apart: the elements that the page's style sheets set apart.
    """
    stack: list[tuple[Node, bool]] = [(tree.root_node, False)]
    while stack:
        node, is_apart = stack.pop()
        kind = node.type
        if kind in _UNSEEN:
            if kind == "script_element":
                yield "script", node.start_byte, node.start_byte, _ONE
            continue
        if kind in ("start_tag", "self_closing_tag", "end_tag"):
            tag = next((c for c in node.children if c.type == "tag_name"), None)
            if tag is not None:
                name = data[tag.start_byte : tag.end_byte].lower()
                spans = _spans(node) if kind != "end_tag" and name in (b"td", b"th") else _ONE
                yield "close" if kind == "end_tag" else "open", tag.start_byte, tag.end_byte, spans
                if name == b"input" and (value := _value_shown(node)):
                    yield "text", value.start_byte, value.end_byte, _ONE
                    yield "field", value.end_byte, value.end_byte, _ONE
        elif kind == "ERROR" and b"<" not in data[node.start_byte : node.end_byte]:
            yield "text", node.start_byte, node.end_byte, _ONE
        elif kind in ("text", "entity"):
            if is_apart and _DIGIT.search(data, *_place(node)):
                yield "mark", node.start_byte, node.start_byte, _ONE
            yield "text" if kind == "text" else "entity", node.start_byte, node.end_byte, _ONE
        else:
            inside = node.children
            if kind == "element" and inside:
                inside = [] if _MAY_HIDE.search(data, *_place(inside[0])) and _is_hidden(inside[0]) else inside
                may_be = inside and _MAY_SET_APART.search(data, *_place(inside[0]))
                is_apart = is_apart or bool(may_be and _is_set_apart(inside[0]))
                is_apart = is_apart or bool(inside and _is_styled_apart(inside[0], apart))
            stack += ((child, is_apart) for child in reversed(inside))


def _place(node: "Node") -> tuple[int, int]:
    return node.start_byte, node.end_byte


def _spans(tag: "Node") -> _Spans:
    """How many rows and columns the cell takes that a tag opens."""
    attributes = _attributes(tag) if len(tag.children) > _BARE_TAG else {}
    found = []
    for name, most in (("rowspan", _MOST_ROWS), ("colspan", _MOST_COLUMNS)):
        said = _text_of(attributes[name]).strip("\"' ") if name in attributes else ""
        found.append(min(int(said), most) if said.isascii() and said.isdigit() and int(said[:6]) > 0 else 1)
    return found[0], found[1]


def _value_shown(tag: "Node") -> "Node | None":
    """The value of a field to fill in, where a reader sees it as text."""
    attributes = _attributes(tag)
    value, kind = attributes.get("value"), attributes.get("type")
    return value if kind is None or _text_of(kind).strip("\"'") in _SHOWS_ITS_VALUE else None


def _is_hidden(tag: "Node") -> bool:
    """Whether the element that a tag opens is not shown, or shown as deleted."""
    name = next((_text_of(c) for c in tag.children if c.type == "tag_name"), "")
    attributes = _attributes(tag)
    style = attributes.get("style")
    return (
        name in ("del", "template")
        or "hidden" in attributes
        or (style is not None and bool(_HIDES.search(_text_of(style))))
    )


def _is_set_apart(tag: "Node") -> bool:
    """Whether the element that a tag opens is struck out, raised, or leads to a note."""
    attributes = _attributes(tag)
    style, target = attributes.get("style"), attributes.get("href")
    color = attributes.get("color")
    is_note = target is not None and _text_of(target).strip("\"'").startswith("#")
    is_white = color is not None and _WHITE.search(_text_of(color)) is not None
    return is_note or is_white or (style is not None and bool(_SETS_APART.search(_text_of(style))))


def _attributes(tag: "Node") -> "dict[str, Node]":
    """The attributes of a tag by name, each with the node of its value, or its own where it has none."""
    found = {}
    for attribute in tag.children:
        if attribute.type == "attribute":
            name, *value = attribute.children
            last = value[-1] if value else name
            inner = [c for c in last.children if c.type == "attribute_value"]
            found[_text_of(name)] = inner[0] if inner else last
    return found


def _text_of(node: "Node") -> str:
    return (node.text or b"").decode("utf-8", "replace").lower()


@dataclass
class _Table:
    """A table that is open. column: of the next cell. down: for each column, how many rows to come a cell above takes there.

    across: how many columns more the last cell takes. begins: where its text does, if it takes several rows, of those shown.
    """

    in_cell: bool = False
    has_cell: bool = False
    column: int = 0
    across: int = 0
    begins: int | None = None
    down: dict[int, int] = field(default_factory=dict)


@dataclass
class _Page:
    """The text seen so far, and the tables that are open; the first stands for what is outside of tables.

    has_lines: outside of tables the lines of the source are lines.
    """

    has_lines: bool = False
    shown: list[str] = field(default_factory=list)
    offsets: "array[int]" = field(default_factory=lambda: array("q"))
    tables: list[_Table] = field(default_factory=lambda: [_Table()])

    def take(self, event: _Event, text: str, at: int, spans: _Spans) -> None:
        if event == "text":
            white = "" if self.has_lines and len(self.tables) == 1 else "\r\n\t"
            for i, c in enumerate(text):
                self._put(" " if c in white else c, at + i)
        elif event == "entity":
            for c in html.unescape(text)[:2]:
                self._put(c, at)
        elif event == "mark" or (event == "script" and self.tables[-1].in_cell):
            self._put(_MARK, at)
        elif event == "field":
            self._put(" ", at)
        elif event == "open":
            self._open(text.lower(), at, spans)
        else:
            self._close(text.lower(), at)

    def _put(self, character: str, at: int) -> None:
        self.shown.append(character)
        self.offsets.append(at)

    def _open(self, tag: str, at: int, spans: _Spans) -> None:
        table = self.tables[-1]
        if tag == "tr":
            self._end_row(at)
            self._put("\n", at)
        elif tag in _CELLS:
            self._open_cell(table, at, spans)
        elif tag in _MARKS or (tag in _PICTURES and table.in_cell):
            self._put(_MARK, at)
        elif tag in _BLOCKS:
            self._put(" " if table.in_cell and tag != "table" else "\n", at)
        if tag == "table":
            self.tables.append(_Table())

    def _open_cell(self, table: _Table, at: int, spans: _Spans) -> None:
        self._end_cell(table, at)
        while table.down.get(table.column, 0) > 0:
            self._cover(table, COVERED, at)
        if table.has_cell:
            self._put("\t", at)
        table.in_cell = table.has_cell = True
        rows, columns = spans
        for column in range(table.column, table.column + columns):
            table.down[column] = rows - 1
        table.column += columns
        table.across = columns - 1
        table.begins = len(self.shown) if rows > 1 else None

    def _cover(self, table: _Table, mark: str, at: int) -> None:
        """The mark of a column that a cell above takes."""
        if table.has_cell:
            self._put("\t", at)
        table.has_cell = True
        self._put(mark, at)
        table.down[table.column] -= 1
        table.column += 1

    def _end_cell(self, table: _Table, at: int) -> None:
        """The marks of the further columns that the last cell takes, and of a number that stands for several rows."""
        if table.begins is not None and "".join(self.shown[table.begins :]).strip().isdecimal():
            self._put(_MARK, at)
        table.begins = None
        for _ in range(table.across):
            for c in ("\t", COVERED, COVERED):
                self._put(c, at)
        table.across = 0
        table.in_cell = False

    def _end_row(self, at: int) -> None:
        table = self.tables[-1]
        self._end_cell(table, at)
        if table.has_cell:
            while table.down.get(table.column, 0) > 0:
                self._cover(table, COVERED, at)
        table.column, table.has_cell = 0, False

    def _close(self, tag: str, at: int) -> None:
        if tag == "table" and len(self.tables) > 1:
            self._end_row(at)
            self.tables.pop()
        table = self.tables[-1]
        if tag in _CELLS:
            self._end_cell(table, at)
        elif tag == "tr":
            self._end_row(at)
            self._put("\n", at)
        elif tag in _BLOCKS and not table.in_cell:
            self._put("\n", at)
