"""Figures that were read from a picture: which of them the sums of the form watch over.

A digit that is misread is apt to be misread wherever it stands. So a figure is watched where sums hold over it exactly, and would
not if one digit had been taken for another, or read once and not twice, or twice and not once, in it and in whichever others there
are. Blanks, and sums of zeros alone, watch over nothing.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import combinations

from ...schemas.form import Form, Identity
from ..source.decode import Source
from ..table.alignment import INADMISSIBLE
from .solve import Counts, holds, is_exact, sides
from .weighed import Cell, Open, Option

_MOST_DIGITS = 7
"""A longer figure is watched by nothing."""
_MOST_SUMS = 5_000
"""Where what may be misread adds up in more ways, it may do so unnoticed."""

_Sides = tuple[Sequence[str], Sequence[str]]
_Shifts = frozenset[int]
"""By how much a figure would be another, for each way to misread it."""


def watched(counts: Counts, identities: Sequence[Identity]) -> set[str]:
    """The counts of a section, and its identities → the paths of those that sums watch over.

    a + b = total: {"a": 7, "b": 2, "total": 9} → all three; {"a": 7, "b": 0, "total": 7} → b alone: both 7 may have been 1
    """
    terms = {rule.id: sides(rule, counts) for rule in identities}
    rules = [rule for rule in identities if all(terms[rule.id])]
    broken = {p for rule in rules if not holds(rule, counts) for side in terms[rule.id] for p in side}
    exact = [terms[r.id] for r in rules if is_exact(r, counts) and all(map(_is_figure, _counts(terms[r.id], counts)))]
    texts = {p: str(counts[p]) for left, right in exact for p in (*left, *right)}
    unnoticed: set[str] = set()
    for misread in _MISREADINGS:
        shifts = {path: found for path, text in texts.items() if (found := misread(text))}
        unnoticed |= _unnoticed(shifts, exact)
    return texts.keys() - broken - unnoticed


def may_be_misread(source: Source, cells: Mapping[str, Cell], form: Form) -> tuple[Open, ...]:
    """The cells of a record → those of each section that were read from a picture, and that no sums watch over."""
    read = {p: c for p, c in cells.items() if source.is_recognised(None if c.slot is None else c.slot.start)}
    found = []
    for section in form.sections if read else ():
        own = {path: cell for path, cell in cells.items() if path.startswith(f"{section.path}.")}
        counts = {p: c.value if c.value is None or isinstance(c.value, int) else INADMISSIBLE for p, c in own.items()}
        sure = watched(counts, [r for r in form.identities if r.left[0] in counts or r.right[0] in counts])
        paths = tuple(path for path in own if path in read and path not in sure)
        if paths:
            units = {path: unit for path in paths if (unit := own[path].unit) is not None}
            found.append(Open("read_by_ocr", paths, (Option("rules", 0.0, {p: own[p].slot for p in paths}, units),)))
    return tuple(found)


def _counts(terms: _Sides, counts: Counts) -> Iterator[object]:
    return (counts[path] for side in terms for path in side)


def _is_figure(count: object) -> bool:
    return isinstance(count, int) and 0 <= count < 10**_MOST_DIGITS


def _unnoticed(shifts: Mapping[str, _Shifts], exact: Sequence[_Sides]) -> set[str]:
    """The figures that may all have been misread in one way, so that every sum would hold still; no fewer than there are."""
    left = dict(shifts)
    while True:
        seen = {path for sides in exact for path in _seen(sides, left)}
        if not seen:
            return set(left)
        left = {path: own for path, own in left.items() if path not in seen}


def _seen(sides: _Sides, shifts: Mapping[str, _Shifts]) -> Iterator[str]:
    """The figures of a sum that cannot have been misread, as no others of it make up for that."""
    terms = [
        (p, frozenset(sign * s for s in shifts[p]))
        for sign, side in zip((1, -1), sides, strict=True)
        for p in side
        if p in shifts
    ]
    known: dict[_Shifts, bool] = {}
    for path, own in terms:
        if own not in known:
            rest = [other for p, other in terms if p != path]
            known[own] = _adds_up(own, rest)
        if not known[own]:
            yield path


def _adds_up(own: Collection[int], rest: Sequence[_Shifts]) -> bool:
    """Whether one of some shifts, with one or none of each of the others', is nothing."""
    found = set(own)
    for shifts in rest:
        found |= {a + b for a in found for b in shifts}
        if len(found) > _MOST_SUMS:
            return True
    return 0 in found


def _subsets(places: Sequence[int]) -> Iterator[tuple[int, ...]]:
    return (chosen for n in range(1, len(places) + 1) for chosen in combinations(places, n))


def _as_another(digit: str) -> Callable[[str], _Shifts]:
    """A digit → figure → by how much it would be another for each set of places where it shows the digit, as a multiple of how much that is off."""

    def shifts(text: str) -> _Shifts:
        places = [len(text) - 1 - i for i, shown in enumerate(text) if shown == digit]
        return frozenset(sum(10**place for place in chosen) for chosen in _subsets(places))

    return shifts


def _as_many(read: str, printed: str) -> Callable[[str], _Shifts]:
    """What is read, and what was printed → figure → by how much it would be another for each set of places where it reads so."""

    def shifts(text: str) -> _Shifts:
        parts = text.split(read)
        every = _subsets(range(1, len(parts)))
        whole = (
            "".join((printed if i in chosen else read) * (i > 0) + part for i, part in enumerate(parts))
            for chosen in every
        )
        return frozenset(int(w) - int(text) for w in whole if not w.startswith("0"))

    return shifts


_MISREADINGS = tuple(
    misread
    for digit in "0123456789"
    for misread in (_as_another(digit), _as_many(digit, 2 * digit), _as_many(2 * digit, digit))
)
