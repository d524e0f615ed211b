"""Rows that could be filled in several ways → the ways in which all of them together hold the identities."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ...schemas.form import Identity
from .cut import Cell
from .fit import Candidate
from .reading import Choice

MAX_STEPS = 5_000
"""A search that takes more steps is given up."""

Worth = Callable[[Cell], int]
Open = tuple[Choice, Sequence[Candidate]]


@dataclass(frozen=True, slots=True)
class Ways:
    """Up to two ways to fill all open rows; `is_complete`: whether the search was not given up."""

    found: tuple[tuple[Candidate, ...], ...]
    is_complete: bool


def search(open_: Sequence[Open], known: Mapping[str, int], rules: Sequence[Identity], worth: Worth) -> Ways:
    """Open rows, what other cells add, identities → the ways that hold all of them, row by row, cut short where one cannot."""
    paths = [frozenset(choice.paths) for choice, _ in open_]
    pending = [frozenset().union(*paths[i + 1 :]) for i in range(len(open_))]
    touched = [[r for r in rules if own.intersection((*r.left, *r.right))] for own in paths]
    stack: list[tuple[tuple[Candidate, ...], Mapping[str, int]]] = [((), known)]
    found: list[tuple[Candidate, ...]] = []
    for _ in range(MAX_STEPS):
        if not stack or len(found) > 1:
            return Ways(tuple(found), True)
        chosen, values = stack.pop()
        at = len(chosen)
        if at == len(open_):
            found.append(chosen)
            continue
        choice, candidates = open_[at]
        for candidate in candidates:
            more = {**values, **worths(choice, candidate, worth)}
            if all(may_hold(rule, more, pending[at]) for rule in touched[at]):
                stack.append(((*chosen, candidate), more))
    return Ways(tuple(found), False)


def worths(choice: Choice, candidate: Candidate, worth: Worth) -> dict[str, int]:
    """What the cells of a candidate add to sums; a blank without a trace adds nothing."""
    return {p: worth(c) for p, c in zip(choice.paths, candidate, strict=True) if c is not None}


def may_hold(rule: Identity, values: Mapping[str, int], pending: frozenset[str] = frozenset()) -> bool:
    """Whether an identity holds, or still could once the pending cells are filled. No count is below 0."""
    counted = {path for path, parts in rule.unless if any(p in values or p in pending for p in parts)}
    sides = [[p for p in side if p not in counted] for side in (rule.left, rule.right)]
    left, right = (sum(values.get(p, 0) for p in side) for side in sides)
    left_open, right_open = (not pending.isdisjoint(side) for side in sides)
    return (left_open or left >= right) and (right_open or right >= left)
