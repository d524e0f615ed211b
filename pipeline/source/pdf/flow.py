"""Sheets → the text of a document: lines in reading order, and tables over the breaks of pages, each character with its place.

A row of a table is a line, its cells parted by tabs, with the marks of HTML where a cell takes more than one place.
"""

import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

from ..marks import COVERED
from .blocks import CHINESE, Block, Cell, Table, TextLine, around, blocks_of
from .grid import Box, merged, nearest
from .page import Sheet

_MOST_HEADS = 5
_LONG = 15
"""A line that is not so wide, in its height, is none that was broken for want of room."""
_SAME_PLACE = 3.0
_TWO_LETTERS = re.compile(r"[^\W\d_]{2}")
_DIGITS = re.compile("[0-9]+")
_FIGURES = re.compile(r"[-+0-9.,/—\s]+")
_PAGE_NUMBER = re.compile(
    r"[-—–‐·~\s]{0,8}(?:第\s?|Page\s?)?(?P<number>[0-9]{1,4})(?:\s?页)?(?:\s?(?:[/／,，、]|of|共){0,3}\s?[0-9]{1,4}\s?页)?[-—–‐·~\s]{0,8}"
    r"|(?P<of>[0-9]{1,4})\s?[/／]\s?[0-9]{1,4}",
    re.IGNORECASE,
)
_BEGINS = re.compile(
    r"[一二三四五六七八九十]{1,3}[、.是]|[(（][一二三四五六七八九十0-9]{1,3}[)）]|[0-9]{1,2}[、.]|第[一二三四五六七八九十]+[条章部]|附|注"
)
"""How a line begins that does not go on the one before it."""


@dataclass(slots=True)
class Text:
    """A text under way. marked: its characters, with the marks of merged cells. pages, boxes: of each of them."""

    marked: list[str] = field(default_factory=list)
    pages: "array[int]" = field(default_factory=lambda: array("H"))
    boxes: "array[float]" = field(default_factory=lambda: array("f"))

    def put(self, text: str, page: int, box: Box) -> None:
        for character in text:
            self.marked.append(character)
            self.pages.append(page)
            self.boxes.extend(box)


def flow(sheets: Sequence[Sheet]) -> Text:
    """The sheets of a document → its text."""
    pages = [blocks_of(sheet, number) for number, sheet in enumerate(sheets)]
    running = _running(pages)
    own = [[b for b in blocks if id(b) not in running] for blocks in pages]
    text = Text()
    for block in chain(_paragraphs(_over_breaks(own)), running.values()):
        if isinstance(block, TextLine):
            for piece in block.pieces:
                text.put(piece.text, piece.page, sheets[piece.page].displayed(piece.box))
            text.put("\n", block.page, sheets[block.page].displayed(block.box))
        else:
            _put_table(block, text, sheets)
    return text


def _over_breaks(pages: Sequence[Sequence[Block]]) -> list[Block]:
    """The blocks of all pages, where a table that goes on on the next page, or in the next column, is one."""
    found: list[Block] = []
    for blocks in pages:
        found = _with_overflow(found)
        for block in blocks:
            table = found[-1] if found else None
            whole = _continued(table, block) if isinstance(table, Table) and isinstance(block, Table) else None
            found[len(found) - (whole is not None) :] = [whole or block]
    return found


def _with_overflow(blocks: list[Block]) -> list[Block]:
    """The blocks of a page, where text below a table that ends it belongs to a cell that is open there."""
    last = max((i for i, block in enumerate(blocks) if isinstance(block, Table)), default=-1)
    table, lines = blocks[last] if blocks else None, [b for b in blocks[last + 1 :] if isinstance(b, TextLine)]
    if not isinstance(table, Table) or not lines:
        return blocks
    bottom = [c for c in table.cells if c.is_open and c.row + c.rows == table.rows]
    inside = [
        [c for c in bottom if c.box[0] <= line.box[0] and line.box[2] <= c.box[2] + _SAME_PLACE] for line in lines
    ]
    if not all(inside):
        return blocks
    added = {
        id(cells[0]): tuple(p for li, c in zip(lines, inside, strict=True) if c == cells for p in li.pieces)
        for cells in inside
    }
    cells = tuple(replace(c, pieces=(*c.pieces, *added.get(id(c), ()))) for c in table.cells)
    return [*blocks[:last], replace(table, cells=cells)]


def _running(pages: Sequence[Sequence[Block]]) -> dict[int, TextLine]:
    """The lines at the heads and feet of pages that are none of the text, by their ids: numbers of pages, and what stands there again.

    What stands at the head of the first page stays there.
    """
    repeated: dict[str, list[TextLine]] = {}
    numbers: dict[int, list[TextLine]] = {}
    heads: set[int] = set()
    for page, blocks in enumerate(pages):
        lines = [b for b in blocks if isinstance(b, TextLine)]
        heads |= {id(line) for line in lines[:2]}
        for line in (*lines[:2], *lines[2:][-2:]):
            if match := _PAGE_NUMBER.fullmatch(line.text):
                numbers.setdefault(int(match["number"] or match["of"]) - page, []).append(line)
            elif _TWO_LETTERS.search(line.text):
                repeated.setdefault(_DIGITS.sub("0", line.text), []).append(line)
    found = [line for off, lines in numbers.items() if off == 1 or len(lines) > 1 for line in lines]
    for lines in repeated.values():
        again = [line for line in lines if any(_is_same_place(line, other) for other in lines)]
        found += [line for line in again if line.page > 0 or id(line) not in heads]
    return {id(line): line for line in sorted(found, key=lambda line: (line.page, line.box[1]))}


def _is_same_place(one: TextLine, other: TextLine) -> bool:
    return one.page != other.page and abs(one.box[1] - other.box[1]) <= _SAME_PLACE


def _paragraphs(blocks: Sequence[Block]) -> Iterator[Block]:
    """Blocks with lines put together where one is full, and the next goes on."""
    edges = {page: around([b.box for b in blocks if b.page == page]) for page in {b.page for b in blocks}}
    open_: TextLine | None = None
    for block in blocks:
        if open_ is not None and isinstance(block, TextLine) and _goes_on(open_, block, edges[open_.page]):
            last = open_.pieces[-1]
            is_split = not (CHINESE.match(last.text) or CHINESE.match(block.pieces[0].text))
            gap = (last._replace(text=" "),) if is_split else ()
            open_ = replace(block, pieces=(*open_.pieces, *gap, *block.pieces))
            continue
        if open_ is not None:
            yield open_
            open_ = None
        if isinstance(block, TextLine):
            open_ = block
        else:
            yield block
    if open_ is not None:
        yield open_


def _goes_on(line: TextLine, more: TextLine, edges: Box) -> bool:
    """Whether a line of running text goes on the one before it, which fills a page's width. edges: of what stands on the page."""
    size = line.box[3] - line.box[1]
    return (
        line.is_whole
        and more.is_whole
        and line.box[2] - line.box[0] > _LONG * size
        and edges[2] - line.box[2] < 1.6 * size
        and line.box[0] - edges[0] < 4 * size
        and more.box[0] <= line.box[0] + 0.5 * size
        and abs(more.box[3] - more.box[1] - size) < 0.25 * size
        and not _BEGINS.match(more.text)
    )


def _continued(table: Table, more: Table) -> Table | None:
    """A table, and the next on another page or higher up → both as one, if the second has the first's columns; its heads once."""
    last = table.cells[-1]
    own = [x + table.xs[0] - more.xs[0] for x in more.xs]
    is_higher = more.page != last.page or more.box[1] < last.box[1]
    if not is_higher or abs(table.xs[-1] - own[-1]) > _SAME_PLACE:
        return None
    if not (_are_among(own, table.xs) or _are_among(table.xs, own)):
        return None
    heads = _heads_again(table, more)
    xs = merged((*table.xs, *own))
    above = [_on(cell, table.xs, xs, 0) for cell in table.cells]
    below = [_on(cell, own, xs, table.rows - heads) for cell in more.cells if cell.row >= heads]
    return Table(table.page, table.box, xs, _going_on(above, below, table.rows))


def _are_among(xs: Sequence[float], others: Sequence[float]) -> bool:
    return all(abs(others[nearest(others, x)] - x) <= _SAME_PLACE for x in xs)


def _on(cell: Cell, own: Sequence[float], xs: Sequence[float], down: int) -> Cell:
    """A cell of a table with columns of its own → the same in those of both."""
    left, right = nearest(xs, own[cell.column]), nearest(xs, own[cell.column + cell.columns])
    return replace(cell, row=cell.row + down, column=left, columns=max(1, right - left))


def _heads_again(table: Table, more: Table) -> int:
    """How many rows at the top of the second are the first's again: words, whole cells."""
    for count in range(min(_MOST_HEADS, table.rows, more.rows - 1), 0, -1):
        one = [c for c in table.cells if c.row < count]
        other = [c for c in more.cells if c.row < count]
        if all(c.row + c.rows <= count for c in (*one, *other)) and (
            [(c.row, c.rows, c.text) for c in one] == [(c.row, c.rows, c.text) for c in other]
            and any(c.text for c in one)
            and not any(_FIGURES.fullmatch(c.text) for c in one)
        ):
            return count
    return 0


def _goes_over(over: Cell, cell: Cell) -> bool:
    """Whether a cell at the top of a page is the one above it, which takes several rows, again."""
    return (bool(over.text) and (over.is_open or not cell.text)) or (over.is_again and not cell.text)


def _going_on(above: Sequence[Cell], below: Sequence[Cell], row: int) -> tuple[Cell, ...]:
    """The cells of both parts of a table; one of the second that goes on one of the first, over rows, is that cell again.

    Only those can be that a row begins with: below a head that takes several rows stand cells of their own, which may be blank.
    """
    bottom = {(c.column, c.columns): c for c in above if c.row + c.rows == row}
    more: dict[int, Cell] = {}
    rest: list[Cell] = []
    leads = True
    for cell in below:
        over = bottom.get((cell.column, cell.columns)) if cell.row == row and leads else None
        leads = over is not None and max(over.rows, cell.rows) > 1 and _goes_over(over, cell)
        if over is not None and leads:
            more[id(over)] = cell
            cell = replace(cell, pieces=(), is_again=True)
        rest.append(cell)
    return (*(replace(c, pieces=(*c.pieces, *more[id(c)].pieces)) if id(c) in more else c for c in above), *rest)


# --- Text ---------------------------------------------------------------------------------------------------------------


def _put_table(table: Table, text: Text, sheets: Sequence[Sheet]) -> None:
    """The rows of a table, each a line, its cells parted by tabs."""
    taken: dict[tuple[int, int], Cell] = {}
    for cell in table.cells:
        for row in range(cell.row, cell.row + cell.rows):
            taken |= dict.fromkeys(((row, cell.column + right) for right in range(cell.columns)), cell)
    page, box = table.page, sheets[table.page].displayed(table.box)
    for row in range(table.rows):
        for column in range(len(table.xs) - 1):
            if column:
                text.put("\t", page, box)
            if (row, column) not in taken:
                continue
            cell = taken[row, column]
            page, box = cell.page, sheets[cell.page].displayed(cell.box)
            if row > cell.row or cell.is_again:
                text.put(COVERED, page, box)
            elif column > cell.column:
                text.put(2 * COVERED, page, box)
            else:
                for piece in cell.pieces:
                    text.put(piece.text, piece.page, sheets[piece.page].displayed(piece.box))
        text.put("\n", page, box)
    text.put("\n", page, box)
