"""The account of what a tool did with each cell, against cases counted by hand and against tools that are known."""

from collections.abc import Callable, Mapping

import pytest
from nianbao.eval.documents.account import (
    PRINTS,
    Account,
    UnaccountedError,
    account,
    coded,
    codes,
)

Texts = Mapping[str, str]


def through(tool: Callable[[Texts], str], printed: Texts) -> Account:
    """The account of a tool that is a function of the cells' texts."""
    numbers = codes(list(printed))

    def prints(filled: bool) -> list[str]:
        return [tool({p: coded(t, numbers[p], n, filled=filled) for p, t in printed.items()}) for n in range(PRINTS)]

    return account(tool(printed), prints(False), prints(True), printed)


TABLE = {"s.a.x": "12", "s.a.y": "", "s.a.z": "3", "s.b.x": "4.5", "s.b.y": "6", "s.b.z": "-"}
"""甲: 12, blank, 3; 乙: 4.5, 6, and a blank printed as a mark."""


def tabs(cells: Texts) -> str:
    return "甲\t{s.a.x}\t{s.a.y}\t{s.a.z}\n乙\t{s.b.x}\t{s.b.y}\t{s.b.z}\n".replace("s.", "").format(**named(cells))


def named(cells: Texts) -> dict[str, object]:
    class Row:
        def __init__(self, row: str) -> None:
            self.x, self.y, self.z = (cells[f"s.{row}.{column}"] for column in "xyz")

    return {"a": Row("a"), "b": Row("b")}


def dropping(cells: Texts) -> str:
    return "\n".join(text for text in ("甲", *list(cells.values())[:3], "乙", *list(cells.values())[3:]) if text)


def together(cells: Texts) -> str:
    return "甲" + "".join(list(cells.values())[:3]) + "乙" + "".join(list(cells.values())[3:])


def by_columns(cells: Texts) -> str:
    return "甲\n乙\n" + "\n".join(cells[f"s.{row}.{column}"] for column in "xyz" for row in "ab")


def shuffled(cells: Texts) -> str:
    order = ("s.b.y", "s.a.x", "s.a.z", "s.b.x", "s.b.z", "s.a.y")
    return "甲 乙 " + " ".join(cells[path] for path in order if cells[path])


def losing(cells: Texts) -> str:
    return tabs({**cells, "s.b.y": ""})


def breaking(cells: Texts) -> str:
    return tabs({**cells, "s.b.x": cells["s.b.x"].replace(".", ".\n")})


@pytest.mark.parametrize(
    ("tool", "held"),
    [
        (tabs, ("held", "held", "held", "held", "held", "held")),
        (dropping, ("loose", "lost", "loose", "held", "held", "held")),
        (together, ("glued", "lost", "glued", "glued", "glued", "glued")),
        (by_columns, ("held", "held", "held", "held", "held", "held")),
        (losing, ("held", "held", "held", "held", "lost", "held")),
        (breaking, ("held", "held", "held", "torn", "held", "held")),
    ],
)
def test_tools_that_are_known(tool: Callable[[Texts], str], held: tuple[str, ...]) -> None:
    """Each way to lose something is told by its name, cell by cell."""
    assert tuple(through(tool, TABLE).held.values()) == held


def test_a_cell_beside_none_of_its_neighbours_is_astray() -> None:
    """Numbers in an order that no table has are astray, those that stand by a neighbour are not."""
    full = {"s.a.x": "1", "s.a.y": "2", "s.a.z": "3", "s.b.x": "4", "s.b.y": "5", "s.b.z": "6"}
    order = ("s.a.x", "s.a.y", "s.b.x", "s.a.z", "s.b.y", "s.b.z")
    found = through(lambda cells: "表 " + " ".join(cells[path] for path in order), full)
    assert [path for path, held in found.held.items() if held == "astray"] == ["s.a.z", "s.b.x"]


def test_places_are_where_the_value_stands() -> None:
    """Every place holds the printed text; a torn value has the place from its first character to its last."""
    text = tabs(TABLE)
    found = through(tabs, TABLE)
    assert {path: text[start:end] for path, (start, end) in found.places.items()} == {
        path: shown for path, shown in TABLE.items() if shown
    }
    start, end = through(breaking, TABLE).places["s.b.x"]
    assert breaking(TABLE)[start:end] == "4.\n5"


def test_single_digits_run_together_are_parted_by_counting() -> None:
    """0 0 0 run together as 000 are told by their number; beside the digit of the next label they still are."""
    zeros = {"s.a.x": "0", "s.a.y": "0", "s.a.z": "0"}
    found = through(lambda cells: "甲" + "".join(cells.values()) + "2.乙", zeros)
    assert set(found.held.values()) == {"held"}
    more = {"s.a.x": "0", "s.a.y": "10"}
    assert set(through(lambda c: "甲" + " ".join(c.values()) + "2.乙", more).held.values()) == {"held", "glued"}


def test_a_number_that_stands_free_once_is_not_glued() -> None:
    """A table that the text has twice, once in tabs and once run together, is told by the one in tabs."""
    printed = {"s.a.x": "12", "s.a.y": "7"}
    assert set(through(lambda c: "\t".join(c.values()) + "\n" + "".join(c.values()), printed).held.values()) == {"held"}


def test_merged_cells_that_are_written_again_are_held() -> None:
    """A tool that writes a cell once for each column that it spans loses nothing."""
    found = through(lambda c: f"甲\t{c['s.a.x']}\t{c['s.a.x']}\t{c['s.a.y']}\n", {"s.a.x": "12", "s.a.y": "7"})
    assert dict(found.held) == {"s.a.x": "held", "s.a.y": "held"}
    assert found.places["s.a.x"] == (2, 4)


def test_escapes_and_rules_are_no_difference() -> None:
    """Markdown's escapes before signs, and rules as wide as their column, do not hinder the account; nan is a blank's trace."""
    printed = {"s.a.x": "-2", "s.a.y": "", "s.a.z": "-"}

    def markdown(cells: Texts) -> str:
        shown = [cells["s.a.x"].replace("-", "\\-"), cells["s.a.y"] or "nan", cells["s.a.z"].replace("-", "\\-")]
        return "| 甲 | " + " | ".join(shown) + " |\n|" + "|".join("-" * (len(text) + 2) for text in shown) + "|\n"

    assert set(through(markdown, printed).held.values()) == {"held"}


def test_a_tool_that_cannot_be_followed_is_refused() -> None:
    """Where the prints differ in more than the cells' digits, there is no account and no guess."""
    with pytest.raises(UnaccountedError):
        through(lambda cells: "表" * int(cells["s.a.x"]) + cells["s.a.x"], {"s.a.x": "12", "s.a.y": "3"})
    with pytest.raises(UnaccountedError):
        through(lambda cells: ("甲乙" if cells["s.a.x"] == "12" else "乙甲") + cells["s.a.x"], {"s.a.x": "12"})


def test_a_blank_that_cannot_be_filled_tells_nothing() -> None:
    """Where filled blanks set the page otherwise, the numbers of their rows are loose, those of other rows are held."""

    def fitted(cells: Texts) -> str:
        return tabs(cells) if not cells["s.a.y"] else tabs(cells) + "又一页"[: int(cells["s.a.y"])]

    assert tuple(through(fitted, TABLE).held.values()) == ("loose", "lost", "loose", "held", "held", "held")
