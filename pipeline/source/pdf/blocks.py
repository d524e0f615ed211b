"""A sheet → its lines of text and its tables, in reading order, each character with its place."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from .grid import Box, Grid, find_grids, parts_between
from .page import Glyph, Sheet

_SAME_LINE = 0.35
"""Glyphs whose base lines are no further apart, in their size, stand on one line."""
_GAPS = (0.2, 0.5, 0.8)
"""So wide a gap, in a glyph's size, parts glyphs of which none, one or both are Chinese: between a digit and Chinese there is always some."""
_MOST_RUNNING = 2
"""So many lines at most run at the head and the foot of a page."""
_INDENT = 8
"""A line that begins further to the right than so many characters of half width stands there for a reason."""
_COLUMN_GAP = 1.5
"""So wide a gap parts what stands in columns."""
_FEWEST_LINES = 6
"""So many lines on both sides of a gap at least make two columns of text."""
_FULL = 0.6
"""A line that is as wide as a column takes so much of its width at least; so much of a column is full."""
_ACROSS = 0.2
"""So much at most of what stands on a page of two columns stands across both."""
CHINESE = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef，。、；：“”（）]")


class Piece(NamedTuple):
    """A character, with its page, counted from 0, and its box."""

    text: str
    page: int
    box: Box


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table: its pieces in reading order, its page, and its box there. is_open: no line is drawn below it.

    is_again: it goes on the cell above it, which has its pieces.
    """

    row: int
    column: int
    rows: int
    columns: int
    pieces: tuple[Piece, ...]
    page: int
    box: Box
    is_open: bool
    is_again: bool = False

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces).strip()


@dataclass(frozen=True, slots=True)
class Table:
    """xs: the sides of its columns on its first page."""

    page: int
    box: Box
    xs: tuple[float, ...]
    cells: tuple[Cell, ...]

    @property
    def rows(self) -> int:
        return max(cell.row + cell.rows for cell in self.cells)


@dataclass(frozen=True, slots=True)
class TextLine:
    """is_whole: whether no gap parts it into columns."""

    page: int
    box: Box
    pieces: tuple[Piece, ...]
    is_whole: bool = True

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces).strip()


Block = TextLine | Table


class _Run(NamedTuple):
    """Glyphs that stand on one line without a gap that parts columns."""

    glyphs: tuple[Glyph, ...]
    box: Box


def blocks_of(sheet: Sheet, page: int) -> list[Block]:
    """A sheet → its lines and its tables, in reading order."""
    tables, rest = [], sheet.glyphs
    for grid in find_grids(sheet.across, sheet.down):
        inside, rest = _parted(rest, grid.box)
        whole = _without_prose(grid, inside)
        for part in whole:
            own, inside = _parted(inside, part.box)
            if own:
                tables.append(_table(part, own, page))
        rest += inside
    lines = _lines(rest)
    blocks = _in_order([*chain.from_iterable(map(_runs, lines)), *tables], page)
    aside = [_text_line([_run(line)], page, 0) for line in _lines(sheet.slanted)]
    return [*blocks, *aside]


def is_bare(sheet: Sheet) -> bool:
    """Whether a sheet shows no more text than may run at the head and the foot of a page that is a picture."""
    return len(_lines(g for g in sheet.glyphs if not g.text.isspace())) <= _MOST_RUNNING


def _without_prose(grid: Grid, glyphs: Sequence[Glyph]) -> list[Grid]:
    """A grid → its parts between the rows that are one cell with lines of prose, as where a table lays out a page."""
    width = len(grid.xs) - 1
    prose = [p for p in grid.places if p.columns == width and len(_lines(_parted(glyphs, p.box)[0])) > 1]
    return parts_between(grid, prose)


def _parted(glyphs: Iterable[Glyph], box: Box) -> tuple[list[Glyph], list[Glyph]]:
    inside: list[Glyph] = []
    outside: list[Glyph] = []
    for glyph in glyphs:
        x, y = glyph.middle
        is_inside = box[0] <= x <= box[2] and box[1] <= y <= box[3]
        (inside if is_inside else outside).append(glyph)
    return inside, outside


def _table(grid: Grid, glyphs: Sequence[Glyph], page: int) -> Table:
    cells = []
    rest = list(glyphs)
    for place in grid.places:
        inside, rest = _parted(rest, place.box)
        pieces = tuple(_in_cell(_lines(inside), place.box, page))
        cells.append(Cell(*place[:4], pieces, page, place.box, place.is_open))
    return Table(page, grid.box, grid.xs, tuple(cells))


def _lines(glyphs: Iterable[Glyph]) -> list[list[Glyph]]:
    """Glyphs → the lines that they stand on, from top to bottom, each from left to right."""
    lines: list[list[Glyph]] = []
    for glyph in sorted(glyphs, key=lambda g: g.base):
        if lines and glyph.base - lines[-1][0].base <= _SAME_LINE * min(glyph.em, lines[-1][0].em):
            lines[-1].append(glyph)
        else:
            lines.append([glyph])
    return [sorted(line, key=lambda g: g.origin[0]) for line in lines]


def _in_cell(lines: Sequence[Sequence[Glyph]], box: Box, page: int) -> Iterator[Piece]:
    """The lines of a cell as one: a word or a number that was broken, as the cell was too narrow for it, is put together."""
    last: Glyph | None = None
    for line in lines:
        if last is not None:
            is_full = box[2] - last.box[2] < 2 * (line[0].box[2] - line[0].box[0]) + 2
            if not (is_full or (CHINESE.match(last.text) and CHINESE.match(line[0].text))):
                yield Piece(" ", page, last.box)
        yield from _spaced(line, page)
        last = line[-1]


def _spaced(glyphs: Sequence[Glyph], page: int) -> Iterator[Piece]:
    """Glyphs of a line, with spaces where a reader sees them."""
    last: Glyph | None = None
    is_spaced = False
    for glyph in glyphs:
        if glyph.text.isspace():
            is_spaced = True
            continue
        if last is not None:
            gap = (glyph.box[0] - last.box[2]) / max(glyph.em, last.em, 0.1)
            chinese = bool(CHINESE.match(glyph.text)) + bool(CHINESE.match(last.text))
            if gap > _GAPS[chinese] or (is_spaced and gap > 0.05 and chinese < 2):
                yield Piece(" ", page, last.box)
        yield Piece(glyph.text, page, glyph.box)
        last, is_spaced = glyph, False


def _runs(line: Sequence[Glyph]) -> Iterator[_Run]:
    """A line → its runs, where gaps part columns."""
    current: list[Glyph] = []
    for glyph in line:
        if glyph.text.isspace():
            continue
        if current and glyph.box[0] - current[-1].box[2] > _COLUMN_GAP * max(glyph.em, current[-1].em):
            yield _run(current)
            current = []
        current.append(glyph)
    if current:
        yield _run(current)


def _run(glyphs: Sequence[Glyph]) -> _Run:
    boxes = [g.box for g in glyphs]
    return _Run(tuple(glyphs), around(boxes))


def around(boxes: Sequence[Box]) -> Box:
    return (min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes))


_Item = _Run | Table


def _in_order(items: Sequence[_Item], page: int) -> list[Block]:
    """Runs and tables → blocks from top to bottom, column by column where text is set in two."""
    gutter = _gutter(items)
    if gutter is None:
        return _from_top(items, page)
    left: list[_Item] = []
    right: list[_Item] = []
    found: list[Block] = []
    for item in sorted(items, key=lambda item: item.box[1]):
        if item.box[0] < gutter < item.box[2]:
            found += [*_from_top(left, page), *_from_top(right, page), *_from_top([item], page)]
            left, right = [], []
        else:
            (left if item.box[2] <= gutter else right).append(item)
    return [*found, *_from_top(left, page), *_from_top(right, page)]


def _gutter(items: Sequence[_Item]) -> float | None:
    """Where a gap runs down between two columns, if one does: of text that fills them, as cells in space would not, or of tables."""
    if sum(isinstance(item, _Run) for item in items) < 2 * _FEWEST_LINES:
        return None
    left, _, right, _ = around([item.box for item in items])
    for at in sorted({item.box[0] - 1 for item in items}):
        if left + 0.3 * (right - left) < at < left + 0.7 * (right - left):
            before = [item for item in items if item.box[2] <= at]
            after = [item for item in items if item.box[0] >= at]
            is_clear = len(items) - len(before) - len(after) <= _ACROSS * len(items)
            if is_clear and all(_is_full(side) for side in (before, after)):
                return at
    return None


def _is_full(column: Sequence[_Item]) -> bool:
    """Whether most of what stands in a column is as wide as it, and that is not little."""
    if len(column) < _FEWEST_LINES:
        return False
    left, _, right, _ = around([item.box for item in column])
    sizes = [(item.box[3] - item.box[1], item.box[2] - item.box[0]) for item in column]
    full = sum(height for height, width in sizes if width > _FULL * (right - left))
    return full > _FULL * sum(height for height, _ in sizes)


def _from_top(items: Sequence[_Item], page: int) -> list[Block]:
    """Items → blocks from top to bottom; runs of one height are one line."""
    runs = [item for item in items if isinstance(item, _Run)]
    left = min((run.box[0] for run in runs), default=0.0)
    blocks: list[Block] = [item for item in items if isinstance(item, Table)]
    line: list[_Run] = []
    for run in sorted(runs, key=lambda run: run.glyphs[0].base):
        if line and run.glyphs[0].base - line[0].glyphs[0].base > _SAME_LINE * line[0].glyphs[0].em:
            blocks.append(_text_line(line, page, left))
            line = []
        line.append(run)
    if line:
        blocks.append(_text_line(line, page, left))
    return sorted(
        blocks, key=lambda block: (block.box[1] + block.box[3]) / 2 if isinstance(block, TextLine) else block.box[1]
    )


def _text_line(line: Sequence[_Run], page: int, left: float) -> TextLine:
    """Runs of one height → a line of text; where there are several, set in space as on the page."""
    line = sorted(line, key=lambda run: run.box[0])
    pieces: list[Piece] = []
    unit = max(run.glyphs[0].em for run in line) / 2
    width = 0
    for run in line:
        space = max(2 if pieces else 0, round((run.box[0] - left) / unit) - width)
        if pieces or len(line) > 1 or space > _INDENT:
            pieces += [Piece(" ", page, run.box)] * space
            width += space
        for piece in _spaced(run.glyphs, page):
            pieces.append(piece)
            width += 2 if CHINESE.match(piece.text) else 1
    return TextLine(page, around([run.box for run in line]), tuple(pieces), len(line) == 1)
