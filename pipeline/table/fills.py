"""The ways in which a run of numbers and blanks can fill the cells of a row: as it stands, or with one damage or more undone."""

import re
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from itertools import chain, combinations, pairwise
from math import comb

from ...schemas.extraction import Basis
from . import costs
from .tokens import Token

MOST_FILLS = 400
"""So many ways to fill a row are looked at; where there are more, none is known."""
_MOST_LOOKED_AT = 20_000
_MOST_LOST = 3
MOST_SURPLUS = 3
_LONGEST_GLUED = 60
_LONGEST_PAGE = 3
_PARTS = " \t\n|,\x1f"
"""What parts a number from what stands beside it."""
_DIGITS = re.compile(r"[+-]?[0-9]+")
_PIECE = re.compile(r"[.,][0-9]|[0-9,.]*[.,]$")
"""What broke off from a number."""
_FIGURE = re.compile(r"[+-]?(?:0|[1-9][0-9]*)")


@dataclass(frozen=True, slots=True)
class Slot:
    """What stands in one cell: a half-open stretch of the source that is shown; of a blank it may be empty."""

    start: int
    end: int
    is_blank: bool = False


@dataclass(frozen=True, slots=True)
class Fill:
    """One way to fill the cells of a row; None for a blank that left no trace. cost: of the damage that it undoes.

    is_forced: it undoes a damage, and there is no other way to do so, whatever the sums.
    """

    slots: "Slots"
    cost: float
    basis: Basis = "read"
    is_forced: bool = False


Slots = tuple[Slot | None, ...]


def slot_of(token: Token) -> Slot:
    return Slot(token.start, token.end, token.kind != "number")


def is_piece(token: Token) -> bool:
    """Whether a number broke off from another: .5"""
    return _PIECE.match(token.text) is not None


def is_empty(token: Token) -> bool:
    """Whether a token is an empty cell that prints nothing at all."""
    return token.kind == "blank" and not token.text.strip("\t \n")


def fills_in_order(
    tokens: Sequence[Token],
    count: int,
    failing: Callable[[Slots], float],
    glued: Set[int] = frozenset(),
    *,
    lacks_borders: bool = False,
    has_sums: bool = False,
    apart: Set[int] = frozenset(),
) -> tuple[Fill, ...]:
    """A run → the ways to fill `count` cells in its order; () where there are too many, or none.

    glued: the ids of the numbers that may be several, run together. lacks_borders: so are most of the table's. has_sums: sums
    of the row's own tell whether a page's number has run together with its digits, too. apart: the ids of numbers that may be
    their page's. failing: how many of the row's own sums do not hold; a damaged run is taken for what breaks the fewest.
    2 0 0 2, for 3 cells that add up → (2 0 2), with a number too many.
    """
    printed = [t for t in tokens if not is_empty(t)]
    if len(printed) == count:
        whole = Fill(tuple(map(slot_of, printed)), 0.0)
        inner = any(is_empty(t) and printed[0].id < t.id < printed[-1].id for t in tokens)
        others = _without_empties(tokens, count) if inner else iter(())
        if inner or any(t.id in apart for t in printed):
            return _fewest(chain([whole], others, _without_page(tokens, count, apart)), failing)
        return (whole,)
    if len(tokens) == count:
        return (Fill(tuple(map(slot_of, tokens)), 0.0),)
    if len(printed) < count < len(tokens):
        return _fewest(_without_empties(tokens, count), failing)
    if len(printed) > count:
        return _fewest(_with_surplus(printed, count, apart), failing)
    is_glued = any(t.id in glued for t in printed)
    parted: Iterator[Fill] = iter(())
    if is_glued or count - len(printed) <= _MOST_LOST:
        several = glued if is_glued else {t.id for t in printed if t.kind == "number" and len(t.text) > 1}
        parted = _parted(printed, count, several, costs.GLUED if is_glued and lacks_borders else costs.BORDER_LOST)
        if is_glued and has_sums:
            parted = chain(parted, _parted_beside_a_page(printed, count, several))
    lost = _with_lost(tokens, count) if count - len(tokens) <= _MOST_LOST else iter(())
    return _fewest(chain(parted, lost, _without_page(tokens, count, apart)), failing)


def fills_with_lost(tokens: Sequence[Token], count: int, failing: Callable[[Slots], float]) -> tuple[Fill, ...]:
    """A run's printed cells alone → the ways to fill `count` cells in their order, where some left no trace."""
    printed = [t for t in tokens if not is_empty(t)]
    return _fewest(_with_lost(printed, count), failing) if 0 < count - len(printed) <= _MOST_LOST else ()


def fills_with_surplus(tokens: Sequence[Token], count: int, failing: Callable[[Slots], float]) -> tuple[Fill, ...]:
    """A run's cells, empty ones too → the ways to fill `count` cells in their order, where some are none of the row's."""
    return _fewest(_without_empties(tokens, count), failing) if 0 < len(tokens) - count <= MOST_SURPLUS else ()


def _fewest(fills: Iterator[Fill], failing: Callable[[Slots], float]) -> tuple[Fill, ...]:
    """Of damaged fills, those that break the fewest sums, and all of them where one that does has lost the total that would tell.

    () where too many were to be looked at, or too many are left.
    """
    best: dict[Slots, tuple[float, Fill]] = {}
    for i, fill in enumerate(fills):
        if i >= _MOST_LOOKED_AT:
            return ()
        best.setdefault(fill.slots, (failing(fill.slots), fill))
    if len(best) == 1:
        return tuple(replace(fill, is_forced=True) for _, fill in best.values())
    least = min((broken for broken, _ in best.values()), default=0)
    kept = [
        replace(
            fill,
            cost=fill.cost
            + costs.TOTAL_LOST * (broken > int(broken))
            + costs.SUM_BROKEN * max(0, int(broken) - int(least)),
        )
        for broken, fill in best.values()
        if int(broken) == least or least > int(least)
    ]
    cheapest = min((fill.cost for fill in kept), default=0.0)
    near = tuple(fill for fill in kept if fill.cost < cheapest + costs.MARGIN)
    return near if len(near) <= MOST_FILLS else ()


def _without_empties(tokens: Sequence[Token], count: int) -> Iterator[Fill]:
    """A run with more cells than there are columns for, some of them empty: any of them may be none, of numbers one at most.

    None where there are too many ways: a part of them would say nothing of the others.
    """
    surplus = len(tokens) - count
    empties = [i for i, t in enumerate(tokens) if is_empty(t)]
    numbers = [i for i, t in enumerate(tokens) if not is_empty(t)]
    if comb(len(empties), surplus) + comb(len(empties), surplus - 1) * len(numbers) > _MOST_LOOKED_AT:
        return
    ways = [(out, costs.EMPTY_TOO_MANY * surplus) for out in combinations(empties, surplus)]
    ways += [
        ((*out, i), costs.EMPTY_TOO_MANY * (surplus - 1) + costs.CELL_TOO_MANY)
        for out in combinations(empties, surplus - 1)
        for i in numbers
    ]
    seen: set[Slots] = set()
    for out, cost in ways:
        slots = tuple(slot_of(t) for i, t in enumerate(tokens) if i not in out)
        key = tuple(s if s and not s.is_blank else None for s in slots)
        if key not in seen:
            seen.add(key)
            yield Fill(slots, cost, "inferred")


def _without_page(tokens: Sequence[Token], count: int, apart: Set[int]) -> Iterator[Fill]:
    """A run one of whose numbers may be its page's, so that one more cell is lost."""
    printed = [t for t in tokens if not is_empty(t)]
    for token in (t for t in printed if t.id in apart and len(printed) > count - _MOST_LOST):
        for fill in _with_lost([t for t in printed if t is not token], count):
            yield replace(fill, cost=fill.cost + costs.PAGE_NUMBER)


def _with_surplus(printed: Sequence[Token], count: int, apart: Set[int]) -> Iterator[Fill]:
    """A run with more numbers than there are cells: any of them may be none of the row's, but for what is a piece of a number.

    Alike ones are told once.
    """
    surplus = len(printed) - count
    if surplus > MOST_SURPLUS:
        return
    seen: set[tuple[str, ...]] = set()

    def cost_of(out: tuple[int, ...]) -> float:
        return sum(costs.PAGE_NUMBER if printed[i].id in apart else costs.CELL_TOO_MANY for i in out)

    for out in sorted(combinations(range(len(printed)), surplus), key=cost_of):
        kept = [t for i, t in enumerate(printed) if i not in out]
        if any(is_piece(printed[i]) or _touches(printed, i) for i in out):
            continue
        if (texts := tuple(t.text for t in kept)) not in seen:
            seen.add(texts)
            yield Fill(tuple(map(slot_of, kept)), cost_of(out), "inferred")


def _touches(printed: Sequence[Token], at: int) -> bool:
    """Whether a number is a part of what is printed beside it, with no border between: 0-3."""
    return any(a.end == b.start and a.kind == b.kind == "number" for a, b in pairwise(printed[max(0, at - 1) : at + 2]))


def _with_lost(tokens: Sequence[Token], count: int) -> Iterator[Fill]:
    lost = count - len(tokens)
    for at in combinations(range(count), lost):
        rest = iter(tokens)
        yield Fill(
            tuple(None if i in at else slot_of(next(rest)) for i in range(count)), costs.BLANK_LOST * lost, "inferred"
        )


# --- Digits run together -----------------------------------------------------------------------------------------------


def glued_in(tokens: Sequence[Token], folded: str) -> frozenset[int]:
    """The ids of the numbers of a run that may be several: where any of them is none by itself, or touches what stands beside it."""
    numbers = [t for t in tokens if t.kind == "number"]
    is_glued = any(
        _begins_wrong(t.text)
        or folded[max(0, t.start - 1) : t.start].strip(_PARTS) != ""
        or folded[t.end : t.end + 1].strip(_PARTS) != ""
        for t in numbers
    )
    return frozenset(t.id for t in numbers if len(t.text) > 1) if is_glued else frozenset()


def _parted(printed: Sequence[Token], count: int, glued: Set[int], cost: float) -> Iterator[Fill]:
    """The ways to part digits that stand together, so that there are as many numbers as cells; no number begins with a 0."""
    spare = count - len(printed)
    if sum(len(t.text) for t in printed) <= _LONGEST_GLUED:
        for slots in _parts(printed, spare, glued):
            yield Fill(slots, min(cost * spare, costs.BORDER_LOST), "inferred")


def _parted_beside_a_page(printed: Sequence[Token], count: int, glued: Set[int]) -> Iterator[Fill]:
    """The same, where a page's number has run together with the digits, before or behind them."""
    for i, token in enumerate(printed):
        for length in range(1, min(len(token.text), _LONGEST_PAGE + 1) if token.id in glued else 0):
            head, tail = token.text[:length], token.text[length:]
            behind = token._replace(text=tail, start=token.start + length)
            before = token._replace(text=token.text[:-length], end=token.end - length)
            for rest, page in ((behind, head), (before, token.text[-length:])):
                if page.isdigit() and page[0] != "0":
                    kept = (*printed[:i], rest, *printed[i + 1 :])
                    yield from (
                        replace(f, cost=f.cost + costs.CELL_TOO_MANY) for f in _parted(kept, count, glued, costs.GLUED)
                    )


def _parts(tokens: Sequence[Token], spare: int, glued: Set[int]) -> Iterator[tuple[Slot, ...]]:
    """The ways to divide tokens with `spare` borders more than stand in the text."""
    if not tokens:
        if spare == 0:
            yield ()
        return
    token, rest = tokens[0], tokens[1:]
    room = sum(len(t.text) - 1 for t in rest if t.id in glued)
    most = min(spare, len(token.text) - 1) if token.id in glued else 0
    for borders in range(max(0, spare - room), most + 1):
        for first in _divided(token, borders):
            for others in _parts(rest, spare - borders, glued):
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
        parts = [token.text[a:b] for a, b in pairwise(edges)]
        if all(map(_FIGURE.fullmatch, parts[:-1])) and not _begins_wrong(parts[-1]):
            yield tuple(Slot(token.start + a, token.start + b) for a, b in pairwise(edges))


def _begins_wrong(text: str) -> bool:
    """Whether a number begins with a 0 that is not its own: 018, 0218; but 0.5 and 0 do not."""
    return len(text) > 1 and text[0] == "0" and text[1].isdigit()
