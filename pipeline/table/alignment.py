"""What an alignment of the form with a table says: which tokens fill which cells, what labels and heads say so, at what cost."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from ...schemas.form import Form, FormRow, FormSection
from ...schemas.report import Unit
from ..source.decode import Source
from .fills import Fill, Slot, Slots
from .items import Stretch
from .tokens import Token
from .values import as_change, as_count

INADMISSIBLE = object()
"""Stands for what a cell prints that its column cannot hold."""


@dataclass(frozen=True, slots=True)
class Way:
    """One row of the form as a table prints it. paths: of its cells, in the order of the slots of each fill.

    label, heads: the stretches that name the row, and each of its columns. doubt: the code of the finding by which no
    cell of the row is sure, whatever fills it. tokens: all that belong to the row. again: what fills the row where its label
    stands once more. unsure: of the paths, those whose head may be another.
    """

    row: FormRow
    paths: tuple[str, ...]
    fills: tuple[Fill, ...]
    label: tuple[Stretch, ...]
    heads: tuple[tuple[Stretch, ...], ...]
    tokens: tuple[Token, ...]
    cost: float = 0.0
    units: Mapping[str, Unit] = field(default_factory=dict)
    doubt: str = ""
    again: tuple[Fill, ...] = ()
    unsure: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Alignment:
    """One way to lay a section of the form over its table.

    left_over: the numbers that it does not explain. forms: the official forms whose own wording was met. apart: the ids of
    numbers that may be their page's.
    """

    section: FormSection
    ways: tuple[Way, ...]
    cost: float
    by: str
    forms: frozenset[str] = frozenset()
    left_over: tuple[Token, ...] = ()
    apart: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Numbers:
    """What the slots of a source print, as far as sums need it."""

    source: Source

    def count(self, slot: Slot | None) -> object:
        """A slot → its count, None for a blank, INADMISSIBLE where it prints something else."""
        if slot is None or slot.is_blank:
            return None
        number = as_count(self.source.folded[slot.start : slot.end])
        return INADMISSIBLE if number is None else number

    def fits(self, slot: Slot | None, kind: str) -> bool:
        """Whether a slot prints what a column of the kind holds, or nothing."""
        if slot is None or slot.is_blank or kind == "amount":
            return True
        folded = self.source.folded[slot.start : slot.end]
        return (as_count(folded) if kind == "count" else as_change(folded)) is not None


def sums_of(paths: Sequence[str], form: Form, numbers: Numbers, blank: int | None = None) -> Callable[[Slots], float]:
    """Paths → a count of the identities that slots which fill them break, of those that are over one row of these paths alone.

    blank: what a blank counts as; None: some count of at least 0. A sum whose total left no trace says nothing of its parts: it
    counts as a half.
    """

    def failing(slots: Slots) -> float:
        own = _sums_over(tuple(paths), form)
        values = [blank if (count := numbers.count(slot)) is None else count for slot in slots]
        if INADMISSIBLE in values:
            return len(own) + 1
        return sum(
            1
            if not may_be_equal([values[i] for i in left], [values[i] for i in right])
            else 0.5 * (any(slots[i] is None for i in right) and any(values[i] for i in left))
            for left, right in own
        )

    return failing


def has_sums(paths: Sequence[str], form: Form) -> bool:
    """Whether some identity is over one row of these paths alone."""
    return bool(_sums_over(tuple(paths), form))


@lru_cache(maxsize=512)
def _sums_over(paths: tuple[str, ...], form: Form) -> tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]:
    """The places of the terms of each identity that is over one row of these paths alone."""
    at = {path: i for i, path in enumerate(paths)}
    rows = {path.rpartition(".")[0] for path in paths}
    own = []
    for rule in form.identities:
        over = {path.rpartition(".")[0] for path in (*rule.left, *rule.right)}
        if len(over) == 1 and over <= rows:
            left, right = (tuple(at[p] for p in side if p in at) for side in (rule.left, rule.right))
            if left and right:
                own.append((left, right))
    return tuple(own)


def may_be_equal(left: Sequence[object], right: Sequence[object]) -> bool:
    """Whether two sides may add up to the same, a blank (None) being some count of at least 0."""
    one = sum(v for v in left if isinstance(v, int))
    other = sum(v for v in right if isinstance(v, int))
    if None in left and None in right:
        return True
    if None in left:
        return one <= other
    if None in right:
        return other <= one
    return one == other
