"""Which ways to fill the rows of a table survive its sums: every identity holds, a blank being some count of at least 0."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

from ...schemas.form import Identity
from ..table.alignment import INADMISSIBLE, Alignment, Numbers, Way, may_be_equal
from ..table.fills import Fill

MOST_COMBINATIONS = 20_000
"""So many combinations of open rows are tried out; where there are more, each row's ways are judged by themselves."""


@dataclass(frozen=True, slots=True)
class Solved:
    """An alignment with, for each of its ways, the fills that survive. holds: whether there are some for which all sums hold."""

    alignment: Alignment
    fills: tuple[tuple[Fill, ...], ...]
    failing: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return not self.failing


Counts = Mapping[str, object]
"""Cell path → its count, None for a blank, INADMISSIBLE for what is no count."""


def solve(alignment: Alignment, identities: Sequence[Identity], numbers: Numbers) -> Solved:
    """An alignment → the fills that survive its section's identities."""
    ways = alignment.ways
    fills = [_cheapest(way) for way in ways]
    every, identities = identities, _telling(ways, fills, identities, numbers)
    for _ in range(3 if any(len(own) > 1 for own in fills) else 0):
        narrowed = _narrow(ways, fills, identities, numbers)
        if narrowed == fills:
            break
        fills = narrowed
    fills = _combine(ways, fills, identities, numbers)
    counts = counts_of(ways, [own[0] if own else None for own in fills], numbers)
    failing = tuple(rule.id for rule in every if not holds(rule, counts))
    return Solved(alignment, tuple(map(tuple, fills)), failing)


def _telling(
    ways: Sequence[Way], fills: Sequence[tuple[Fill, ...]], identities: Sequence[Identity], numbers: Numbers
) -> list[Identity]:
    """The identities that may choose among fills: none that goes through a row whose own sum fails, however it is filled."""
    wrong: set[str] = set()
    for way, own in zip(ways, fills, strict=True):
        for rule in identities:
            if own and set(rule.paths) <= set(way.paths):
                counts = (dict(zip(way.paths, map(numbers.count, fill.slots), strict=True)) for fill in own)
                if not any(holds(rule, c) for c in counts):
                    wrong |= set(rule.paths)
    return [r for r in identities if r.is_of_one_row or wrong.isdisjoint(r.paths)]


def _cheapest(way: Way) -> tuple[Fill, ...]:
    return tuple(sorted(way.fills, key=lambda f: f.cost))


def counts_of(ways: Sequence[Way], chosen: Sequence[Fill | None], numbers: Numbers) -> dict[str, object]:
    """Ways and a fill for each → the count of each cell."""
    return {
        path: numbers.count(slot)
        for way, fill in zip(ways, chosen, strict=True)
        if fill is not None
        for path, slot in zip(way.paths, fill.slots, strict=True)
    }


def sides(rule: Identity, counts: Counts) -> tuple[list[str], list[str]]:
    """The terms of an identity that a table has: without subtotals whose parts stand beside them."""
    subtotals = {path for path, parts in rule.unless if any(p in counts for p in parts)}
    left, right = ([p for p in side if p in counts and p not in subtotals] for side in (rule.left, rule.right))
    return left, right


def holds(rule: Identity, counts: Counts) -> bool:
    """Whether an identity may hold: its blanks may stand for counts of at least 0; without terms on a side it says nothing."""
    left, right = sides(rule, counts)
    if not left or not right:
        return True
    one, other = [counts[p] for p in left], [counts[p] for p in right]
    if INADMISSIBLE in one or INADMISSIBLE in other:
        return True
    return may_be_equal(one, other)


def _narrow(
    ways: Sequence[Way], fills: Sequence[tuple[Fill, ...]], identities: Sequence[Identity], numbers: Numbers
) -> list[tuple[Fill, ...]]:
    """Each row's fills without those that no fill of the other rows can make an identity hold with."""
    bounds = _bounds(ways, fills, numbers)
    kept = []
    for way, own in zip(ways, fills, strict=True):
        if len(own) > 1:
            paths = set(way.paths)
            rules = [r for r in identities if paths & set(r.paths)]
            good = tuple(f for f in own if all(_possible(r, way, f, bounds, numbers) for r in rules))
            own = good or own
        kept.append(own)
    return kept


_Bounds = Mapping[str, tuple[int, float]]
"""Cell path → the least and the greatest count that it may stand for."""


def _bounds(ways: Sequence[Way], fills: Sequence[tuple[Fill, ...]], numbers: Numbers) -> dict[str, tuple[int, float]]:
    found: dict[str, tuple[int, float]] = {}
    for way, own in zip(ways, fills, strict=True):
        for i, path in enumerate(way.paths):
            counts = {numbers.count(f.slots[i]) for f in own}
            known = [c for c in counts if isinstance(c, int)]
            is_open = len(known) < len(counts) or not own
            found[path] = (0 if is_open else min(known), float("inf") if is_open else max(known))
    return found


def _possible(rule: Identity, way: Way, fill: Fill, bounds: _Bounds, numbers: Numbers) -> bool:
    own = {p: numbers.count(s) for p, s in zip(way.paths, fill.slots, strict=True)}
    left, right = sides(rule, bounds)
    if not left or not right:
        return True
    low: list[float] = []
    high: list[float] = []
    for side in (left, right):
        least, most = 0.0, 0.0
        for path in side:
            count = own.get(path, ...)
            a, b = bounds[path] if count is ... else (count, count) if isinstance(count, int) else (0, float("inf"))
            least, most = least + a, most + b
        low.append(least)
        high.append(most)
    return low[0] <= high[1] and low[1] <= high[0]


def _combine(
    ways: Sequence[Way], fills: Sequence[tuple[Fill, ...]], identities: Sequence[Identity], numbers: Numbers
) -> list[tuple[Fill, ...]]:
    """Each row's fills without those that are in no combination for which all identities hold."""
    open_rows = [i for i, own in enumerate(fills) if len(own) > 1]
    if not open_rows or prod(len(fills[i]) for i in open_rows) > MOST_COMBINATIONS:
        return list(fills)
    fixed = counts_of(ways, [own[0] if own and i not in open_rows else None for i, own in enumerate(fills)], numbers)
    touched = {path for i in open_rows for path in ways[i].paths}
    rules = [r for r in identities if touched & set(r.paths)]

    good: list[set[int]] = [set() for _ in fills]
    for combination in product(*(range(len(fills[i])) for i in open_rows)):
        counts = dict(fixed)
        for i, k in zip(open_rows, combination, strict=True):
            counts |= {p: numbers.count(s) for p, s in zip(ways[i].paths, fills[i][k].slots, strict=True)}
        if all(holds(rule, counts) for rule in rules):
            for i, k in zip(open_rows, combination, strict=True):
                good[i].add(k)
    return [tuple(f for k, f in enumerate(own) if k in good[i]) or own for i, own in enumerate(fills)]


def is_exact(rule: Identity, counts: Counts) -> bool:
    """Whether an identity holds with every blank as 0."""
    left, right = sides(rule, counts)
    one, other = (sum(c for p in side if isinstance(c := counts[p], int)) for side in (left, right))
    return one == other
