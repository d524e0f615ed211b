"""Numbers of pages that stand in a table, told from its cells by the rows around them.

A number alone on its line, in a table whose rows each stand on one line, is no piece of the row before it nor of the one after
it where both add up without it: digits that broke off would be missing from their row, or from its total.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import groupby

from ...schemas.extraction import Check
from ..record.check import row_of
from ..source.decode import Source
from .cut import Cell
from .reading import Place

_NUMBER = re.compile(r"[1-9][0-9]{0,2}")


def page_numbers(
    source: Source, cells: Sequence[Cell], places: Mapping[str, Place], checks: Sequence[Check]
) -> tuple[Cell, ...]:
    """The cells of one table that can only be numbers of pages: between rows that add up, each higher than the one before.

    places: the reading's, of this table. None where a blank of the table left no trace, as the number could stand in it.
    """
    if any(place.cell is None for place in places.values()):
        return ()
    rows = {place.cell.id: path.rpartition(".")[0] for path, place in places.items() if place.cell is not None}
    every = (tuple(line) for _, line in groupby(cells, key=lambda c: c.line))
    lines = [line for line in every if any(c.kind == "number" or c.id in rows for c in line)]
    on_lines = [{rows.get(c.id, "") for c in line if c.kind == "number" or c.id in rows} for line in lines]
    sound = {row for row in map(row_of, checks) if row and sum(row in on_line for on_line in on_lines) == 1}
    sound -= {row_of(check) for check in checks if check.outcome != "pass"}
    found: list[Cell] = []
    highest = 0
    for line, before, after in zip(lines, [set(), *on_lines], [*on_lines[1:], set()], strict=False):
        number = _alone(source, line) if line[0].id not in rows else None
        if number is not None and number > highest and before | after and before | after <= sound:
            found.append(line[0])
            highest = number
    return tuple(found)


def _alone(source: Source, line: Sequence[Cell]) -> int | None:
    """The small number that is all of a line without separators."""
    text = source.folded[line[0].start : line[0].end]
    return int(text) if len(line) == 1 and line[0].fields == 1 and _NUMBER.fullmatch(text) else None
