"""Ruling lines → the grids that they prove: cells with true spans, as HTML has them.

Places are points from the top left corner of a page: a box is (left, top, right, bottom).
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

Box = tuple[float, float, float, float]

_SAME = 2.0
"""Lines that are no further apart are one; so are ends and gaps."""
_MOST_LINES = 3_000
"""A page with more lines holds a drawing, and no table of a report."""
_FEWEST_ENDS = 3
_DRAWN = 0.6
"""A side of a cell is drawn where so much of it is."""


class Line(NamedTuple):
    """A ruling line: at which height it runs from where to where, or at which distance from the left, for one that runs down."""

    at: float
    start: float
    end: float


class Place(NamedTuple):
    """A cell of a grid: where it begins, how many rows and columns it takes, and its box. is_open: no line is drawn below it."""

    row: int
    column: int
    rows: int
    columns: int
    box: Box
    is_open: bool


class Grid(NamedTuple):
    """xs: the sides of the columns. places: the cells in the order of the rows."""

    box: Box
    xs: tuple[float, ...]
    places: tuple[Place, ...]


def find_grids(across: Sequence[Line], down: Sequence[Line]) -> list[Grid]:
    """Lines that run across and down a page → its grids of two cells at least."""
    if len(across) + len(down) > _MOST_LINES:
        return []
    drawn, down = _whole(across), _whole(down)
    across = _whole([*drawn, *_ends(drawn, down)])
    found = [grid for lines in _joined(across, down) if (grid := _grid(*lines, drawn)) is not None]
    grids = [part for grid in found for part in _apart(grid)]
    return [g for g in grids if not any(_is_inside(h.box, g.box) for h in grids if h is not g)]


def _is_inside(inner: Box, outer: Box) -> bool:
    return (
        outer[0] - _SAME <= inner[0]
        and outer[1] - _SAME <= inner[1]
        and inner[2] <= outer[2] + _SAME
        and inner[3] <= outer[3] + _SAME
    )


def merged(values: Iterable[float]) -> tuple[float, ...]:
    """Numbers → the same in order, those that are next to each other once."""
    found: list[float] = []
    for value in sorted(values):
        if not found or value - found[-1] > _SAME:
            found.append(value)
    return tuple(found)


def nearest(values: Sequence[float], value: float) -> int:
    """The place of the number that is nearest to another."""
    return min(range(len(values)), key=lambda i: abs(values[i] - value))


def _whole(lines: Sequence[Line]) -> list[Line]:
    """Lines with the pieces of each put together."""
    heights = merged(line.at for line in lines)
    rows: dict[float, list[Line]] = {}
    for line in sorted(lines, key=lambda line: line.start):
        at = heights[nearest(heights, line.at)]
        row = rows.setdefault(at, [])
        if row and line.start <= row[-1].end + _SAME:
            row[-1] = Line(at, row[-1].start, max(row[-1].end, line.end))
        else:
            row.append(Line(at, line.start, line.end))
    return [line for row in rows.values() for line in row if line.end - line.start > _SAME]


def _ends(across: Sequence[Line], down: Sequence[Line]) -> Iterator[Line]:
    """Lines where a table is open at the break of a page: where several lines end that run down, some without one across."""
    for ends in ([(v.start, v.at) for v in down], [(v.end, v.at) for v in down]):
        for height in merged(y for y, _ in ends):
            xs = [x for y, x in ends if 0 <= y - height <= _SAME]
            if len(xs) >= _FEWEST_ENDS and not all(_is_drawn(across, height, x, x) for x in xs):
                yield Line(height, min(xs), max(xs))


def _is_drawn(across: Sequence[Line], height: float, left: float, right: float) -> bool:
    """Whether lines are drawn at a height over most of a stretch."""
    here = [h for h in across if abs(h.at - height) <= 2 * _SAME]
    if right - left <= _SAME:
        return any(h.start - _SAME <= left and right <= h.end + _SAME for h in here)
    return sum(max(0.0, min(right, h.end) - max(left, h.start)) for h in here) >= _DRAWN * (right - left)


def _joined(across: Sequence[Line], down: Sequence[Line]) -> list[tuple[list[Line], list[Line]]]:
    """Lines by the ones that they touch, over however many others."""
    group = list(range(len(across) + len(down)))

    def root(i: int) -> int:
        while group[i] != i:
            group[i] = group[group[i]]
            i = group[i]
        return i

    for i, h in enumerate(across):
        for j, v in enumerate(down, len(across)):
            if h.start - _SAME <= v.at <= h.end + _SAME and v.start - _SAME <= h.at <= v.end + _SAME:
                group[root(i)] = root(j)
    found: dict[int, tuple[list[Line], list[Line]]] = {}
    for i, line in enumerate((*across, *down)):
        found.setdefault(root(i), ([], []))[i >= len(across)].append(line)
    return [lines for lines in found.values() if lines[0] and lines[1]]


def _grid(across: Sequence[Line], down: Sequence[Line], drawn: Sequence[Line]) -> Grid | None:
    """The grid of lines that touch; None where they draw one box, or none, or areas that are no boxes."""
    xs = merged((*(v.at for v in down), *(x for h in across for x in (h.start, h.end))))
    ys = merged((*(h.at for h in across), *(y for v in down for y in (v.start, v.end))))
    rows, columns = len(ys) - 1, len(xs) - 1
    if rows * columns < 2:
        return None
    is_top = _sides(across, ys, xs)
    is_left = _sides(down, xs, ys)
    owner: dict[tuple[int, int], tuple[int, int]] = {}
    places: list[Place] = []
    for row in range(rows):
        for column in range(columns):
            if (row, column) in owner:
                continue
            right = column + 1
            while right < columns and not is_left[right][row] and (row, right) not in owner:
                right += 1
            bottom = row + 1
            while bottom < rows and not any(is_top[bottom][c] for c in range(column, right)):
                bottom += 1
            taken = [(r, c) for r in range(row, bottom) for c in range(column, right)]
            if any(cell in owner for cell in taken) or any(
                is_left[c][r] for r in range(row, bottom) for c in range(column + 1, right)
            ):
                return None
            owner |= dict.fromkeys(taken, (row, column))
            box = (xs[column], ys[row], xs[right], ys[bottom])
            is_open = not _is_drawn(drawn, ys[bottom], xs[column], xs[right])
            places.append(Place(row, column, bottom - row, right - column, box, is_open))
    return Grid((xs[0], ys[0], xs[-1], ys[-1]), xs, tuple(places)) if len(places) > 1 else None


def _apart(grid: Grid) -> Iterator[Grid]:
    """A grid → the tables in it: one that begins where no column goes on, over the whole width, is another."""
    rows = max(place.row + place.rows for place in grid.places)
    sides: list[set[int]] = [set() for _ in range(rows)]
    closed = [True] * rows
    for place in grid.places:
        for row in range(place.row, place.row + place.rows):
            sides[row].add(place.column)
            closed[row] &= row == place.row
    begins, above = [0], sides[0]
    for row in range(1, rows):
        if closed[row] and len(sides[row]) > 1 < len(above) and sides[row] & above == {0}:
            lead = row
            while len(sides[lead - 1]) == 1:
                lead -= 1
            begins.append(lead)
        above = sides[row] if len(sides[row]) > 1 else above
    for first, last in pairwise([*begins, rows]):
        places = [place for place in grid.places if first <= place.row < last]
        yield _of_places(places, grid.xs) if len(begins) > 1 else grid


def parts_between(grid: Grid, rows: Sequence[Place]) -> list[Grid]:
    """A grid, and some of its cells that are a whole row each → the grids that these rows part."""
    if not rows:
        return [grid]
    ends = [row.row for row in rows] + [max(p.row + p.rows for p in grid.places)]
    starts = [0, *(row.row + row.rows for row in rows)]
    parts = ([p for p in grid.places if a <= p.row < b] for a, b in zip(starts, ends, strict=True))
    return [_of_places(places, grid.xs) for places in parts if places]


def _of_places(places: Sequence[Place], xs: Sequence[float]) -> Grid:
    """Some rows of a grid → a grid of these alone, with no more columns than they have."""
    kept = sorted({p.column for p in places} | {p.column + p.columns for p in places})
    first = places[0].row
    own = [
        p._replace(
            row=p.row - first,
            column=kept.index(p.column),
            columns=kept.index(p.column + p.columns) - kept.index(p.column),
        )
        for p in places
    ]
    box = (xs[kept[0]], places[0].box[1], xs[kept[-1]], max(p.box[3] for p in places))
    return Grid(box, tuple(xs[k] for k in kept), tuple(own))


def _sides(lines: Sequence[Line], ats: Sequence[float], ends: Sequence[float]) -> list[list[bool]]:
    """For each place where lines run, and each stretch between two ends, whether one is drawn there."""
    drawn = [[0.0] * (len(ends) - 1) for _ in ats]
    for line in lines:
        row = drawn[nearest(ats, line.at)]
        for i, (a, b) in enumerate(pairwise(ends)):
            row[i] += max(0.0, min(b, line.end) - max(a, line.start)) / (b - a)
    return [[share >= _DRAWN for share in row] for row in drawn]
