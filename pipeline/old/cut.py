"""A stretch of the source → its cells, in reading order."""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby
from typing import Literal, NamedTuple

from ..errors import InputError
from ..source.decode import Source, fold
from ..source.sections import Span
from ..table.values import is_blank_mark, is_page_mark, is_value

MAX_CELLS = 20_000
"""More cells than any report has; a text with more is refused."""

CellKind = Literal["number", "blank", "words", "empty_line", "page"]

_LONGEST_FIELD = 400
"""A longer field is prose."""
_LONGEST_LINE = 20_000
"""A longer line is no row of a table."""

_SEPARATOR = re.compile(r"[\t|]")
_RULE = re.compile(r"[\s|:+=\-]*-{3,}[\s|:+=\-]*|\+[-=+]+\+")
_EDGES = "| \t\u3000\u00a0"
_EMPTY = ("blank", "empty_line")
_BLANKS = frozenset("\u3000\u00a0")
"""Alone in a field or on a line, printed where a number would be."""
_SENTENCE = re.compile(r"[,。;，；]")
_TOKEN = re.compile(r"(?:[^\s()]+ ?\((?=[^()]*[一-鿿])[^()]{1,60}\)(?= |$)|\S+)(?: +(?:元|万元|亿元)(?= |$))?")
_PAGE_NUMBER = re.compile(r" *[1-9][0-9]{0,2} *")
_NEAR = 400
"""So much of the text around a number is looked at for the break of a page."""
_BRACKETED = re.compile(r"\([^()]*\)")


class Cell(NamedTuple):
    """A field of the text: `text == source.shown[start:end]`. `line` counts the lines, `field` the fields of its line.

    fields: how many fields its line has; 1 where the line has no separator. at_page_break: whether it could be the number of
    its page: a small number alone on the first line of a page, or on its last one after an empty line, where nothing else
    beside the page break is a page number. page: how many page breaks of the section stand before it.
    """

    id: int
    text: str
    start: int
    end: int
    kind: CellKind
    line: int
    field: int
    fields: int
    at_page_break: bool = False
    page: int = 0


def cut(source: Source, span: Span, first_id: int = 0) -> tuple[Cell, ...]:
    """Source and stretch → cells numbered from `first_id`; raises InputError above MAX_CELLS."""
    cells: list[Cell] = []
    text, folded = source.shown, source.folded
    start = span.start + folded.startswith("\n", span.start, span.end)
    page, has_pages = 0, "\f" in text[span.start : span.end + 1]
    lines = folded[start : span.end].removesuffix("\n").split("\n")
    for number, (line, bars) in enumerate(zip(lines, _outer_bars(lines), strict=True)):
        for field, fields, a, b, kind in _fields(line, bars):
            a, b = start + a, start + b
            shown = text[a:b]
            if kind in _EMPTY and (not shown or shown.isspace()):
                if shown.strip("\t ") in _BLANKS:
                    kind = "blank"
                else:
                    b, shown = a, ""
            cells.append(Cell(first_id + len(cells), shown, a, b, kind, number, field, fields, False, page))
        if has_pages and cells and _PAGE_NUMBER.fullmatch(line) and _is_at_page_break(source, cells[-1]):
            cells[-1] = cells[-1]._replace(at_page_break=True)
        if len(cells) > MAX_CELLS:
            raise InputError(f"{source.name}: more than {MAX_CELLS:,} cells in one section; this is no single report")
        start += len(line) + 1
        page += has_pages and text[start - 1 : start] == "\f"
    return tuple(cells)


def _is_at_page_break(source: Source, cell: Cell) -> bool:
    """Whether nothing stands between a cell and a page break, on the other side of which is no page number.

    At the end of a page an empty line parts it from what stands above: a value would stand right below its label.
    """
    before, after = source.shown[max(0, cell.start - _NEAR) : cell.start], source.shown[cell.end : cell.end + _NEAR]
    end, start = len(before.rstrip()), len(after) - len(after.lstrip())
    across = [before[:end].splitlines()[-1:]] if "\f" in before[end:] else []
    is_parted = "\f" in before[end:] or before[end:].count("\n") > 1
    across += [after[start:].splitlines()[:1]] if "\f" in after[:start] and is_parted else []
    return bool(across) and not any(kind_of(fold(line).strip()) == "page" for lines in across for line in lines)


_Field = tuple[int, int, int, int, CellKind]
"""Field, fields of its line, start and end in the line, kind."""


class _Bars(NamedTuple):
    """Whether a bar at the beginning, or the end, of a line is the edge of its table, and parts nothing."""

    first: bool = True
    last: bool = True


def _outer_bars(lines: Sequence[str]) -> list[_Bars]:
    """For each line the bars of its table: where some of its lines begin, or end, without one, no bar there is an edge.

    Lines with cells on both sides of a bar speak first; in a table of one cell a line, all that have a cell and a bar.
    """
    if not any("|" in line and line.strip(_EDGES) for line in lines):
        return [_Bars()] * len(lines)
    found: list[_Bars] = []
    for is_table, group in groupby(lines, key=lambda line: "|" in line or not line or line.isspace()):
        table = list(group)
        barred = [line.strip(" ") for line in table if "|" in line and line.strip(_EDGES)] if is_table else []
        rows = [line for line in barred if "|" in line.strip(_EDGES)] or barred
        found += [_Bars(*(all(row[end] == "|" for row in rows) for end in (0, -1)))] * len(table)
    return found


def _fields(line: str, bars: _Bars) -> list[_Field]:
    if not line or line.isspace():
        return [(0, 1, 0, len(line), "empty_line")]
    if "\t" not in line and "|" not in line:
        return [(0, 1, *token) for token in _tokens(line, 0)]
    if len(line) > _LONGEST_LINE:
        return [(0, 1, 0, len(line), "words")]
    return [] if _RULE.fullmatch(line) else _separated(line, bars)


def _separated(line: str, bars: _Bars) -> list[_Field]:
    """The fields of a line with tabs or bars."""
    parts = line.split("\t") if "|" not in line else _SEPARATOR.split(line)
    first = 1 if bars.first and line.lstrip().startswith("|") else 0
    fields = len(parts) - first - (1 if bars.last and line.rstrip(" ").endswith("|") else 0)
    found: list[_Field] = []
    start = 0
    for field, part in enumerate(parts, -first):
        if 0 <= field < fields:
            if not part or part.isspace():
                found.append((field, fields, start, start + len(part), "blank"))
            elif part.isdigit() and part.isascii():
                found.append((field, fields, start, start + len(part), "number"))
            else:
                found += [(field, fields, *token) for token in _tokens(part, start)]
        start += len(part) + 1
    return found


def _tokens(part: str, start: int) -> list[tuple[int, int, CellKind]]:
    """The cells of one field: one, or words followed by numbers that only spaces part."""
    text = part.strip()
    start += part.index(text[0])
    whole = (start, start + len(text), kind_of(text))
    if whole[2] != "words" or " " not in text or len(text) > _LONGEST_FIELD:
        return [whole]
    tokens = list(_TOKEN.finditer(text))
    first = len(tokens)
    while first and kind_of(tokens[first - 1].group()) in ("number", "blank"):
        first -= 1
    if first == len(tokens):
        return [whole]
    words = text[: tokens[first - 1].end()] if first else ""
    if first == len(tokens) - 1 and _SENTENCE.search(_BRACKETED.sub("", words)):
        return [whole]
    cells: list[tuple[int, int, CellKind]] = [(start, start + len(words), "words")] if words else []
    return cells + [(start + t.start(), start + t.end(), kind_of(t.group())) for t in tokens[first:]]


def kind_of(text: str) -> CellKind:
    """What a field without outer white space is."""
    if text.isdigit():
        return "number" if text.isascii() else "words"
    return _kind_of(text) if len(text) <= _LONGEST_FIELD else "words"


@lru_cache(maxsize=4096)
def _kind_of(text: str) -> CellKind:
    if is_value(text):
        return "number"
    if is_blank_mark(text):
        return "blank"
    return "page" if is_page_mark(text) else "words"
