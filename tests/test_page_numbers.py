"""A number alone on its line in a table: whether it is of the page, or broke off from a row."""

import re
from collections.abc import Callable

import pytest

from nianbao import extract

from .conftest import some
from .made_up import report
from .test_laws import cells_of, wrongly_vouched

OUTCOMES = ("granted", "processed_total")
CELLS = {
    f"requests.{row}.{column}": value
    for row in ("received", *OUTCOMES)
    for column, value in (("natural_person", "12"), ("business", "13"), ("total", "25"))
} | {
    "review_litigation.reconsideration.upheld": "10",
    "review_litigation.reconsideration.corrected": "11",
    "review_litigation.reconsideration.total": "21",
}
ROWS = ("一、本年新收", "（一）予以公开", "（七）总计", "10")
SPACES = "   ".join


def row_of(text: str, row: str) -> str:
    """The line of a row with its numbers."""
    found = re.search(rf"(?m)^{row}[^\n]*25.*$|^{row}\s.*21.*$", text)
    assert found, row
    return found[0]


@pytest.mark.parametrize("write", ["\t".join, SPACES])
@pytest.mark.parametrize(
    ("before", "number"),
    [("（一）予以公开", "3"), ("四、结转下年度", "12"), ("四、政府信息公开", "7"), ("五、存在", "8")],
)
def test_it_is_of_the_page(write: Callable[[list[str]], str], before: str, number: str) -> None:
    """Between rows that add up without it, or after the last of them."""
    text = report("2021", CELLS, write=write)
    found = extract(text.replace(before, f"{number}\n{before}", 1))
    assert (found.status, [f.code for f in found.findings if "页码" in f.message]) == ("verified", ["page_number"])
    assert cells_of(found) == cells_of(extract(text))


@pytest.mark.parametrize("write", ["\t".join, SPACES])
@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("gap", ["\n", "\n\n"])
def test_it_broke_off(write: Callable[[list[str]], str], row: str, gap: str) -> None:
    """The last digits of any number of a row, of all of them, or a whole cell, on lines of their own: no wrong cell is vouched for."""
    text = report("2021", CELLS, write=write)
    right = cells_of(extract(text))
    line = row_of(text, row)
    numbers = list(re.finditer(r"\d\d", line))
    damaged = [f"{line[: n.end() - 1]}{line[n.end() :]}{gap}{n[0][1]}" for n in numbers]
    damaged += [f"{line[: n.start()].rstrip()}{line[n.end() :]}{gap}{n[0]}" for n in numbers]
    damaged += [re.sub(r"(\d)\d", r"\1", line) + "".join(gap + n[0][1] for n in numbers)]
    for broken in damaged[:: some(2)]:
        assert wrongly_vouched(extract(text.replace(line, broken)), right) == {}, broken
