"""Cells that run together, or whose digits fall apart: other ways to cut them, which arithmetic must bear out.

`规章000` is a label and three cells without a separator; `1 7 3` in one field may be one number. A cell that is made here
has a negative id, as it is no cell of its own in the text.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import combinations, groupby, islice, pairwise

from ...schemas.form import FormSection
from ..table.words import plain_wording
from .cut import Cell
from .fit import MAX_CANDIDATES, Candidate, with_blanks
from .labels import name_at_end

_GLUED = re.compile(r"(?P<label>.*[^\W\d])\s*(?P<digits>\d{1,40})")
_MOST_DIGITS = 14
"""A run of more digits could be cut in too many ways."""


def take_apart(section: FormSection, cells: Sequence[Cell], folded: str) -> tuple[Cell, ...]:
    """Cells, with each row's label that has digits glued to it as two: the label, and all its digits as one cell."""
    return tuple(part for cell in cells for part in _label_and_digits(section, cell, folded))


def _label_and_digits(section: FormSection, cell: Cell, folded: str) -> Iterator[Cell]:
    found = _GLUED.fullmatch(folded[cell.start : cell.end]) if cell.kind == "words" else None
    if found is None or name_at_end(plain_wording(found["label"]), section) is None:
        yield cell
        return
    yield cell._replace(text=cell.text[: found.end("label")], end=cell.start + found.end("label"))
    at = cell.start + found.start("digits")
    yield cell._replace(id=-1 - at, text=found["digits"], start=at, kind="number")


def put_together(cells: Sequence[Cell], folded: str) -> tuple[Cell, ...]:
    """Cells, with the single digits that only spaces part in one field of a line as one cell."""
    together: list[Cell] = []
    for key, group in groupby(cells, key=lambda c: (c.line, c.field, c.kind) if c.fields > 1 else c.id):
        field = list(group)
        if isinstance(key, tuple) and len(field) > 1 and all(c.text.isdigit() and len(c.text) == 1 for c in field):
            start, end = field[0].start, field[-1].end
            together.append(field[0]._replace(id=-1 - start, text=folded[start:end], end=end))
        else:
            together += field
    return tuple(together)


def is_piece(cell: Cell) -> bool:
    """Whether a cell was made here."""
    return cell.id < 0


def is_glued(cell: Cell) -> bool:
    """Whether a cell is the digits that were glued to a label."""
    return is_piece(cell) and " " not in cell.text


def splits(glued: Cell, columns: int) -> tuple[Candidate, ...]:
    """Digits that run together, number of columns → every way to cut them into counts, with blanks where they are fewer.

    () where there are too many.
    """
    found = tuple(islice(_splits(glued, columns), MAX_CANDIDATES + 1))
    return found if len(found) <= MAX_CANDIDATES else ()


def _splits(glued: Cell, columns: int) -> Iterator[Candidate]:
    digits = glued.text
    if len(digits) > _MOST_DIGITS:
        return
    for parts in range(1, min(columns, len(digits)) + 1):
        for cuts in combinations(range(1, len(digits)), parts - 1):
            bounds = [0, *cuts, len(digits)]
            if all(b - a == 1 or digits[a] != "0" for a, b in pairwise(bounds)):
                run = [_piece(glued, a, b) for a, b in pairwise(bounds)]
                yield from with_blanks(run, columns) if parts < columns else [tuple(run)]


def _piece(glued: Cell, start: int, end: int) -> Cell:
    at = glued.start + start
    return glued._replace(id=-1 - at, text=glued.text[start:end], start=at, end=glued.start + end)
