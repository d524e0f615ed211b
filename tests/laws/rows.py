"""Changes of a row of numbers."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise

from .changes import (
    BETWEEN,
    Changed,
    Spots,
    as_before,
    exchange,
    exchangeable,
    kind,
    pairs,
    put_all,
    seen_through,
    separate,
    values_in,
    without,
)
from .layouts import Layout, parts
from .tables import Cell, Page, Table


def rows(where: Callable[[Layout, Table, list[Cell]], bool] = lambda _, __, ___: True) -> Spots:
    """Rows of values, each called by its first cell."""

    def spots(page: Page, layout: Layout) -> Iterator[str]:
        for table in page.tables.values():
            for row in range(table.height):
                if (values := values_in(table, row)) and where(layout, table, values):
                    yield values[0].id

    return spots


def countable(values: list[Cell]) -> bool:
    """Whether every value of a row could stand in the place of every other."""
    return len(values) > 1 and all(exchangeable(values[0], c) for c in values)


def _row(page: Page, spot: str) -> tuple[Table, list[Cell]]:
    table = page.table_of(spot)
    return table, values_in(table, table.get(spot).row)


@kind(rows(lambda layout, _, values: layout.blanks and values[-1].text != ""))
def row_moved_right(page: Page, _layout: Layout, spot: str) -> Changed:
    """A row's numbers stand one cell to the right, the last beyond the heads. Read as before."""
    table = page.table_of(spot)
    return as_before(page.with_table(table.insert(spot, "", after=False, shift=True)), page)


@kind(rows(lambda layout, _, values: layout.blanks and countable(values)))
def row_moved_right_and_cut(page: Page, _layout: Layout, spot: str) -> Changed:
    """A row's numbers stand one cell to the right, and the last is lost: read as printed, or seen through."""
    _, values = _row(page, spot)
    new = put_all(page, values, ["", *(c.text for c in values[:-1])])
    return Changed(new, (new.reading(), page.reading() | {values[-1].id: None}))


@kind(rows(lambda layout, _, values: layout.blanks and countable(values)))
def row_moved_left_and_cut(page: Page, _layout: Layout, spot: str) -> Changed:
    """A row's numbers stand one cell to the left, and the first is lost: read as printed, or seen through."""
    _, values = _row(page, spot)
    new = put_all(page, values, [*(c.text for c in values[1:]), ""])
    return Changed(new, (new.reading(), page.reading() | {values[0].id: None}))


def _under_a_wide_label(layout: Layout, table: Table, values: list[Cell]) -> bool:
    wide = any(c.part == "label" and c.columns > 1 for c in table.row(values[0].row))
    return layout.blanks and wide and values[0].text != ""


@kind(rows(_under_a_wide_label))
def row_moved_left(page: Page, _layout: Layout, spot: str) -> Changed:
    """A row's numbers stand one cell to the left, the first in the place of its label. Read as before."""
    table, values = _row(page, spot)
    label = next(c for c in table.row(values[0].row) if c.part == "label")
    end = Cell(f"more {spot}", "", label.row, values[-1].column, "value")
    table = table.each(lambda c: replace(c, columns=c.columns - 1) if c is label else c).shift(label.row, label.end, -1)
    return as_before(page.with_table(replace(table, cells=(*table.cells, end))), page)


@kind(rows())
def row_dropped(page: Page, _layout: Layout, spot: str) -> Changed:
    """A row is gone, with its label. It is not there; all else is read as before."""
    table, values = _row(page, spot)
    return without(page.with_table(table.drop_row(values[0].row)), page, [c.id for c in values])


@kind(rows())
def row_emptied(page: Page, _layout: Layout, spot: str) -> Changed:
    """A row's numbers are gone, its label is there. Nothing is read in it; all else is read as before."""
    _, values = _row(page, spot)
    return without(put_all(page, values, [""] * len(values)), page, [c.id for c in values])


@kind(rows(lambda layout, _, values: separate(layout, values[0])))
def row_doubled(page: Page, _layout: Layout, spot: str) -> Changed:
    """A row is printed twice. Read as before."""
    table, values = _row(page, spot)
    row = values[0].row
    again = [replace(c, id=f"more {c.id}") for c in table.row(row) if c.part in ("label", "value")]
    return as_before(page.with_table(table.insert_row(row + 1, again)), page)


def _siblings(table: Table) -> Iterator[tuple[Cell, Cell]]:
    """Labels of rows under each other, in one group."""
    for part in parts(table):
        labels = [c for c in part.in_order() if c.part == "label"]
        groups = [c for c in part.cells if c.part == "group"]
        for a, b in pairwise(labels):
            apart = any((g.row <= a.row < g.row + g.rows) != (g.row <= b.row < g.row + g.rows) for g in groups)
            if (a.column, a.columns) == (b.column, b.columns) and not apart:
                yield a, b


@kind(pairs(_siblings))
def row_exchanged_with_the_one_below(page: Page, _layout: Layout, spot: str) -> Changed:
    """Two rows exchanged, label and numbers. Read as before: the labels say so."""
    one, other = spot.split(BETWEEN)
    table = page.table_of(one)
    a, b = table.get(one), table.get(other)
    return as_before(page.with_table(table.exchange_rows(a.row, b.row, a.column)), page)


def _rows_exchanged(page: Page, spot: str) -> Page:
    """The numbers of two rows exchanged."""
    one, other = spot.split(BETWEEN)
    table = page.table_of(one)
    a, b = (values_in(table, table.get(x).row) for x in (one, other))
    return put_all(page, [*a, *b], [c.text for c in (*b, *a)])


def _unlike(table: Table) -> Iterator[tuple[Cell, Cell]]:
    """Labels of rows under each other whose numbers differ."""
    for a, b in _siblings(table):
        one, other = ([c.text for c in values_in(table, x.row)] for x in (a, b))
        if one != other:
            yield a, b


@kind(pairs(_unlike))
def numbers_exchanged_with_the_row_below(page: Page, _layout: Layout, spot: str) -> Changed:
    """The numbers of two rows exchanged, the labels not: another table is printed."""
    return seen_through(new := _rows_exchanged(page, spot), new, page)


@kind(pairs(_siblings))
def labels_exchanged(page: Page, _layout: Layout, spot: str) -> Changed:
    """The labels of two rows exchanged, the numbers not: another table is printed."""
    return seen_through(exchange(page, spot), _rows_exchanged(page, spot), page)
