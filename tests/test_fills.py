"""The ways to fill a row: on small runs, all that there are, as found by trying everything."""

from collections.abc import Callable
from itertools import combinations, pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nianbao.pipeline.table.fills import Fill, Slots, fills_in_order, slot_of
from nianbao.pipeline.table.tokens import Token

from .test_tokens import tokens_of

Texts = tuple[str | None, ...]


def no_sum(_: Slots) -> float:
    return 0


def texts_of(tokens: tuple[Token, ...], fill: Fill) -> Texts:
    """What a fill puts into each cell, as text: None for a blank without a trace."""
    at = {t.start: t for t in tokens}
    found: list[str | None] = []
    for slot in fill.slots:
        token = next((t for t in tokens if slot is not None and t.start <= slot.start < max(t.end, t.start + 1)), None)
        found.append(
            None if slot is None or token is None else token.text[slot.start - token.start : slot.end - token.start]
        )
    assert at
    return tuple(found)


def adds_up(tokens: tuple[Token, ...]) -> Callable[[Slots], float]:
    """Whether the last cell is the sum of those before it, a blank being any count: 0 where it may be, 1 where it cannot."""

    def failing(slots: Slots) -> float:
        *parts, total = texts_of(tokens, Fill(slots, 0.0))
        known = sum(int(p) for p in parts if p)
        if not total:
            return 0
        return int(known > int(total) if None in parts or "" in parts else known != int(total))

    return failing


figures = st.lists(st.integers(1, 9), min_size=1, max_size=5)


@given(figures)
def test_a_full_row_is_read_in_one_way(numbers: list[int]) -> None:
    """As many numbers as cells: one way, and it costs nothing."""
    tokens = tokens_of("\t".join(map(str, [*numbers, 0])))
    assert fills_in_order(tokens, len(tokens), no_sum) == (Fill(tuple(map(slot_of, tokens)), 0.0),)


@given(figures, st.integers(1, 2))
def test_lost_blanks_stand_anywhere(numbers: list[int], lost: int) -> None:
    """Where cells left no trace and no sum tells: every way to leave so many of them out, each number in its order."""
    tokens = tokens_of("\n".join(map(str, numbers)))
    count = len(numbers) + lost
    expected = set()
    for at in combinations(range(count), lost):
        rest = iter(map(str, numbers))
        expected.add(tuple(None if i in at else next(rest) for i in range(count)))
    assert {texts_of(tokens, fill) for fill in fills_in_order(tokens, count, no_sum)} == expected


@given(figures)
def test_sums_choose_among_the_ways(numbers: list[int]) -> None:
    """Of the ways to lose one cell, those are left that break no sum where there are any."""
    tokens = tokens_of("\n".join(map(str, [*numbers, sum(numbers)])))
    failing = adds_up(tokens)
    every = fills_in_order(tokens, len(tokens) + 1, no_sum)
    found = {texts_of(tokens, fill) for fill in fills_in_order(tokens, len(tokens) + 1, failing)}
    least = min(failing(fill.slots) for fill in every)
    assert found == {texts_of(tokens, fill) for fill in every if failing(fill.slots) == least}


@given(figures, st.integers(0, 9), st.integers(0, 5))
def test_a_number_too_many(numbers: list[int], more: int, at: int) -> None:
    """Any number may be the one too many; where the row adds up without just one of them, that one is."""
    right = [*numbers, sum(numbers)]
    at = min(at, len(right))
    tokens = tokens_of("\t".join(map(str, [*right[:at], more, *right[at:]])))
    ways = {tuple(t.text for i, t in enumerate(tokens) if i != out) for out in range(len(tokens))}
    assert {texts_of(tokens, f) for f in fills_in_order(tokens, len(right), no_sum)} == ways
    found = fills_in_order(tokens, len(right), adds_up(tokens))
    assert {texts_of(tokens, f) for f in found} == {w for w in ways if sum(map(int, w[:-1])) == int(w[-1])}
    assert all(fill.cost > 0 and fill.basis == "inferred" for fill in found)


@pytest.mark.parametrize(
    ("digits", "count"), [("000", 3), ("120", 2), ("1200", 3), ("2002", 3), ("10", 2), ("3200005", 7)]
)
def test_digits_run_together(digits: str, count: int) -> None:
    """Glued digits are parted in every way in which no number begins with a 0 of another."""
    tokens = tokens_of(f"规章{digits}规范性文件")
    numbers = tuple(t for t in tokens if t.kind == "number")
    edges = [(0, *at, len(digits)) for at in combinations(range(1, len(digits)), count - 1)]
    ways = {tuple(digits[a:b] for a, b in pairwise(e)) for e in edges}
    right = {way for way in ways if all(part == "0" or part[0] != "0" for part in way)}
    found = fills_in_order(numbers, count, no_sum, frozenset(t.id for t in numbers))
    whole = {texts_of(numbers, fill) for fill in found if None not in fill.slots}
    assert whole == right


def test_too_many_ways_are_none() -> None:
    """Two numbers for ten cells could stand anywhere: no way is known."""
    assert fills_in_order(tokens_of("1\n2"), 10, no_sum) == ()


@given(st.lists(st.sampled_from(["", "4", "/"]), min_size=2, max_size=6))
def test_blanks_that_are_there(fields: list[str]) -> None:
    """In fields that are all there each is its own cell, empty or not."""
    tokens = tokens_of("甲\t" + "\t".join([*fields, "0"]))[1:]
    (fill,) = fills_in_order(tokens, len(fields) + 1, no_sum)
    assert texts_of(tokens, fill) == (*fields, "0")


def test_every_way_is_in_order() -> None:
    """Whatever is lost or too many: the slots of a way follow each other in the text, none twice."""
    for numbers, count in product(range(1, 5), range(1, 7)):
        tokens = tokens_of("\n".join("7" * (i + 1) for i in range(numbers)))
        for fill in fills_in_order(tokens, count, no_sum):
            places = [slot.start for slot in fill.slots if slot is not None]
            assert (len(fill.slots), places) == (count, sorted(set(places)))
