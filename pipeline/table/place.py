"""Columns by the place where they stand: of the numbers of full rows, of the heads above them, of rows with gaps."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import pairwise

from ...schemas.form import FormColumn, Label
from ..source.decode import Source
from ..source.width import shown_width
from . import costs
from .fills import Fill, Slot, is_empty, slot_of
from .heads import Head, Heads, head_at_end
from .items import Piece, Stretch
from .tokens import Layout, Token, by_line
from .words import plain_label

_NEAR = 3
"""In a table set in space a head may stand so far beside the numbers of its column, in half characters."""


_ALIGNED = 1
"""So far apart are the ends of numbers that are set in one column, in half characters."""
_A_SPACE_APART = 2
"""How far on the next number begins, in half characters, where a single space parts two."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns that numbers stand in: for each its first and last column of the line, inclusive.

    fields: of how many fields their lines are; None where that may differ. spans: what the heads of the columns take, where
    numbers may be written out once a column.

    near: how far beside a column of a table set in space its head may stand. keeps_blanks: whether blanks certainly keep the
    places of the numbers behind them.
    """

    layout: Layout
    extents: tuple[tuple[int, int], ...]
    fields: int | None = None
    spans: tuple[tuple[int, int], ...] | None = None
    near: int = _NEAR
    keeps_blanks: bool = False


def columns_of(runs: Sequence[Sequence[Token]], count: int) -> Columns | None:
    """The runs of a table's rows → the columns in which they stand, where the lines place them."""
    for layout in ("cells", "space"):
        lines = [line for run in runs for line in by_line(run) if line[0].layout == layout]
        full = [printed for line in lines if len(printed := [t for t in line if not is_empty(t)]) == count]
        if layout == "cells":
            common = Counter((tuple(t.first for t in printed), printed[0].fields) for printed in full).most_common(1)
            if common:
                return Columns("cells", tuple((first, first) for first in common[0][0][0]), common[0][0][1])
            used = sorted({t.first for line in lines for t in line if not is_empty(t)})
            if len(used) == count and len({line[0].fields for line in lines}) == 1:
                return Columns("cells", tuple((first, first) for first in used), lines[0][0].fields, near=0)
        elif lines:
            hull = [(min(t.first for t in column), max(t.last for t in column)) for column in zip(*full, strict=True)]
            if full and all(a[1] < b[0] for a, b in pairwise(hull)):
                return Columns("space", tuple(hull))
            apart = _apart([(t.first, t.last) for line in lines for t in line if not is_empty(t)])
            if len(apart) == count:
                return Columns(
                    "space", tuple(apart), near=0
                )  # no row has all of them: they must stand under their heads
    return None


def keeps_blanks(columns: Columns, runs: Sequence[Sequence[Token]]) -> bool:
    """Whether a table set in space keeps the places of its blanks: its numbers are aligned, and one stands behind a blank."""
    if columns.layout != "space":
        return False
    placed = [fill for run in runs if run and (fill := fill_by_place(run, columns))]
    if not any(None in fill.slots[: _last(fill)] for fill in placed):
        return False
    tokens = [t for run in runs for t in run if not is_empty(t)]
    under = [
        [(t.first, t.last) for t in tokens if t.first <= last and first <= t.last] for first, last in columns.extents
    ]
    pairs = {i: [(one, own[0]) for one in own] for i, own in enumerate(under) if own}
    is_aligned = any(len(aligned_by(end, pairs)) == len(pairs) for end in range(ENDS))
    return sum(map(len, under)) == len(tokens) and is_aligned


def _last(fill: Fill) -> int:
    return max((i for i, slot in enumerate(fill.slots) if slot is not None), default=0)


Placed = tuple[tuple[int, int], tuple[int, int]]
"""What a number takes of its line, and what that takes which it stands under."""
ENDS = 3
"""Numbers are aligned by their left ends, their right ends, or their middles."""


def aligned_by(end: int, groups: Mapping[int, Sequence[Placed]]) -> set[int]:
    """The groups in which every number has the same end, or middle, as what it stands under."""

    def apart(pair: Placed) -> float:
        one, other = pair
        return (abs(one[0] - other[0]), abs(one[1] - other[1]), abs(sum(one) - sum(other)) / 2)[end]

    return {i for i, pairs in groups.items() if all(apart(pair) <= _ALIGNED for pair in pairs)}


def end_alike(runs: Sequence[Sequence[Token]], count: int) -> bool:
    """Whether all rows of a table end in so many columns, and have no more than empty cells between their labels and these.

    Merged cells of its labels are written out in some rows, and left out in others:
    一、 |  |  | 0 | 2 | 2 over 1. 属于国家秘密 | 0 | 2 | 2.
    """
    lines = [by_line(run) for run in runs if run]
    if any(len(own) != 1 or any(t.layout != "cells" for t in own[0]) for own in lines):
        return False
    rows = [own[0] for own in lines]
    ends = all(len(row) >= count and row[-1].last == row[-1].fields - 1 for row in rows)
    is_short = [len(row) == count for row in rows]
    is_usual = all(times > 1 for times in Counter(row[0].fields for row in rows).values())
    return ends and is_usual and any(is_short) and all(is_empty(t) for row in rows for t in row[:-count])


def columns_under(heads: Heads, runs: Sequence[Sequence[Token]]) -> Columns | None:
    """The columns of a line that single heads take; None unless every number of the rows stands in one of them."""
    extents = [(h.first, h.last) for h in heads.heads if h.places]
    if len(extents) < len(heads.heads) or any(a[1] >= b[0] for a, b in pairwise(extents)):
        return None
    tokens = [t for run in runs for t in run if not is_empty(t)]
    if all(t.layout == "cells" and any(a <= t.first <= b for a, b in extents) for t in tokens):
        return Columns("cells", tuple(extents))
    return None


def _apart(extents: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Extents → those that overlap made one, from left to right."""
    found: list[tuple[int, int]] = []
    for first, last in sorted(extents):
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return found


def heads_by_place(
    pieces: Sequence[Piece], columns: Columns, form_columns: tuple[FormColumn, ...], source: Source
) -> Heads | None:
    """The words above the columns of numbers → the column that each heads; None unless each is headed by another one.

    They say less by their place where their lines have more cells than those of the numbers, or fewer.
    """
    stacks = stacks_over(pieces, columns, source)
    over = {piece.start for stack in stacks for _, piece in stack}
    level = [p for p in pieces if p.token.layout == columns.layout == "cells" and p.token.fields == columns.fields]
    if any(p.start not in over and head_at_end(p.text, form_columns) for p in level):
        return None  # over a column without numbers
    spans = {plain_label(c.under) for c in form_columns}
    heads: list[Head] = []
    outer = {plain_label(w) for c in form_columns if not c.under for label in c.labels for w in label.wordings}
    for stack, (first, last) in zip(stacks, columns.extents, strict=True):
        text = "".join(t for t, _ in stack)
        found = head_at_end(text, form_columns)
        above = {t for t, _ in stack[:-1]} - {t for t, _ in stack[-1:]}
        if found is None or above & outer or (above & spans and not found[0].under):
            return None
        places = tuple((p.start, p.end) for _, p in stack[-2:])
        heads.append(Head(*found, None, places, first, last, is_other=_is_other(stack, found[1], spans)))
    if len({h.column.name for h in heads}) < len(heads):
        return None
    is_level = columns.layout == "space" or len(level) == len(pieces)
    return Heads(tuple(heads), 0.0, "place" if is_level else "other lines")


def _is_other(stack: Sequence[tuple[str, Piece]], label: Label, spans: Set[str]) -> bool:
    """Whether the cell that ends the words over a column holds more than its head and what spans it, or a note: 其他商业企业."""
    last = stack[-1][1]
    own = "".join(text for text, piece in stack if piece.token is last.token)
    wordings = [plain_label(w) for w in label.wordings]
    leads = {"", *spans}
    return last.is_noted or not any(
        w.endswith(own) or (own.endswith(w) and own.removesuffix(w).removesuffix(w) in leads) for w in wordings
    )


def stacks_over(pieces: Sequence[Piece], columns: Columns, source: Source) -> list[list[tuple[str, Piece]]]:
    """The words above columns → for each column those that stand over it, from the top, each with its piece."""
    stacks: list[list[tuple[str, Piece]]] = [[] for _ in columns.extents]
    for piece in pieces:
        if piece.token.layout != columns.layout:
            continue
        for text, first, last in _parts(piece, source) if columns.layout == "space" else _whole(piece):
            for at in _columns_over(first, last, columns):
                stacks[at].append((text, piece))
    return stacks


def _whole(piece: Piece) -> list[tuple[str, int, int]]:
    return [(piece.text, piece.token.first, piece.token.last)]


def extent_of(stretch: Stretch, piece: Piece, source: Source) -> tuple[int, int]:
    """The half characters that a stretch of a piece takes, in a table set in space."""
    token = piece.token
    width = _width_of(token)
    left = token.first + width(source.shown[token.start : stretch[0]])
    return left, left + width(source.shown[stretch[0] : stretch[1]]) - 1


def _width_of(token: Token) -> Callable[[str], int]:
    return len if token.last - token.first < token.end - token.start else shown_width


def _parts(piece: Piece, source: Source) -> list[tuple[str, int, int]]:
    """The words of a piece that single spaces part, each with the half characters that it takes."""
    found = []
    at = piece.start
    for word in source.folded[piece.start : piece.end].split(" "):
        if word:
            own = "".join(c for c in word if c.isalnum())
            found.append((own, *extent_of((at, at + len(word)), piece, source)))
        at += len(word) + 1
    return found


def _columns_over(first: int, last: int, columns: Columns) -> list[int]:
    """The columns that words over `first` to `last` head: those that they span, or the one that they stand nearest to."""
    if columns.layout == "cells":
        return [i for i, (a, b) in enumerate(columns.extents) if first <= a and b <= last]
    middle = (first + last) / 2
    near = [
        (abs((a + b) / 2 - middle), i)
        for i, (a, b) in enumerate(columns.extents)
        if a - columns.near <= last and first <= b + columns.near
    ]
    return [min(near)[1]] if near else []


def fill_by_place(tokens: Sequence[Token], columns: Columns, words: Sequence[Token] = ()) -> Fill | None:
    """A run → its cells where the columns say they stand; None where a number stands in none, or two in one, or the line is another.

    words: those on the lines of the run; None where they take one of the columns.

    A merged cell that is written out once a column is one cell.
    """
    lines = {t.line for t in tokens if not is_empty(t)} or {t.line for t in tokens}
    if len(lines) != 1 or any(t.layout != columns.layout for t in tokens if t.line in lines):
        return None
    own = [t for t in tokens if t.line in lines]
    if columns.layout == "cells" and any(
        w.line in lines and w.first <= last and first <= w.last for w in words for first, last in columns.extents
    ):
        return None
    if columns.fields not in (None, own[0].fields):
        return None
    slots: list[Slot | None] = []
    used: set[int] = set()
    at = own[0].start
    for (first, last), (left, right) in zip(columns.extents, columns.spans or columns.extents, strict=True):
        here = [t for t in own if t.first <= last and first <= t.last]
        printed = [t for t in here if not is_empty(t)]
        is_one = len({t.text for t in printed}) <= 1 and len({t.first for t in printed}) == len(printed)
        is_one = is_one and (len(printed) < 2 or all(left <= t.first <= right for t in printed))
        if not is_one or any(t.id in used for t in printed):
            return None
        if not here and columns.layout == "cells":
            return None
        taken = printed or here
        used |= {t.id for t in here}
        slots.append(slot_of(taken[0]) if taken else Slot(at, at, is_blank=True) if columns.keeps_blanks else None)
        at = taken[0].end if taken else at
    if any(t.id not in used for t in own if not is_empty(t)):
        return None
    return Fill(tuple(slots), 0.0)


def is_beside(tokens: Sequence[Token], columns: Columns) -> bool:
    """Whether a number stands between two heads, in a column that neither takes."""
    spans = columns.spans or columns.extents
    return any(not any(a <= t.first <= b for a, b in spans) for t in tokens if not is_empty(t))


def fill_beside(tokens: Sequence[Token], columns: Columns) -> tuple[Fill, ...]:
    """A run whose numbers stand beside the columns, whose own cells are empty → these, the numbers being none of the row's."""
    under = [[t for t in tokens if t.first <= last and first <= t.last] for first, last in columns.extents]
    if not all(here and all(map(is_empty, here)) for here in under):
        return ()
    return (Fill(tuple(slot_of(here[0]) for here in under), costs.CELL_TOO_MANY, "inferred"),)


def is_crowded(printed: Sequence[Token]) -> bool:
    """Whether some of a row's numbers stand in one cell, or a single space apart, and others do not."""
    if len({t.line for t in printed}) != 1 or printed[0].layout == "order":
        return False
    near = [
        a.first == b.first if a.layout == "cells" else b.first - a.last <= _A_SPACE_APART for a, b in pairwise(printed)
    ]
    return any(near) and not all(near)
