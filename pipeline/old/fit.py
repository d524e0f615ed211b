"""The cells of a row and the columns they could fill, where their numbers differ."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations, groupby
from math import comb

from .cut import Cell
from .reading import Choice

MAX_CANDIDATES = 500
"""A row that could be filled in more ways than this is not searched."""

Candidate = tuple[Cell | None, ...]


def fit(cells: Sequence[Cell], columns: int) -> tuple[Candidate, ...]:
    """Cells of a row, number of columns → every way to fill the columns in order; () where there are too many.

    As many cells as columns: the one way. More: blank fields at either end go first, then zeros could be strays. Fewer:
    blanks that left no trace could stand anywhere.
    """
    surplus = len(cells) - columns
    if surplus == 0:
        return (tuple(cells),)
    if surplus > 0:
        return tuple(_trimmed(cells, surplus)) or tuple(_without_strays(cells, columns))
    return tuple(with_blanks(cells, columns))


def _trimmed(cells: Sequence[Cell], surplus: int) -> Iterator[Candidate]:
    """The ways to leave out blank fields at either end, one for each different row that is left."""
    leading = next((i for i, c in enumerate(cells) if c.text.strip()), len(cells))
    trailing = next((i for i, c in enumerate(reversed(cells)) if c.text.strip()), len(cells))
    seen = set()
    for before in range(max(0, surplus - trailing), min(surplus, leading) + 1):
        after = len(cells) - (surplus - before)
        if _may_all_go([*cells[:before], *cells[after:]], cells):
            kept = tuple(cells[before:after])
            texts = tuple(c.text for c in kept)
            if texts not in seen:
                seen.add(texts)
                yield kept


def _without_strays(cells: Sequence[Cell], columns: int) -> Iterator[Candidate]:
    """A number that is not zero is never left out: it could be the report that is wrong. Nor is a mark for a blank.

    Nor is a zero that could be the end of the number before it, which digits parted by a space look like; and of several
    such numbers each would bear out the other.
    """
    is_nothing = not any(map(_is_more_than_zero, cells))
    if comb(len(cells), columns) > MAX_CANDIDATES or (len(cells) > columns + 1 and not is_nothing):
        return
    may_go = [
        not _is_more_than_zero(c) and (i == 0 or not _is_more_than_zero(cells[i - 1])) for i, c in enumerate(cells)
    ]
    for kept in combinations(range(len(cells)), columns):
        outside = [cell for i, cell in enumerate(cells) if i not in kept]
        if all(may_go[i] for i in range(len(cells)) if i not in kept) and _may_all_go(outside, cells):
            yield tuple(cells[i] for i in kept)


def _may_all_go(outside: Sequence[Cell], cells: Sequence[Cell]) -> bool:
    """Whether cells can be left out of their row: a printed blank beside its label is no indent of a number alone further down."""
    if cells[0].line == cells[-1].line:
        return True
    kept = [c for c in cells if c not in outside]
    alone = {c.line for c in outside if c.kind == "blank"} - {c.line for c in kept}
    return not any(line < c.line for line in alone for c in kept if c.fields == 1)


def _is_more_than_zero(cell: Cell) -> bool:
    """Whether a cell prints a number other than 0, or a mark."""
    return bool(cell.text.strip("0０"))


def with_blanks(cells: Sequence[Cell], columns: int) -> Iterator[Candidate]:
    """Fewer cells than columns → every way to put blanks that left no trace between them."""
    if comb(columns, len(cells)) <= MAX_CANDIDATES:
        for where in combinations(range(columns), len(cells)):
            filled: list[Cell | None] = [None] * columns
            for place, cell in zip(where, cells, strict=True):
                filled[place] = cell
            yield tuple(filled)


def in_one_field(run: Sequence[Cell]) -> tuple[Cell, ...] | None:
    """The first numbers of a run that one field of a line with separators holds, where it holds several."""
    if len({(c.line, c.field) for c in run}) == len(run):
        return None
    fields = groupby((c for c in run if c.fields > 1), key=lambda c: (c.line, c.field))
    return next((cells for _, group in fields if len(cells := tuple(group)) > 1), None)


def cut_off(run: Sequence[Cell], columns: int, grid: Mapping[int, int]) -> Candidate | None:
    """A row whose grid ends before its columns do: its cells are the first columns, the rest is not printed."""
    first, last, lacking = run[0], run[-1], columns - len(run)
    if lacking <= 0 or first.line not in grid or first.line != last.line or last.field != last.fields - 1:
        return None
    is_wider = first.field > 1 and first.field + columns - last.fields == lacking
    return (*run, *(None,) * lacking) if is_wider else None


def may_end_in_a_page_number(candidate: Candidate) -> bool:
    """Whether the last of several cells is a number alone on its line after a gap, and the others have none between them."""
    cells = [cell for cell in candidate if cell is not None]
    if len(cells) < 3 or cells[-1].fields != 1 or cells[-1].kind != "number":
        return False
    *lines, last = (cell.line for cell in cells)
    return lines == list(range(lines[0], lines[0] + len(lines))) and last > lines[-1] + 1


# --- Paragraphs ------------------------------------------------------------------------------------------------------


def paragraphs(cells: Sequence[Cell]) -> Iterator[tuple[Cell, ...]]:
    """Values on lines that follow each other, one a line; a line of several values is a paragraph of its own."""
    paragraph: list[Cell] = []
    for _, group in groupby((c for c in cells if c.kind in ("number", "blank")), key=lambda c: c.line):
        line = tuple(group)
        if paragraph and (len(line) > 1 or line[0].line != paragraph[-1].line + 1):
            yield tuple(paragraph)
            paragraph = []
        if len(line) > 1:
            yield line
        else:
            paragraph += line
    if paragraph:
        yield tuple(paragraph)


def runs_across(cells: Sequence[Cell], count: int) -> bool:
    """Whether values run on from line to line, rather than down in columns: one a paragraph, or all in one.

    One alone on its line is not of those that stand several a line.
    """
    if 1 in (sizes := set(Counter(c.line for c in cells if c.kind in ("number", "blank")).values())) and len(sizes) > 1:
        return False
    heights = {len({c.line for c in paragraph}) for paragraph in paragraphs(cells)}
    return heights <= {1} or heights == {count}


def as_rows(cells: Sequence[Cell], columns: int) -> tuple[tuple[Cell, ...], ...] | None:
    """Numbers without words between them → rows. Paragraphs of one length, one for each column, are columns.

    None where they do not divide so, or where the paragraphs could be rows as well.
    """
    pieces = list(paragraphs(cells))
    rows: list[tuple[Cell, ...]] = []
    while pieces:
        group = pieces[:columns]
        if len(group[0]) == columns and len({c.line for c in group[0]}) == 1:
            rows.append(group[0])
            del pieces[0]
        elif len(group) == columns and {len(p) for p in group} == {len(group[0])} and not 1 < columns == len(group[0]):
            rows += zip(*group, strict=True)
            del pieces[:columns]
        else:
            return None
    return tuple(rows)


# --- Alignment -------------------------------------------------------------------------------------------------------


def grids(cells: Sequence[Cell]) -> Mapping[int, int]:
    """The lines of tables of two lines or more, all with the same number of fields → the first line of their table."""
    grids: dict[int, int] = {}
    lines: list[Cell] = []
    for cell in [*(c for c in cells if c.field == 0), None]:
        if cell is not None and cell.fields > 1:
            lines.append(cell)
        else:
            if len(lines) > 1 and len({c.fields for c in lines}) == 1:
                grids |= {c.line: lines[0].line for c in lines}
            lines = []
    return grids


def keep_aligned(choices: Sequence[Choice], cells: Sequence[Cell], grid: Mapping[int, int]) -> list[Choice]:
    """The choices of one section, without candidates whose outer cells are blanks that nothing bears out.

    An empty field at either end of a row may be a blank, or the indent of a label, or what is left where a number was
    lost; an empty line may be a blank or a page break. It is taken for a blank where that is the only way and a row
    without blanks stands in the same fields of the same grid, or where two more rows of as many columns look just the same;
    an empty line only where not every cell has one beside it. There a row may also be nothing but empty lines or fields, if
    they are more than a gap has. grid: the lines of tables whose lines all have the same number of fields → that table.
    """
    if all(cell.text for choice in choices for cell in choice.cells):
        return list(choices)
    full = {
        _place(c.candidates[0], grid) for c in choices if len(c.candidates) == 1 and not _has_blank(c.candidates[0])
    }
    alike = Counter(map(_look, choices))
    is_tight = _is_tight(cells)
    kept = []
    for choice in choices:
        same = alike[_look(choice)] > 2 and (choice.cells[0].fields == 1 or choice.cells[0].line in grid)
        same &= is_tight or all(c.kind != "empty_line" for c in choice.cells)
        same |= is_tight and len(choice.cells) > _GAP and all(c.fields == 1 and not c.text for c in choice.cells)
        only = len(choice.candidates) == 1
        sound = tuple(
            c
            for c in choice.candidates
            if not _is_open_ended(c, choice.cells) or same or (only and (_place(c, grid) or _NOWHERE) in full)
        )
        kept.append(choice if len(sound) == len(choice.candidates) else replace(choice, candidates=sound))
    return kept


_NOWHERE = (-1, -1)
_GAP = 3
"""Between tables there are no more empty lines than this."""


def _is_open_ended(candidate: Candidate, cells: Sequence[Cell]) -> bool:
    """Whether a candidate's blanks could be something else: at either end, trimmed, or the empty line of a page break."""
    if len(cells) < len(candidate) or not _has_blank(candidate):
        return False
    ends = _is_empty(candidate[0]) or _is_empty(candidate[-1])
    return ends or len(cells) > len(candidate) or any(c is not None and c.kind == "empty_line" for c in candidate)


def _has_blank(candidate: Sequence[Cell | None]) -> bool:
    return any(cell is not None and not cell.text for cell in candidate)


def _is_empty(cell: Cell | None) -> bool:
    return cell is not None and not cell.text


def _place(cells: Sequence[Cell | None], grid: Mapping[int, int]) -> tuple[int, int] | None:
    """Where cells stand in a grid: which grid, and the field of the first; None where they stand in none."""
    first, last = cells[0], cells[-1]
    if first is None or last is None or first.line != last.line or first.line not in grid:
        return None
    return grid[first.line], first.field


def _look(choice: Choice) -> tuple[int, int, str]:
    """How a row looks: its columns, its fields, and which of its cells are empty."""
    return len(choice.paths), choice.cells[0].fields, "".join("0" if c.text else "_" for c in choice.cells)


def _is_tight(cells: Sequence[Cell]) -> bool:
    """Whether a value alone on its line stands right under another cell: where empty lines part all cells, none is a blank."""
    full = {c.line for c in cells if c.text}
    return any(c.kind == "number" and c.fields == 1 and c.line - 1 in full for c in cells)
