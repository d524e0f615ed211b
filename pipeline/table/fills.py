"""The ways in which a run of numbers and blanks can fill the cells of a row: as it stands, or with one damage or more undone."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, islice

from ...schemas.extraction import Basis
from . import costs
from .tokens import Token

MOST_FILLS = 400
"""So many ways to fill a row are looked at; where there are more, none is known."""
_MOST_DIVISIONS = 20_000
_MOST_LOST = 3
_MOST_SURPLUS = 3
_LONGEST_GLUED = 60
_DIGITS = re.compile(r"[+-]?[0-9]+")
_FIGURE = re.compile(r"[+-]?(?:0|[1-9][0-9]*)")


@dataclass(frozen=True, slots=True)
class Slot:
    """What stands in one cell: a half-open stretch of the source that is shown; of a blank it may be empty."""

    start: int
    end: int
    is_blank: bool = False


@dataclass(frozen=True, slots=True)
class Fill:
    """One way to fill the cells of a row; None for a blank that left no trace. cost: of the damage that it undoes."""

    slots: "Slots"
    cost: float
    basis: Basis = "read"


Slots = tuple[Slot | None, ...]


def slot_of(token: Token) -> Slot:
    return Slot(token.start, token.end, token.kind != "number")


def is_empty(token: Token) -> bool:
    """Whether a token is an empty cell that prints nothing at all."""
    return token.kind == "blank" and not token.text.strip("\t \n")


def fills_in_order(tokens: Sequence[Token], count: int, holds: Callable[[Slots], bool]) -> tuple[Fill, ...]:
    """A run → the ways to fill `count` cells in its order; () where there are too many, or none.

    holds: whether the row's own sums allow for what a damaged run is taken for.
    2 0 0 2, for 3 cells that add up → (2 0 2), with a number too many.
    """
    printed = [t for t in tokens if not is_empty(t)]
    if len(printed) == count:
        empties = len(tokens) - len(printed)
        cost = 0.0 if not empties else costs.EMPTY_TOO_MANY
        return (Fill(tuple(map(slot_of, printed)), cost),)
    if len(tokens) == count:
        return (Fill(tuple(map(slot_of, tokens)), 0.0),)
    if len(printed) < count < len(tokens):
        return _without_empties(tokens, count)
    if len(printed) > count:
        return _with_surplus(printed, count, holds)
    found = list(_parted(printed, count, holds))
    if not found and 0 < count - len(tokens) <= _MOST_LOST:
        found = [fill for fill in _with_lost(tokens, count) if holds(fill.slots)]
    return tuple(found) if len(found) <= MOST_FILLS else ()


def _without_empties(tokens: Sequence[Token], count: int) -> tuple[Fill, ...]:
    """A run with more empty cells than there are columns for: any of them may be none."""
    surplus = len(tokens) - count
    empties = [i for i, t in enumerate(tokens) if is_empty(t)]
    if surplus > len(empties):
        return ()
    found: dict[Slots, Fill] = {}
    for out in islice(combinations(empties, surplus), MOST_FILLS + 1):
        slots = tuple(slot_of(t) for i, t in enumerate(tokens) if i not in out)
        found.setdefault(tuple(s if s and not s.is_blank else None for s in slots), Fill(slots, costs.EMPTY_TOO_MANY * surplus))
    return tuple(found.values()) if len(found) <= MOST_FILLS else ()


def _with_surplus(printed: Sequence[Token], count: int, holds: Callable[[Slots], bool]) -> tuple[Fill, ...]:
    surplus = len(printed) - count
    if surplus > _MOST_SURPLUS:
        return ()
    found: dict[tuple[str, ...], Fill] = {}
    for out in islice(combinations(range(len(printed)), surplus), 10 * MOST_FILLS):
        kept = [t for i, t in enumerate(printed) if i not in out]
        slots = tuple(map(slot_of, kept))
        if holds(slots):
            found.setdefault(tuple(t.text for t in kept), Fill(slots, costs.CELL_TOO_MANY * surplus, "inferred"))
    return tuple(found.values()) if len(found) <= MOST_FILLS else ()


def _with_lost(tokens: Sequence[Token], count: int) -> Iterator[Fill]:
    lost = count - len(tokens)
    for at in combinations(range(count), lost):
        rest = iter(tokens)
        yield Fill(
            tuple(None if i in at else slot_of(next(rest)) for i in range(count)), costs.BLANK_LOST * lost, "inferred"
        )


# --- Digits run together -----------------------------------------------------------------------------------------------


def _parted(printed: Sequence[Token], count: int, holds: Callable[[Slots], bool]) -> Iterator[Fill]:
    """The ways to part digits that stand together, so that there are as many numbers as cells; no number begins with a 0."""
    if sum(len(t.text) for t in printed) > _LONGEST_GLUED:
        return
    spare = count - len(printed)
    if not any(len(t.text) > 1 and t.kind == "number" for t in printed):
        return
    looked_at = 0
    for slots in _parts(printed, spare):
        looked_at += 1
        if looked_at > _MOST_DIVISIONS:
            yield from [Fill(slots, costs.GLUED * spare, "inferred")] * (MOST_FILLS + 1)
            return
        if holds(slots):
            yield Fill(slots, costs.GLUED * spare, "inferred")


def _parts(tokens: Sequence[Token], spare: int) -> Iterator[tuple[Slot, ...]]:
    """The ways to divide tokens with `spare` borders more than stand in the text."""
    if not tokens:
        if spare == 0:
            yield ()
        return
    token, rest = tokens[0], tokens[1:]
    room = sum(max(0, len(t.text) - 1) for t in rest)
    for borders in range(max(0, spare - room), min(spare, len(token.text) - 1) + 1):
        for first in _divided(token, borders):
            for others in _parts(rest, spare - borders):
                yield first + others


def _divided(token: Token, borders: int) -> Iterator[tuple[Slot, ...]]:
    if borders == 0:
        if token.kind != "number" or len(token.text) == 1 or not _begins_wrong(token.text):
            yield (slot_of(token),)
        return
    digits = _DIGITS.match(token.text)
    if digits is None:
        return
    whole = digits.end()
    for at in combinations(range(1, whole), borders):
        edges = (0, *at, len(token.text))
        parts = [token.text[a:b] for a, b in zip(edges, edges[1:], strict=False)]
        if all(map(_FIGURE.fullmatch, parts[:-1])) and not _begins_wrong(parts[-1]):
            yield tuple(Slot(token.start + a, token.start + b) for a, b in zip(edges, edges[1:], strict=False))


def _begins_wrong(text: str) -> bool:
    """Whether a number begins with a 0 that is not its own: 018, 0218; but 0.5 and 0 do not."""
    return len(text) > 1 and text[0] == "0" and text[1].isdigit()
