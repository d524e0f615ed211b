"""Clean reports: nothing is damaged, the tables stand otherwise than the official form prints them. All should be vouched for."""

from collections.abc import Iterator
from itertools import permutations
from random import Random
from typing import get_args

from .changes import Changed, as_before, kind, under
from .layouts import Layout, parts
from .pages import whole
from .tables import (
    DISCLOSURE,
    GROUPS,
    REQUESTS,
    REVIEW,
    Cell,
    Heads,
    Order,
    Page,
    Review,
    Stub,
    Table,
    disclosure,
    page_of,
    requests,
    review,
    some_blank,
    zeros,
)


def _itself(page: Page) -> Changed:
    return Changed(page, (page.reading(),))


@kind(whole, clean=True)
def as_it_is(page: Page, _layout: Layout, _spot: str) -> Changed:
    """The official form, unchanged."""
    return _itself(page)


def _blanks(page: Page, layout: Layout) -> Iterator[str]:
    if layout.blanks:
        yield from (f"{share} of all {seed}" for share in (0.05, 0.3, 0.6) for seed in (1, 2))
        yield from (
            f"{share} of zeros {seed}" for share in (0.05, 0.3, 0.6, 1.0) for seed in (1, 2) if zeros(page.figures)
        )


@kind(_blanks, weight=2, clean=True)
def blanks(page: Page, _layout: Layout, spot: str) -> Changed:
    """Some cells are left blank, of those that print 0 or of all; the blank's place is there."""
    share, _of, what, seed = spot.split(" ")
    among = zeros(page.figures) if what == "zeros" else page.figures
    return _itself(page_of(page.form, some_blank(page.figures, among, float(share), int(seed))))


def _arrangements(_page: Page, _layout: Layout) -> Iterator[str]:
    return (f"{stub}, {heads}" for stub in get_args(Stub) for heads in get_args(Heads))


@kind(_arrangements, weight=2, clean=True)
def labels_and_heads(page: Page, _layout: Layout, spot: str) -> Changed:
    """三 with its groups and labels in another arrangement, its heads over one to three lines."""
    stub, heads = spot.split(", ")
    table = requests(
        page.form,
        page.figures,
        next(s for s in get_args(Stub) if s == stub),
        next(h for h in get_args(Heads) if h == heads),
    )
    return _itself(page_of(page.form, page.figures, table))


def shuffled(seed: str) -> Order:
    """The same names in another order."""

    def order(names: list[str]) -> list[str]:
        return Random(f"{seed} {len(names)}").sample(names, len(names))

    return order


def within(seed: str) -> Order:
    """The applicants in another order, those under one head still together."""

    def order(names: list[str]) -> list[str]:
        first, *inner, last = names
        rng = Random(seed)
        one, other = rng.sample([first, last], 2)
        return [one, *rng.sample(inner, len(inner)), other]

    return order


def _orders(_page: Page, _layout: Layout) -> Iterator[str]:
    return (f"{section} {seed}" for section in (DISCLOSURE, REQUESTS, "applicants", REVIEW) for seed in range(4))


@kind(_orders, weight=3, clean=True)
def columns_in_another_order(page: Page, _layout: Layout, spot: str) -> Changed:
    """The columns of a section in another order, which their heads name."""
    section = spot.partition(" ")[0]
    form, figures = page.form, page.figures
    tables = {
        DISCLOSURE: lambda: disclosure(form, figures, shuffled(spot)),
        REQUESTS: lambda: requests(form, figures, heads="one line", order=shuffled(spot)),
        "applicants": lambda: requests(form, figures, order=within(spot)),
        REVIEW: lambda: review(figures, order=shuffled(spot)),
    }
    return _itself(page_of(form, figures, tables[section]()))


def _group_orders(_page: Page, _layout: Layout) -> Iterator[str]:
    return (" ".join(p) for p in permutations(GROUPS) if list(p) != GROUPS)


@kind(_group_orders, clean=True)
def groups_in_another_order(page: Page, _layout: Layout, spot: str) -> Changed:
    """The groups of 四 in another order, which their heads name."""
    return _itself(page_of(page.form, page.figures, review(page.figures, groups=spot.split(" "))))


def _styles(_page: Page, _layout: Layout) -> Iterator[str]:
    return iter(get_args(Review)[1:])


@kind(_styles, clean=True)
def groups_regrouped(page: Page, _layout: Layout, spot: str) -> Changed:
    """四 as rows, as three tables, or result by result."""
    style = next(s for s in get_args(Review) if s == spot)
    return _itself(page_of(page.form, page.figures, review(page.figures, style)))


def broken(table: Table) -> Table:
    """Heads right above their numbers broken over two lines: half of each on a line of its own."""
    for part in reversed(list(parts(table))):
        heads = [c for c in part.cells if c.part == "head" and c.columns == 1 and under(table, c)]
        if heads:
            row = max(c.row + c.rows for c in heads)
            lower = [
                Cell(f"{c.id} below", c.text[len(c.text) // 2 :], row, c.column, "head")
                for c in heads
                if c.row + c.rows == row
            ]
            upper = {c.id: c.text[: len(c.text) // 2] for c in heads if c.row + c.rows == row}
            table = table.put(upper).insert_row(row, lower)
    return table


@kind(lambda page, _: iter(page.tables), clean=True)
def heads_broken(page: Page, _layout: Layout, spot: str) -> Changed:
    """The heads of a section over two lines each."""
    return as_before(page.with_table(broken(page.tables[spot])), page)
