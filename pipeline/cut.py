"""A stretch of the source → its cells, in reading order."""

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from .decode import Source
from .errors import InputError
from .sections import Span
from .values import is_blank_mark, is_page_mark, is_value

MAX_CELLS = 20_000
"""More cells than any report has; a text with more is refused."""

CellKind = Literal["number", "blank", "words", "empty_line", "page"]

_SEPARATOR = re.compile(r"[\t|]")
_RULE = re.compile(r"[\s|:+=\-]*-{3,}[\s|:+=\-]*|\+[-=+]+\+")
_SENTENCE = re.compile(r"[,。;，；]")
_TOKEN = re.compile(r"\S+(?: +(?:元|万元|亿元)(?= |$))?")
_LAST_TOKEN = re.compile(r"(?<!\S)\S+(?: +(?:元|万元|亿元))?$")
_BRACKETED = re.compile(r"\([^()]*\)")


class Cell(NamedTuple):
    """A field of the text: `text == source.text[start:end]`. `line` counts the lines, `field` the fields of its line.

    fields: how many fields its line has; 1 where the line has no separator.
    """

    id: int
    text: str
    start: int
    end: int
    kind: CellKind
    line: int
    field: int
    fields: int


def cut(source: Source, span: Span, first_id: int = 0) -> tuple[Cell, ...]:
    """Source and stretch → cells numbered from `first_id`; raises InputError above MAX_CELLS."""
    cells: list[Cell] = []
    for number, field, fields, start, end, kind in _fields(source.folded, span):
        cells.append(Cell(first_id + len(cells), source.text[start:end], start, end, kind, number, field, fields))
        if len(cells) > MAX_CELLS:
            raise InputError(f"{source.name}: more than {MAX_CELLS:,} cells in one section; this is no single report")
    return tuple(cells)


_Field = tuple[int, int, int, int, int, CellKind]


def _fields(folded: str, span: Span) -> Iterator[_Field]:
    start = span.start
    for number, line in enumerate(folded[span.start : span.end].split("\n")):
        if not line.strip():
            yield number, 0, 1, start, start, "empty_line"
        elif "\t" in line or "|" in line:
            if not _RULE.fullmatch(line):
                yield from _separated(line, number, start)
        else:
            yield from _tokens(line, number, 0, 1, start)
        start += len(line) + 1


def _separated(line: str, number: int, start: int) -> Iterator[_Field]:
    """The fields of a line with tabs or bars; an outer bar at either end parts nothing."""
    parts = _SEPARATOR.split(line)
    first = 1 if line.lstrip().startswith("|") else 0
    last = len(parts) - (1 if line.rstrip(" ").endswith("|") else 0)
    offset = start
    for field, part in enumerate(parts):
        if first <= field < last:
            if part.strip():
                yield from _tokens(part, number, field - first, last - first, offset)
            else:
                yield number, field - first, last - first, offset, offset, "blank"
        offset += len(part) + 1


def _tokens(part: str, number: int, field: int, fields: int, start: int) -> Iterator[_Field]:
    """The cells of one field: one, or words followed by numbers that only spaces part."""
    text = part.strip()
    start += part.index(text[0]) if text else 0
    kind = _kind(text)
    if kind != "words" or " " not in text or _kind(_LAST_TOKEN.search(text)[0]) == "words":  # type: ignore[index]
        yield number, field, fields, start, start + len(text), kind
        return
    tokens = list(_TOKEN.finditer(text))
    first = len(tokens)
    while first and _kind(tokens[first - 1].group()) in ("number", "blank"):
        first -= 1
    words = text[: tokens[first - 1].end()] if first else ""
    if first == len(tokens) or (first == len(tokens) - 1 and _SENTENCE.search(_BRACKETED.sub("", words))):
        yield number, field, fields, start, start + len(text), "words"
        return
    if words:
        yield number, field, fields, start, start + len(words), "words"
    for token in tokens[first:]:
        yield number, field, fields, start + token.start(), start + token.end(), _kind(token.group())


def _kind(text: str) -> CellKind:
    if is_value(text):
        return "number"
    if is_blank_mark(text):
        return "blank"
    return "page" if is_page_mark(text) else "words"
