"""Changes of one number."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from .changes import (
    BETWEEN,
    Changed,
    as_before,
    each,
    exchange,
    exchangeable,
    kind,
    one_more,
    pairs,
    seen_through,
    separate,
    without,
)
from .layouts import Layout, parts
from .tables import Cell, Page, Table, adjacent


def beside(table: Table) -> Iterator[tuple[Cell, Cell]]:
    """Values and their neighbours to the right."""
    for row in range(table.height):
        yield from adjacent(c for c in table.row(row) if c.part == "value")


def below(table: Table) -> Iterator[tuple[Cell, Cell]]:
    """Values and their neighbours below, in the same column of the same sub-table."""
    for part in parts(table):
        values = [c for c in part.in_order() if c.part == "value"]
        yield from ((a, b) for a in values for b in values if b.row == a.row + 1 and b.column == a.column)


def either(find: Callable[[Table], Iterable[tuple[Cell, Cell]]]) -> Callable[[Table], Iterable[tuple[Cell, Cell]]]:
    return lambda table: ((a, b) for a, b in find(table) if exchangeable(a, b))


number = each("value", where=separate)


@kind(number, weight=4)
def lost(page: Page, _layout: Layout, spot: str) -> Changed:
    """A number is gone; where a blank leaves its place behind, the place is there. It is not known any more."""
    return without(page.with_table(page.table_of(spot).put({spot: ""})), page, [spot])


@kind(each("value", where=lambda layout, _: layout.blanks and not layout.fixed), weight=4)
def lost_with_its_place(page: Page, _layout: Layout, spot: str) -> Changed:
    """A number is gone together with its field, so that those behind it move up. The row is too short, and says so."""
    return without(page.with_table(page.table_of(spot).remove(spot)), page, [spot])


one_more("number", number, weight=4)


@kind(pairs(either(beside)), weight=4)
def exchanged_with_the_right(page: Page, _layout: Layout, spot: str) -> Changed:
    """A number and its neighbour to the right are exchanged: another table is printed."""
    return seen_through(new := exchange(page, spot), new, page)


@kind(pairs(either(below)), weight=4)
def exchanged_with_the_one_below(page: Page, _layout: Layout, spot: str) -> Changed:
    """A number and its neighbour below are exchanged: another table is printed."""
    return seen_through(new := exchange(page, spot), new, page)


def _digits(layout: Layout, cell: Cell) -> bool:
    return sum(c.isdigit() for c in cell.text.partition(".")[0]) > 1 and separate(layout, cell)


@kind(each("value", where=_digits), weight=2)
def digits_parted(page: Page, _layout: Layout, spot: str) -> Changed:
    """A space inside a number. Read as before."""
    table = page.table_of(spot)
    text = table.get(spot).text
    at = 1 + text.startswith("-")
    return as_before(page.with_table(table.put({spot: f"{text[:at]} {text[at:]}"})), page)


def _join(page: Page, layout: Layout, spot: str, between: str) -> Page:
    one, other = spot.split(BETWEEN)
    table = page.table_of(one)
    a, b = table.get(one), table.get(other)
    if layout.fixed:
        table = table.each(lambda c: None if c is b else replace(c, columns=a.columns + b.columns) if c is a else c)
    elif layout.lines:
        table = table.remove(other)
    return page.with_table(table.put({one: a.text + between + b.text, other: ""}))


def _next(page: Page, layout: Layout) -> Iterator[str]:
    """Values with the value that is printed next."""
    find = below if layout.by_columns else beside
    for table in page.tables.values() if layout.parted else ():
        yield from (f"{a.id}{BETWEEN}{b.id}" for a, b in find(table) if a.text and b.text)


@kind(_next, weight=2)
def glued_to_the_next(page: Page, layout: Layout, spot: str) -> Changed:
    """Nothing between a number and the next. Read as before."""
    return as_before(_join(page, layout, spot, ""), page)


def _next_in_a_cell(page: Page, layout: Layout) -> Iterator[str]:
    return _next(page, layout) if not layout.spaces else iter(())


@kind(_next_in_a_cell, weight=2)
def two_in_a_cell(page: Page, layout: Layout, spot: str) -> Changed:
    """A number and the next in one cell, a space between them. Read as before."""
    return as_before(_join(page, layout, spot, " "), page)
