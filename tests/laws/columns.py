"""Changes of a column, and of the groups of columns of 四."""

from collections.abc import Iterator
from itertools import combinations

from .changes import (
    BETWEEN,
    Changed,
    as_before,
    exchange,
    exchangeable,
    kind,
    pairs,
    part_of,
    put,
    put_all,
    seen_through,
    under,
    without,
)
from .layouts import Layout, parts
from .tables import REQUESTS, REVIEW, Cell, Page, Table, failing


def heads_in(part: Table) -> list[tuple[Cell, list[Cell]]]:
    """The heads of a sub-table that have values under them, with those values."""
    values = [c for c in part.in_order() if c.part == "value"]
    found = (
        (h, [v for v in values if h.column <= v.column and v.end <= h.end]) for h in part.in_order() if h.part == "head"
    )
    return [(head, column) for head, column in found if column]


def head_pairs(table: Table) -> Iterator[tuple[Cell, Cell]]:
    """Heads of one line that cover as many columns, and whose values could be exchanged."""
    for part in parts(table):
        for (a, one), (b, other) in combinations(heads_in(part), 2):
            alike = (a.row, a.rows, a.columns) == (b.row, b.rows, b.columns)
            same_group = a.id.rpartition(".")[0] == b.id.rpartition(".")[0]
            if alike and same_group and all(map(exchangeable, one, other)):
                yield a, b


def _heads(page: Page, spot: str) -> tuple[Table, Cell, Cell]:
    one, other = spot.split(BETWEEN)
    table = page.table_of(one)
    return table, table.get(one), table.get(other)


def _neighbours(table: Table) -> Iterator[tuple[Cell, Cell]]:
    return ((a, b) for a, b in head_pairs(table) if a.end == b.column)


@kind(pairs(_neighbours))
def head_of_the_next_column(page: Page, _layout: Layout, spot: str) -> Changed:
    """In the place of a head, that of the next column is printed. Read as before."""
    one, other = spot.split(BETWEEN)
    text = page.table_of(other).get(other).text
    return as_before(put(page, one, lambda _: text), page)


@kind(pairs(head_pairs), weight=2)
def heads_exchanged(page: Page, _layout: Layout, spot: str) -> Changed:
    """Two heads exchanged, the numbers below them not: another table is printed."""
    table, a, b = _heads(page, spot)
    one, other = under(table, a), under(table, b)
    printed = put_all(page, [*one, *other], [c.text for c in (*other, *one)])
    return seen_through(exchange(page, spot), printed, page)


def _single(table: Table) -> Iterator[tuple[Cell, Cell]]:
    return ((a, b) for a, b in head_pairs(table) if a.columns == 1)


def row_range(table: Table) -> range:
    return range(min(c.row for c in table.cells), max(c.row + c.rows for c in table.cells))


@kind(pairs(_single), weight=2)
def columns_exchanged(page: Page, _layout: Layout, spot: str) -> Changed:
    """Two columns exchanged, heads and numbers. Read as before: the heads say so."""
    table, a, b = _heads(page, spot)
    at = row_range(part_of(table, a))
    return as_before(page.with_table(table.exchange_columns(a.column, b.column, at)), page)


def _several(page: Page, _layout: Layout) -> Iterator[str]:
    """Heads of columns that are not the only ones of their sub-table."""
    for table in page.tables.values():
        for part in parts(table):
            heads = [(h, values) for h, values in heads_in(part) if "." in h.id]
            yield from (h.id for h, values in heads if any(v not in values for _, more in heads for v in more))


@kind(_several, weight=2)
def column_dropped(page: Page, _layout: Layout, spot: str) -> Changed:
    """A column (in 四: also the columns of a group) is gone, head and numbers. It is not there; all else is read as before."""
    table = page.table_of(spot)
    cell = table.get(spot)
    gone, at = [c.id for c in under(table, cell)], row_range(part_of(table, cell))
    for _ in range(cell.columns):
        table = table.drop_column(cell.column, at)
    return without(page.with_table(table), page, gone)


def _several_seen(page: Page, layout: Layout) -> Iterator[str]:
    """As above, where a number less can be seen."""
    return (c for c in _several(page, layout) if layout.parted or page.table_of(c).section == REQUESTS)


@kind(_several_seen, weight=2)
def column_emptied(page: Page, _layout: Layout, spot: str) -> Changed:
    """A column's numbers are gone, its head is there. Nothing is read in it; all else is read as before."""
    table = page.table_of(spot)
    gone = under(table, table.get(spot))
    return without(put_all(page, gone, [""] * len(gone)), page, [c.id for c in gone])


def _groups_of_four(page: Page, _layout: Layout) -> Iterator[str]:
    """The groups of 四 whose sum fails when they are moved."""
    table = page.tables[REVIEW]
    for c in table.in_order():
        if c.part == "head" and c.columns == 5 and failing(_group_moved(page, c.id).reading()):
            yield c.id


def _group_moved(page: Page, spot: str) -> Page:
    table = page.table_of(spot)
    values = under(table, table.get(spot))
    return put_all(page, values, [*(c.text for c in values[1:]), "0"])


@kind(_groups_of_four, weight=4)
def group_moved(page: Page, _layout: Layout, spot: str) -> Changed:
    """The numbers of a group of 四 stand one cell to the left: the first is lost, and a 0 that is none of its own follows.

    Its sum fails. Where a 0 is lost, all of the group is still there: read as before. Else a person may also take it as printed,
    for there are reports that print 0 for a total.
    """
    new = _group_moved(page, spot)
    first = under(page.tables[REVIEW], page.tables[REVIEW].get(spot))[0]
    before = page.reading()
    return Changed(new, (before,) if first.text == "0" else (before | {first.id: None}, new.reading()))
