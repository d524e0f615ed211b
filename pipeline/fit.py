"""The cells of a row and the columns they could fill, where their numbers differ."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from math import comb

from .cut import Cell

MAX_CANDIDATES = 500
"""A row that could be filled in more ways than this is not searched."""

Candidate = tuple[Cell | None, ...]


def fit(cells: Sequence[Cell], columns: int) -> tuple[Candidate, ...]:
    """Cells of a row, number of columns → every way to fill the columns in order; () where there are too many.

    As many cells as columns: the one way. More: blank fields at either end go first, then any cells could be strays.
    Fewer: blanks that left no trace could stand anywhere.
    """
    surplus = len(cells) - columns
    if surplus == 0:
        return (tuple(cells),)
    if surplus > 0:
        return tuple(_trimmed(cells, surplus)) or tuple(_without_strays(cells, columns))
    return tuple(_with_blanks(cells, columns))


def _trimmed(cells: Sequence[Cell], surplus: int) -> Iterator[Candidate]:
    seen = set()
    for before in range(surplus + 1):
        after = len(cells) - (surplus - before)
        outside = [*cells[:before], *cells[after:]]
        if all(c.kind != "number" and not c.text for c in outside):
            kept = tuple(cells[before:after])
            if tuple(c.text for c in kept) not in seen:
                seen.add(tuple(c.text for c in kept))
                yield kept


def _without_strays(cells: Sequence[Cell], columns: int) -> Iterator[Candidate]:
    if comb(len(cells), columns) <= MAX_CANDIDATES:
        for kept in combinations(cells, columns):
            yield kept


def _with_blanks(cells: Sequence[Cell], columns: int) -> Iterator[Candidate]:
    if cells and comb(columns, len(cells)) <= MAX_CANDIDATES:
        for where in combinations(range(columns), len(cells)):
            filled: list[Cell | None] = [None] * columns
            for place, cell in zip(where, cells, strict=True):
                filled[place] = cell
            yield tuple(filled)
