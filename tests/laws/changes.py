"""The changes: each takes a clean report and one place in it, and says what a careful person reads then.

A change gives the page as it is printed now, and the readings that a careful person could come to: most often one. Three rules
hold throughout:

- What is printed is read as printed, and nothing else is made of it. A number that is gone is not known any more.
- Where damage can be seen, what is read is what stood there before, or the cell is in doubt: the program may always doubt.
- Where a change prints another table as clearly as the first, that table is read. Only if an identity fails in it that held
  before, a person may also see through it; then the table before the change is a reading, too.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from .layouts import Layout, order_free, parts
from .tables import FORM, REQUESTS, Cell, Free, Page, Reading, Table, Value, failing


@dataclass(frozen=True, slots=True)
class Changed:
    """A changed page, and the readings that a careful person could come to."""

    page: Page
    readings: tuple[Reading, ...]


Spots = Callable[[Page, Layout], Iterable[str]]
Change = Callable[[Page, Layout, str], Changed]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of change. about: what is changed, and what is read then; spots: the places where it can happen.

    weight: how many cases of it are tried, against others. clean: nothing is damaged, so that all should be vouched for.
    """

    name: str
    about: str
    spots: Spots
    change: Change
    weight: int
    clean: bool

    def apply(self, page: Page, layout: Layout, spot: str) -> Changed:
        """The page changed in a spot; where a layout leaves open how numbers run, the cells concerned are not judged."""
        changed = self.change(page, layout, spot)
        if not layout.order_free:
            return changed
        free: dict[str, Value] = dict.fromkeys(order_free(page), Free.FREE)
        return replace(changed, readings=tuple({**r, **free} for r in changed.readings))


KINDS: dict[str, Kind] = {}


def declare(name: str, about: str, spots: Spots, change: Change, *, weight: int = 1, clean: bool = False) -> None:
    KINDS[name] = Kind(name, about, spots, change, weight, clean)


def kind(spots: Spots, *, weight: int = 1, clean: bool = False) -> Callable[[Change], Change]:
    """Declare a change that is a function: by its name, and with its docstring."""

    def decorate(change: Change) -> Change:
        declare(change.__name__, change.__doc__ or "", spots, change, weight=weight, clean=clean)
        return change

    return decorate


# --- Places -----------------------------------------------------------------------------------------------------------

BETWEEN = " with "
"""Stands between the names of two cells in the name of a spot."""


def separate(layout: Layout, cell: Cell) -> bool:
    """Whether a digit more or less beside a cell can be seen: where numbers run together, in 三 alone, by its sums down and across.

    In 二 and 四 such a digit can print another table as clearly: 3 12 10 16 without its 41 is 3 1 2 10 16.
    """
    return layout.parted or cell.id.startswith(REQUESTS)


def each(*part: str, where: Callable[[Layout, Cell], bool] = lambda _, __: True) -> Spots:
    """The cells of some parts of the tables that hold a text."""

    def spots(page: Page, layout: Layout) -> Iterator[str]:
        for table in page.tables.values():
            yield from (c.id for c in table.in_order() if c.part in part and c.text and where(layout, c))

    return spots


def pairs(find: Callable[[Table], Iterable[tuple[Cell, Cell]]]) -> Spots:
    """Pairs of cells that differ in their text."""

    def spots(page: Page, _layout: Layout) -> Iterator[str]:
        for table in page.tables.values():
            yield from (f"{a.id}{BETWEEN}{b.id}" for a, b in find(table) if a.text != b.text)

    return spots


def exchangeable(one: Cell, other: Cell) -> bool:
    """Whether each of two values could stand in the place of the other."""
    kinds = {FORM.columns[c.id].kind for c in (one, other)}
    return len(kinds) == 1 or ("amount" not in kinds and not any(c.text.startswith("-") for c in (one, other)))


def values_in(table: Table, row: int) -> list[Cell]:
    return [c for c in table.row(row) if c.part == "value"]


def part_of(table: Table, cell: Cell) -> Table:
    """The sub-table that a cell stands in."""
    return next(p for p in parts(table) if cell in p.cells)


def under(table: Table, cell: Cell) -> list[Cell]:
    """The values under a head, row by row."""
    return [
        c
        for c in part_of(table, cell).in_order()
        if c.part == "value" and cell.column <= c.column and c.end <= cell.end
    ]


# --- Changed texts ----------------------------------------------------------------------------------------------------


def put(page: Page, spot: str, change: Callable[[str], str]) -> Page:
    table = page.table_of(spot)
    return page.with_table(table.put({spot: change(table.get(spot).text)}))


def put_all(page: Page, cells: list[Cell], texts: list[str]) -> Page:
    return page.with_table(page.table_of(cells[0].id).put(dict(zip((c.id for c in cells), texts, strict=True))))


def exchange(page: Page, spot: str) -> Page:
    one, other = spot.split(BETWEEN)
    return page.with_table(page.table_of(one).exchange(one, other))


# --- Readings ---------------------------------------------------------------------------------------------------------


def seen_through(page: Page, printed: Page, before: Page) -> Changed:
    """`page` prints what `printed` reads; the table before counts as well, if what is printed breaks an identity."""
    new, old = printed.reading(), before.reading()
    return Changed(page, (new, old) if failing(new) - failing(old) else (new,))


def as_before(page: Page, before: Page) -> Changed:
    return Changed(page, (before.reading(),))


def without(page: Page, before: Page, gone: Iterable[str]) -> Changed:
    """Read as before, but for cells that are not there any more."""
    return Changed(page, (before.reading() | dict.fromkeys(gone),))


# --- One cell more ----------------------------------------------------------------------------------------------------


def more(page: Page, layout: Layout, spot: str, text: str, *, after: bool) -> Changed:
    """One cell more beside a cell; where columns have fixed places, in the same place. Read as before."""
    table = page.table_of(spot)
    if layout.fixed:
        old = table.get(spot).text
        table = table.put({spot: f"{old} {text}" if after else f"{text} {old}"})
    else:
        table = table.insert(spot, text, after=after, shift=layout.lines)
    return as_before(page.with_table(table), page)


def again(page: Page, layout: Layout, spot: str) -> Changed:
    return more(page, layout, spot, page.table_of(spot).get(spot).text, after=True)


def one_more(what: str, spots: Spots, weight: int = 1) -> None:
    """Declare the changes by which a number, a label or a head is doubled, or has a 0 or a small number beside it."""
    declare(f"{what}_doubled", f"A {what} is printed twice. Read as before.", spots, again, weight=weight)
    for called, text in (("zero", "0"), ("small_number", "3")):
        for after, where in ((False, "before"), (True, "after")):
            about = f"A {text} too many {where} a {what}. Read as before."
            declare(f"{called}_{where}_a_{what}", about, spots, partial(more, text=text, after=after), weight=weight)
