"""Laws: what pages and extractions add without touching a cell does not change the record."""

import re

from hypothesis import given
from hypothesis import strategies as st
from nianbao.pipeline.extract import REPORT

from nianbao import extract

from .made_up import APPLICANTS, report, tabbed
from .test_laws import cells_of
from .test_layouts import BUSY, codes

CHROME_BEFORE = (
    "首页 > 政府信息公开 > 年报\n索引号：11320/2024-00017\n发布日期：2024-01-25 09:30 浏览次数：345 字号：大 中 小\n"
)
CHROME_AFTER = "\n打印 关闭\n主办：某县人民政府 电话：0517-87222589\n苏ICP备05012345号\n"
_ROW = re.compile(r"[^\t\n]{2,}(?:\t[\d.]+)+")

Lines = list[str]


@st.composite
def harmless(draw: st.DrawFn) -> tuple[str, str]:
    """Form, and the text of a report to which things were done that touch no cell."""
    form = draw(st.sampled_from(["2019", "2021"]))
    lines = report(form, BUSY).split("\n")
    for change in draw(st.lists(st.sampled_from([page_break, blank_line, head_again, spaced_label]), max_size=4)):
        lines = change(draw, lines)
    text = "\n".join(lines)
    if draw(st.booleans()):
        text = CHROME_BEFORE + text + CHROME_AFTER
    return form, text.replace("\t", draw(st.sampled_from(["\t", "\t", "\n", " | "])))


def a_row(draw: st.DrawFn, lines: Lines) -> int:
    """The number of a line that holds a row of a table."""
    return draw(st.sampled_from([i for i, line in enumerate(lines) if _ROW.fullmatch(line)]))


def page_break(draw: st.DrawFn, lines: Lines) -> Lines:
    at = a_row(draw, lines)
    mark = draw(st.sampled_from(["- 3 -", "—5—", "第 4 页 共 9 页", "\f", "\f- 3 -"]))
    return [*lines[:at], mark, *lines[at:]]


def blank_line(draw: st.DrawFn, lines: Lines) -> Lines:
    at = a_row(draw, lines)
    return [*lines[:at], *[""] * draw(st.integers(1, 3)), *lines[at:]]


def head_again(draw: st.DrawFn, lines: Lines) -> Lines:
    squeezed = [re.sub(r"\s", "", line) for line in lines]
    first, last = (next(i for i, x in enumerate(squeezed) if x.startswith(s)) for s in ("二、上年结转", "四、结转下"))
    at = draw(st.integers(first, last))
    return [*lines[:at], tabbed(APPLICANTS), *lines[at:]]


def spaced_label(draw: st.DrawFn, lines: Lines) -> Lines:
    at = a_row(draw, lines)
    label, tab, cells = lines[at].partition("\t")
    where = draw(st.integers(1, len(label) - 1))
    space = draw(st.sampled_from([" ", "　", "\u00a0"]))
    return [*lines[:at], label[:where] + space + label[where:] + tab + cells, *lines[at + 1 :]]


@given(harmless())
def test_what_pages_add_changes_nothing(made: tuple[str, str]) -> None:
    """Page breaks, blank lines, repeated heads, chrome, spaces in labels, one cell a line: the same cells, verified."""
    form, text = made
    found, plain = extract(text), extract(report(form, BUSY))
    assert (found.status, codes(found), cells_of(found)) == ("verified", set(), cells_of(plain))


ROWS = {
    "requests.received": (3, 5, 2, 6, 9, 17),
    "requests.granted": (3, 0, 0, 0, 0, 0),
    "requests.partially_granted": (0, 4, 0, 0, 0, 0),
    "requests.denied.third_party_rights": (0, 1, 2, 0, 0, 0),
    "requests.not_provided.not_held": (0, 0, 0, 6, 9, 0),
    "requests.processed_total": (3, 5, 2, 6, 9, 0),
    "requests.carried_out": (0, 0, 0, 0, 0, 17),
}
"""A table in which arithmetic alone can place every number, where no 0 is printed."""


def without_zeros() -> dict[str, str]:
    cells = {p: "" for p in REPORT.columns if p.startswith("requests.")}
    for row, counts in ROWS.items():
        for column, count in zip(REPORT.rows[row].columns, (*counts, sum(counts)), strict=True):
            cells[row + "." + column.name] = str(count or "")
    return cells


@given(st.sampled_from(["\t", "\n", " | "]), st.sampled_from(["2019", "2021"]))
def test_dropped_blanks_are_placed(separator: str, form: str) -> None:
    """Where no 0 is printed and blanks left no trace, arithmetic places the numbers, and says that it did."""
    cells = without_zeros()
    plain = extract(report(form, cells))
    found = extract(report(form, cells, write=lambda line: separator.join(c for c in line if c)))
    assert (found.status, cells_of(found)) == ("verified", cells_of(plain))
    placed = found.evidence["requests.partially_granted.business"]
    blank = found.evidence["requests.partially_granted.natural_person"]
    assert (placed.text, placed.basis, blank.start, blank.basis) == ("4", "inferred", None, "blank")


@given(st.sampled_from([p for p, v in without_zeros().items() if v]))
def test_a_number_lost_among_dropped_blanks(path: str) -> None:
    """Of a table whose blanks left no trace, a lost number is never made up for."""
    cells = {**without_zeros(), path: ""}
    found = extract(report(cells=cells, write=lambda line: "\t".join(c for c in line if c)))
    assert found.status == "unresolved"


def test_dropped_blanks_that_could_stand_anywhere() -> None:
    """A row that shows two numbers of seven is in doubt, and ways to read it are shown."""
    cells = {p: "" for p in REPORT.columns if p.startswith("requests.")}
    for row in ("received", "granted", "processed_total"):
        cells |= {f"requests.{row}.natural_person": "26", f"requests.{row}.total": "26"}
    found = extract(report(cells=cells, write=lambda line: "\n".join(c for c in line if c)))
    doubt = next(d for d in found.doubts if d.paths[0].startswith("requests.granted."))
    ways = {tuple(value for value in choice.values.values() if value is not None) for choice in doubt.choices}
    assert (found.status, len(doubt.choices) > 1, ways) == ("unresolved", True, {(26, 26)})
