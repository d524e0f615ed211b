"""Tables that a text writes otherwise than in cells with separators: their columns are as sure as with them."""

from collections.abc import Callable, Sequence
from itertools import groupby

import pytest
from nianbao.pipeline.source.decode import fold, from_text
from nianbao.pipeline.source.grids import with_grids
from nianbao.pipeline.source.width import shown_width
from nianbao.pipeline.table.tokens import with_tabs

from nianbao import extract

from .made_up import report
from .test_laws import cells_of

GRANTED, RECEIVED = "requests.granted", "requests.received"
SOME = {f"{row}.{name}": number for row in (RECEIVED, GRANTED, "requests.processed_total")
        for name, number in (("natural_person", "12"), ("research", "3"), ("total", "15"))}  # fmt: skip
BLANK = dict.fromkeys(
    (f"{GRANTED}.business", f"{RECEIVED}.business", "disclosure.regulations.made", "disclosure.licensing.decisions"), ""
)
Rows = Sequence[Sequence[str]]


def written(write: Callable[[Rows], str], cells: dict[str, str]) -> str:
    """A report whose tables are written so, each in rows of as many cells."""
    found = []
    for is_table, lines in groupby(report("2021", cells).splitlines(), key=lambda line: "\t" in line):
        rows = [line.split("\t") for line in lines]
        most = max(map(len, rows))
        found.append(
            write([[*row, *[""] * (most - len(row))] for row in rows]) if is_table else "\n".join(r[0] for r in rows)
        )
    return "\n".join(found) + "\n"


def ruled(rows: Rows) -> str:
    widths = [max(shown_width(cell) for cell in column) for column in zip(*rows, strict=True)]
    rule = " ".join("-" * max(2, width) for width in widths)
    lines = (" ".join(c + " " * (max(2, w) - shown_width(c)) for c, w in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(("", rule, *lines, rule, ""))


def a_cell_a_line(rows: Rows) -> str:
    first = [rows[0][0]] * len(rows[0])  # merged, and written out in each column
    return "\n" + "".join("\n".join(row) + "\n\n" for row in (first, *rows))


def test_a_blank_is_a_cell() -> None:
    """Blanks between the columns that dashes rule are vouched for, and so is every number beside them."""
    found = extract(written(ruled, {**SOME, **BLANK}))
    marked = extract(report("2021", {**SOME, **dict.fromkeys(BLANK, "/")}))
    assert (found.status, cells_of(found)) == ("verified", cells_of(marked))
    assert {found.evidence[path].basis for path in BLANK} == {"blank"}


def test_an_empty_paragraph_is_a_cell() -> None:
    """Where an empty line stands behind every cell, an empty cell is two more."""
    text = report("2021", {**SOME, **BLANK}).replace("\n", "\t")
    found = extract("\n\n".join(text.split("\t")))
    assert cells_of(found) == cells_of(extract(report("2021", {**SOME, **dict.fromkeys(BLANK, "/")})))


@pytest.mark.parametrize(
    ("text", "grid"),
    [
        ("------- ---\n规章    0\n", "------- ---\n规章   \t0\n"),
        ("------- ---\n规章制度 0\n", "------- ---\n规章制度 0\n"),  # across the border
        ("表\n表\n表\n表\n\n规章\n1\n\n2\n\n" + "规章\n1\n\n2\n\n" * 3,
         "表\t表\t表\t表\n\n规章\t1\t\t2\n\n" + "规章\t1\t\t2\n\n" * 3),
        ("表\n甲\n乙\n丙\n\n规章\n1\n\n2\n\n" * 4, "表\n甲\n乙\n丙\n\n规章\n1\n\n2\n\n" * 4),  # nothing is written out twice
        ('[规章]{style="a"}\t[0]{lang="EN"}', " 规章            \t 0            "),
        ("[667]{.deletion author=a}", "^667                     "),
        ("1\\. \\-2", "1 .  -2"),
    ],
)  # fmt: skip
def test_of_the_same_length(text: str, grid: str) -> None:
    """Text → the same with tabs between its cells, character for character."""
    assert with_grids(fold(text), text) == grid
    assert len(grid) == len(text)


def test_a_row_that_lacks_a_line_is_no_row() -> None:
    """A line that was lost shifts no cell into another column: nothing behind it is vouched for otherwise than it stands."""
    whole = written(a_cell_a_line, SOME)
    gold = cells_of(extract(whole))
    lines = whole.split("\n")
    for at in range(0, len(lines), 7):
        found = extract("\n".join(lines[:at] + lines[at + 1 :]))
        sure = {
            path: value
            for path, value in cells_of(found).items()
            if found.evidence[path].trust == "vouched" and value is not None
        }
        assert sure.items() <= gold.items(), lines[at]


@pytest.mark.parametrize(
    ("text", "tabs"),
    [
        ("表,甲,乙\n规章,0,1\n规范,2,3\n", "表\t甲\t乙\n规章\t0\t1\n规范\t2\t3\n"),
        ("甲,1,2\n乙,1,2\n丙,1,2\n丁,1,2,460\n", "甲\t1\t2\n乙\t1\t2\n丙\t1\t2\n丁\t1\t2\t460\n"),  # a cell too many
        ("甲,1,2\n乙,1,2\n丙,1,2\n\n丁,1\n戊,2\n", "甲\t1\t2\n乙\t1\t2\n丙\t1\t2\n\n丁,1\n戊,2\n"),
        ("全年1,075件，其中2,300件\n", "全年1,075件,其中2,300件\n"),
    ],
)
def test_commas_part_cells(text: str, tabs: str) -> None:
    """The commas of lines of comma-separated values part cells, and no others do."""
    assert with_tabs(from_text(text, "a"), 0, len(text)) == tabs
