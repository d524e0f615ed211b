"""Sums among rows: which ways to fill them survive, as found by trying everything; and which cells one damage would explain."""

from collections.abc import Callable
from itertools import permutations, product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nianbao.pipeline.extract import REPORT
from nianbao.pipeline.record.damage import doubtful_by_damage
from nianbao.pipeline.record.solve import holds, solve
from nianbao.pipeline.source.decode import from_text
from nianbao.pipeline.table.alignment import Alignment, Numbers, Way, may_be_equal
from nianbao.pipeline.table.fills import Fill, Slot
from nianbao.schemas.form import FormSection, Identity, form_of

from .conftest import some
from .test_pointing import busy
from .test_toy_form import Farm

FARM = form_of(Farm)
ROWS = FARM.sections[0].rows
DIGITS = from_text("0123456789 ", "digits")
BLANK = 10


def fill_of(numbers: tuple[int, ...]) -> Fill:
    """Numbers from 0 to 9 → slots that print them; 10 is a blank."""
    return Fill(tuple(Slot(n, n + 1) if n != BLANK else None for n in numbers), float(sum(numbers)))


numbers = st.tuples(*[st.integers(0, BLANK)] * 3)


@given(st.lists(numbers, min_size=1, max_size=4, unique=True), st.lists(numbers, min_size=1, max_size=4, unique=True))
def test_the_ways_that_survive(sheep: list[tuple[int, ...]], goats: list[tuple[int, ...]]) -> None:
    """Just those ways to fill two rows that are part of a combination for which all sums hold; where there is none, all of them."""
    rules = [*FARM.identities, Identity("down", "羊羔", ("animals.sheep.young",), ("animals.goats.young",))]
    ways = tuple(
        Way(row, tuple(row.cell(c.name) for c in row.columns), tuple(map(fill_of, own)), (), (), ())
        for row, own in zip(ROWS, (sheep, goats), strict=True)
    )
    numbers = Numbers(DIGITS)
    solved = solve(Alignment(FARM.sections[0], ways, 0.0, ""), rules, numbers)

    def good(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
        counts: dict[str, object] = {}
        for way, own in zip(ways, (one, other), strict=True):
            counts |= {p: None if n == BLANK else n for p, n in zip(way.paths, own, strict=True)}
        return all(holds(rule, counts) for rule in rules)

    pairs = [(one, other) for one, other in product(sheep, goats) if good(one, other)]
    if pairs:
        assert {f.slots for f in solved.fills[0]} == {fill_of(one).slots for one, _ in pairs}
        assert {f.slots for f in solved.fills[1]} == {fill_of(other).slots for _, other in pairs}
    else:
        assert all(solved.fills)
        assert not solved.holds


@given(st.lists(st.integers(0, 3) | st.none(), max_size=4), st.lists(st.integers(0, 3) | st.none(), max_size=4))
def test_a_blank_is_some_count(left: list[int | None], right: list[int | None]) -> None:
    """Two sides may be equal just where some counts of at least 0 in the blanks make them so."""
    reach = range(13)

    def totals(side: list[int | None]) -> set[int]:
        known = sum(n for n in side if n is not None)
        return {known + more for more in reach} if None in side else {known}

    assert may_be_equal(left, right) == bool(totals(left) & totals(right))


# --- One damage ------------------------------------------------------------------------------------------------------

Counts = dict[str, Any]
SUMS = ("requests.processed_total.", "requests.carried_out.")
"""Where sums of columns stand: of a sum that is lost, the others do not tell."""
Damage = Callable[[Counts, int, int], Counts]
"""Counts, and where the damage is → the cells that it changes."""
WATCHED = [s for s in REPORT.sections if s.path != "disclosure"]


def counts_of(seed: int, section: str) -> Counts:
    return {p: int(n) for p, n in busy(seed).items() if p.startswith(f"{section}.")}


def row_of(counts: Counts, which: int) -> list[str]:
    rows = list(dict.fromkeys(p.rpartition(".")[0] for p in counts))
    return [p for p in counts if p.startswith(f"{rows[which % len(rows)]}.")]


def neighbours_exchanged(counts: Counts, which: int, where: int) -> Counts:
    row = row_of(counts, which)
    one, other = row[where % (len(row) - 1) :][:2]
    return {one: counts[other], other: counts[one]}


def moved_right(counts: Counts, which: int, where: int) -> Counts:
    """From a cell on each number is one place further on, and the last before the total is gone; in no row of sums."""
    row = row_of({p: n for p, n in counts.items() if not p.startswith(SUMS)}, which)[:-1]
    at = where % (len(row) - 1)
    return {p: None if i == at else counts[row[i - 1]] for i, p in enumerate(row) if i >= at}


def columns_exchanged(counts: Counts, which: int, where: int) -> Counts:
    pairs = list(permutations(dict.fromkeys(p.rpartition(".")[2] for p in counts), 2))
    one, other = pairs[(31 * which + where) % len(pairs)]
    to = {one: other, other: one}
    return {f"{row}.{c}": counts[f"{row}.{to[c]}"] for row, _, c in (p.rpartition(".") for p in counts) if c in to}


def column_printed_twice(counts: Counts, which: int, _where: int) -> Counts:
    """The digits of a column are printed twice, as heavy type comes out of some documents; a 0 stays."""
    column = list(dict.fromkeys(p.rpartition(".")[2] for p in counts))[which % 5]
    twice = {p: "".join(2 * digit for digit in str(n)) for p, n in counts.items() if n and p.endswith(f".{column}")}
    return {p: int(digits) for p, digits in twice.items()}


def total_first(counts: Counts, _which: int, _where: int) -> Counts:
    changed: Counts = {}
    for row in {p.rpartition(".")[0] for p in counts}:
        own = [p for p in counts if p.startswith(f"{row}.")]
        changed |= {p: counts[own[i - 1]] for i, p in enumerate(own)}
    return changed


@pytest.mark.parametrize(
    "damage", [neighbours_exchanged, moved_right, columns_exchanged, total_first, column_printed_twice]
)
@pytest.mark.parametrize("section", WATCHED, ids=lambda s: s.path)
def test_one_damage_puts_its_cells_in_doubt(section: FormSection, damage: Damage) -> None:
    """Where a table that adds up suffers one damage, and does not add up any more: each cell that was changed is in doubt.

    (But where it moved zeros alone: a blank in the place of a 0 explains any sum.)
    """
    rules = [r for r in REPORT.identities if r.left[0].startswith(f"{section.path}.")]
    for seed, which, where in list(product((1, 2), range(0, 30, 3), range(6)))[:: some(7)]:
        counts = counts_of(seed, section.path)
        assert all(holds(rule, counts) for rule in rules)
        changed = damage(counts, which, where)
        damaged = {**counts, **changed}
        touched = {p for p, n in changed.items() if n != counts[p]}
        if not all(holds(rule, damaged) for rule in rules) and any(changed[p] for p in touched):
            assert touched - doubtful_by_damage(damaged, section, rules).keys() == set(), (seed, which, where)


def test_a_table_that_adds_up_is_in_no_doubt() -> None:
    for section in WATCHED:
        rules = [r for r in REPORT.identities if r.left[0].startswith(f"{section.path}.")]
        assert doubtful_by_damage(counts_of(1, section.path), section, rules) == {}
