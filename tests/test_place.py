"""Tables set in space: a number belongs to the column that it stands under, unless numbers may have been moved together."""

from collections.abc import Callable

import pytest
from nianbao.pipeline.extract import REPORT
from nianbao.pipeline.source.width import shown_width

from nianbao import extract

from .made_up import report
from .test_laws import cells_of

GRANTED = "requests.granted"
SOME = {f"{GRANTED}.natural_person": "12", f"{GRANTED}.research": "3", f"{GRANTED}.total": "15",
        "requests.processed_total.natural_person": "12", "requests.processed_total.research": "3", "requests.processed_total.total": "15",
        "requests.received.natural_person": "12", "requests.received.research": "3", "requests.received.total": "15"}  # fmt: skip
PERSONS_AND_TOTAL = ("business", "research", "public_interest", "legal_service", "other")


def left(line: list[str]) -> str:
    return spaced(line, lambda cell, width: cell + " " * (width - shown_width(cell)))


def right(line: list[str]) -> str:
    return spaced(line, lambda cell, width: " " * (width - shown_width(cell)) + cell)


def middle(line: list[str]) -> str:
    def set_in_the_middle(cell: str, width: int) -> str:
        before = (width - shown_width(cell)) // 2
        return " " * before + cell + " " * (width - shown_width(cell) - before)

    return spaced(line, set_in_the_middle)


def spaced(line: list[str], pad: Callable[[str, int], str]) -> str:
    """A row of the tables in columns of a fixed width; its label stands in the first."""
    label, *cells = line
    return (label + " " * max(2, 84 - shown_width(label)) + "".join(pad(cell, 16) for cell in cells)).rstrip()


@pytest.mark.parametrize("write", [left, right, middle])
def test_blanks_are_where_no_number_stands(write: Callable[[list[str]], str]) -> None:
    """Rows with blanks come out as where the blanks are marked, and each number is read from its own place."""
    blank = {f"{GRANTED}.{name}": "" for name in ("business", "public_interest", "legal_service", "other")}
    found = extract(report(cells={**SOME, **blank}, write=write))
    marked = extract(report(cells={**SOME, **dict.fromkeys(blank, "/")}))
    assert (found.status, cells_of(found)) == ("verified", cells_of(marked))
    assert {found.evidence[path].basis for path in blank} == {"blank"}
    assert found.evidence[f"{GRANTED}.research"].basis == "read"


@pytest.mark.parametrize("moved", [("natural_person",), ("natural_person", "business")])
def test_numbers_moved_together(moved: tuple[str, ...]) -> None:
    """Numbers in the first columns alone may have been moved there: no row with a gap shows that the places are kept."""
    blank = {f"{GRANTED}.{c.name}": "" for c in REPORT.rows[GRANTED].columns if c.name not in moved}
    assert extract(report(cells=blank, write=left)).status == "unresolved"


@pytest.mark.parametrize("there", [("total",), ("research", "total")])
def test_rows_with_few_numbers(there: tuple[str, ...]) -> None:
    """Numbers with a gap before them, in a table whose other rows are full: each is read where it stands, all else is blank."""
    names = [c.name for c in REPORT.rows[GRANTED].columns]
    found = extract(report(cells={f"{GRANTED}.{name}": "" for name in names if name not in there}, write=left))
    assert found.status == "verified"
    assert [name for name in names if f"{GRANTED}.{name}" in cells_of(found)] == list(there)


def test_a_number_between_two_columns() -> None:
    """A number that stands under no column is not placed."""
    text = report(cells={**SOME, f"{GRANTED}.business": "", f"{GRANTED}.public_interest": ""}, write=left)
    line = next(line for line in text.splitlines() if line.startswith("（一）"))
    assert extract(text).status == "verified"
    assert extract(text.replace(line, line.replace(" 3" + " " * 15, " " * 9 + "3" + " " * 7, 1))).status == "unresolved"


def by_characters(line: list[str]) -> str:
    """A row of the tables where each character takes one column, whatever its width."""
    label, *cells = line
    return (label + " " * max(2, 42 - len(label)) + "".join(cell + " " * (10 - len(cell)) for cell in cells)).rstrip()


def test_characters_that_take_a_column_each() -> None:
    """Some tools set each character in one column: numbers stand under their heads by that measure."""
    names = ("natural_person", "business", "research", "public_interest")
    found = extract(report(cells={f"{GRANTED}.{name}": "" for name in names}, write=by_characters))
    assert found.status == "verified"
    assert [n for n in names if cells_of(found).get(f"{GRANTED}.{n}") is not None] == []


@pytest.mark.parametrize("write", [left, right, middle])
def test_a_blank_in_a_table_without_sums(write: Callable[[list[str]], str]) -> None:
    """Where heads stand right over aligned numbers, the one that is missing is a blank, though no sum says so."""
    cells = {
        "disclosure.licensing.prior_items": "",
        "disclosure.licensing.change": "10",
        "disclosure.licensing.decisions": "87",
    }
    found = extract(report("2019", cells, write=write))
    assert (found.status, found.evidence["disclosure.licensing.prior_items"].basis) == ("verified", "blank")
    assert cells_of(found)["disclosure.licensing.change"] == 10
