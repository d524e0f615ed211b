"""What survives is weighed: what a second reader settles, and what it cannot."""

from typing import Any

import pytest
from nianbao.pipeline.extract import REPORT
from nianbao.pipeline.llm.wire import NO_ROW, wire_rows

from nianbao import extract
from tests.tools.mutations import Rows, said, target

from .made_up import report
from .test_laws import cells_of, wrongly_vouched
from .test_layouts import BUSY, in_cells
from .test_pointing import read_with

EITHER = report(cells=BUSY, write=in_cells, change=lambda t: t.replace("行政复议\n行政诉讼\n", "行政诉讼\n行政复议\n"))
"""Heads one a line, where 行政诉讼 stands over two of the groups, and nothing says on which side of them 行政复议 is."""
GROUPS = ("reconsideration", "litigation_direct", "litigation_after_reconsideration")


def answer_of(text: str, right: dict[str, Any]) -> tuple[Any, Rows]:
    aim = target(text, right)
    return aim, {number: list(ids) for number, ids in aim.right.items()}


def number_of(row: str) -> str:
    """The number by which a model names a row of the 2021 form."""
    return next(w.number for w in wire_rows(REPORT) if w.row.path == row and w.form in ("2021", None))


def test_two_orders_of_groups_are_in_doubt() -> None:
    """Where heads leave open two orders, the cells that differ are in doubt, each order is shown, and all else is vouched for."""
    found = extract(EITHER)
    groups = [{path.split(".")[1] for path in doubt.paths} for doubt in found.doubts]
    assert (found.status, groups) == ("unresolved", [{group} for group in GROUPS])
    assert [len(doubt.choices) for doubt in found.doubts] == [2, 2, 2]
    assert wrongly_vouched(found, cells_of(extract(report(cells=BUSY)))) == {}


@pytest.mark.parametrize("order", [GROUPS, (*GROUPS[1:], GROUPS[0])])
def test_a_second_reader_settles_an_order(order: tuple[str, ...]) -> None:
    """Where another reader, who did not know of the first, finds one of the two, that one is vouched for."""
    plain = cells_of(extract(report(cells=BUSY)))
    aim, rows = answer_of(EITHER, plain)
    ids = [rows[number_of(f"review_litigation.{group}")] for group in GROUPS]
    rows |= {number_of(f"review_litigation.{group}"): own for group, own in zip(order, ids, strict=True)}
    found = read_with(aim, said(rows))
    to = dict(zip(GROUPS, order, strict=True))
    right = {".".join(to.get(step, step) for step in path.split(".")): value for path, value in plain.items()}
    assert (found.status, cells_of(found)) == ("verified", right)


def test_a_second_reader_settles_no_third_order() -> None:
    """What none of the readings that survive says is not vouched for by another reader's word."""
    aim, rows = answer_of(EITHER, cells_of(extract(report(cells=BUSY))))
    one, other = (number_of(f"review_litigation.{group}") for group in GROUPS[1:])
    rows[one], rows[other] = rows[other], rows[one]
    found = read_with(aim, said(rows))
    assert found.status == "unresolved"
    disputed = {path for doubt in extract(EITHER).doubts for path in doubt.paths}
    assert not any(found.evidence[path].trust == "vouched" for path in disputed)


UNNAMED = {
    **BUSY,
    "requests.partially_granted.natural_person": "1",
    "requests.partially_granted.total": "1",
    "requests.processed_total.natural_person": "3",
    "requests.processed_total.total": "5",
    "requests.carried_out.natural_person": "0",
    "requests.carried_out.total": "1",
}


def test_a_row_that_has_lost_its_name() -> None:
    """A row whose label says nothing is not read by rules; where another reader points at it, and the sums bear it out, it is."""
    text = report(
        cells=UNNAMED,
        change=lambda t: t.replace("（二）部分公开（区分处理的，只计这一情形，不计其他情形）", "（某）某某"),
    )
    plain = cells_of(extract(report(cells=UNNAMED)))
    by_rules = extract(text)
    assert (by_rules.status, wrongly_vouched(by_rules, plain)) == ("unresolved", {})
    aim, rows = answer_of(text, plain)
    first = next(i for i, t in enumerate(aim.shown.values, 1) if t.start > text.index("（某）某某"))
    rows[number_of("requests.partially_granted")] = list(range(first, first + 7))
    found = read_with(aim, said(rows))
    assert (found.status, cells_of(found)) == ("verified", plain)


STRAY = report(cells=BUSY, change=lambda t: t.replace("2.重复申请\t", "2.重复投诉\t1\t0\t0\t0\t0\t0\t1\n2.重复申请\t"))
"""A row more than the form has."""


def test_numbers_that_nobody_explains() -> None:
    """A number left over leaves the report unresolved whoever reads it, until a reader says that it is of no row, and the sums hold."""
    aim, rows = answer_of(STRAY, cells_of(extract(report(cells=BUSY))))
    left = rows.pop(NO_ROW)
    found = read_with(aim, said(rows))
    assert (found.status, "numbers_left_over" in {f.code for f in found.findings}) == ("unresolved", True)
    assert (len(left), read_with(aim, said(rows | {NO_ROW: left})).status) == (7, "verified")
    assert read_with(aim, said(rows | {NO_ROW: left[1:]})).status == "unresolved"
