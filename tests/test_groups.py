"""Section 四, its groups side by side or torn: each number under its own group and head."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nianbao.pipeline.extract import REPORT
from nianbao.pipeline.table.torn import torn_orders

from nianbao import extract

from .made_up import RESULTS, report, tabbed
from .test_labels import items_of
from .test_laws import cells_of
from .test_layouts import BUSY, in_bars, review_cells

LABELS = {"r": "行政复议", "d": "未经复议直接起诉", "a": "复议后起诉"}
PLACES = {"r": 0, "d": 5, "a": 10}
ENDS = RESULTS[2:7]
BESIDE = [order for order in permutations("rda") if "rda".index(order[1]) != 0]
"""The orders in which the two groups of 行政诉讼 are neighbours."""


def grid(order: tuple[str, ...], heads: tuple[int, ...] = (0, 1, 2, 3, 4)) -> list[list[str]]:
    """The lines of section 四 with its groups, and the columns of each, in some order."""
    top, middle, ends, values = [], [], [], []
    for at, group in enumerate(order):
        first = group != "r" and (at == 0 or order[at - 1] == "r")
        top += ["行政复议" if group == "r" else "行政诉讼" if first else "", *[""] * 4]
        middle += ["" if group == "r" else LABELS[group], *[""] * 4]
        ends += [ENDS[i] for i in heads]
        values += [review_cells(BUSY)[PLACES[group] + i] for i in heads]
    return [top, middle, ends, values]


@pytest.mark.parametrize("write", [tabbed, in_bars])
@pytest.mark.parametrize("order", BESIDE, ids="".join)
def test_groups_in_any_order(order: tuple[str, ...], write) -> None:  # type: ignore[no-untyped-def]
    """Under heads of three levels each group is read where its label stands."""
    old = "\n".join(map(tabbed, [RESULTS, review_cells(BUSY)]))
    text = report(cells=BUSY, change=lambda t: t.replace(old, "\n".join(map(write, grid(order)))))
    found = extract(text)
    assert (found.status, cells_of(found)) == ("verified", cells_of(extract(report(cells=BUSY))))


@pytest.mark.parametrize("heads", list(permutations(range(5)))[::17], ids=str)
def test_columns_of_groups_in_any_order(heads: tuple[int, ...]) -> None:
    """The columns of every group in another order, heads and numbers: the same record."""
    old = "\n".join(map(tabbed, [RESULTS, review_cells(BUSY)]))
    text = report(cells=BUSY, change=lambda t: t.replace(old, "\n".join(map(tabbed, grid(("r", "d", "a"), heads)))))
    found = extract(text)
    assert (found.status, cells_of(found)) == ("verified", cells_of(extract(report(cells=BUSY))))


@given(
    st.integers(2, 4).flatmap(
        lambda n: st.lists(st.lists(st.integers(0, 99), min_size=3, max_size=3), min_size=n, max_size=n)
    )
)
def test_torn_numbers(rows: list[list[int]]) -> None:
    """Numbers printed column by column, or row by row, apart from their labels: the rows are among the ways to take them."""
    section = next(s for s in REPORT.sections if s.path == "requests")
    labels = "\n".join(row.labels[0].text for row in section.rows[: len(rows)])
    by_column = "\n\n".join("\n".join(map(str, column)) for column in zip(*rows, strict=True))
    by_row = "\n".join(str(n) for row in rows for n in row)
    for numbers in (by_column, by_row):
        items = items_of(f"{numbers}\n{labels}", section)
        ways = [[[int(t.text) for t in row] for row in way] for way in torn_orders(items, 3, len(rows))]
        assert rows in ways
