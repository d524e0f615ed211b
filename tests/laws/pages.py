"""Changes of whole pages: what stands between the rows of a table, and tables of another year or another body."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from .changes import Changed, Spots, as_before, declare, kind, separate, values_in
from .layouts import Layout
from .tables import FORM, REQUESTS, Block, Cell, Page, Table, busy, page_of

# --- A page's number, and notes ---------------------------------------------------------------------------------------


def _between_lines(page: Page) -> Iterator[str]:
    return (f"{section} row {row}" for section, table in page.tables.items() for row in range(1, table.height + 1))


def places(whole_number: bool) -> Spots:
    """Where a page can break: between rows, or, where rows are no lines, after any cell."""

    def spots(page: Page, layout: Layout) -> Iterator[str]:
        if layout.lines:
            yield from _between_lines(page)
            return
        for table in page.tables.values():
            for c in table.in_order():
                if c.text and (not whole_number or separate(layout, c)):
                    yield c.id

    return spots


def note(page: Page, layout: Layout, spot: str, text: str) -> Changed:
    """A note of its own in a table. Read as before."""
    if layout.lines:
        section, row = spot.split(" row ")
        table = page.tables[section].insert_row(int(row), [Cell("note", text, int(row), 0, "note")])
    else:
        table = page.table_of(spot).insert(spot, text, after=True, shift=False, part="note")
    return as_before(page.with_table(table), page)


for _name, _text, _weight in (
    ("page_number", "3", 4),
    ("page_number_of_two_digits", "12", 2),
    ("page_number_between_dashes", "- 3 -", 2),
    ("page_number_in_words", "第3页", 1),
    ("note_with_digits", "注：含上年结转3件、复议1件。", 2),
):
    _about = f"{_text} on a line of its own between rows, or, where rows are no lines, between any two cells. Read as before."
    declare(_name, _about, places(_text.isdigit()), partial(note, text=_text), weight=_weight)


def _breaks(page: Page, layout: Layout) -> Iterator[str]:
    if not layout.torn:
        table = page.tables[REQUESTS]
        yield from (values[0].id for row in range(table.height) if (values := values_in(table, row)))


def _page_break(page: Page, spot: str, number: str) -> Changed:
    table = page.tables[REQUESTS]
    at, left = table.get(spot).row, table.get(spot).column
    heads = [c for c in table.in_order() if c.part == "head" and c.column >= left]
    for row in sorted({c.row for c in heads}, reverse=True):
        table = table.insert_row(at, [replace(c, id=f"more {c.id}") for c in heads if c.row == row])
    return as_before(page.with_table(table.insert_row(at, [Cell("note", number, at, 0, "note")])), page)


@kind(_breaks)
def page_break(page: Page, _layout: Layout, spot: str) -> Changed:
    """Before a row of 三 a page's number, then the heads of the table again. Read as before."""
    return _page_break(page, spot, "- 3 -")


@kind(_breaks)
def page_break_with_a_bare_number(page: Page, _layout: Layout, spot: str) -> Changed:
    """Before a row of 三 a page's number, alone, then the heads of the table again. Read as before."""
    return _page_break(page, spot, "3")


# --- Tables of something else -----------------------------------------------------------------------------------------

YEAR = {"2019": 2020, "2021": 2023}
OTHER_BODY = "安平县水务局"
IMAGE = "（表格见附图）"


def sections(page: Page, _layout: Layout) -> Iterator[str]:
    return iter(page.tables)


def whole(_page: Page, _layout: Layout) -> Iterator[str]:
    return iter(("report",))


def other(page: Page, agency: str = OTHER_BODY, back: int = 1) -> Page:
    """Another report of the same form, `back` years before."""
    return page_of(page.form, busy(page.form, 7), agency=agency, year=YEAR[page.form] - back)


def _in_place(page: Page, section: str, blocks: Callable[[Table], tuple[Block, ...]]) -> Page:
    """The page with other blocks in the place of a section's table."""
    new: list[Block] = []
    for block in page.blocks:
        new += blocks(block) if isinstance(block, Table) and block.section == section else (block,)
    return replace(page, blocks=tuple(new))


def _said(page: Page, back: int = 0) -> str:
    return f"{YEAR[page.form] - back}年情况："


@kind(sections, weight=2)
def another_year_before(page: Page, _layout: Layout, spot: str) -> Changed:
    """Before the table of a section that of the year before; both years are said. Read as before."""
    their = other(page).tables[spot]
    return as_before(_in_place(page, spot, lambda own: (_said(page, 1), their, _said(page), own)), page)


@kind(sections, weight=2)
def another_year_after(page: Page, _layout: Layout, spot: str) -> Changed:
    """After the table of a section that of the year before; both years are said. Read as before."""
    their = other(page).tables[spot]
    return as_before(_in_place(page, spot, lambda own: (_said(page), own, _said(page, 1), their)), page)


@kind(sections, weight=2)
def another_year_appended(page: Page, _layout: Layout, spot: str) -> Changed:
    """After the table of a section that of the year before, its year alone is said. Read as before."""
    their = other(page).tables[spot]
    return as_before(_in_place(page, spot, lambda own: (own, f"附：{_said(page, 1)}", their)), page)


@kind(sections, weight=2)
def another_year_instead(page: Page, _layout: Layout, spot: str) -> Changed:
    """In the place of a section's table that of the year before, which says so. Nothing is read in the section."""
    their = other(page).tables[spot]
    return _not_there(_in_place(page, spot, lambda _: (_said(page, 1), their)), page, spot)


def _not_there(page: Page, before: Page, *sections: str) -> Changed:
    gone = {p: None for p in FORM.columns if p.partition(".")[0] in sections}
    return Changed(page, (before.reading() | gone,))


def _annex(page: Page, their: Page) -> Page:
    return replace(page, blocks=(*page.blocks, "附件：", *their.blocks))


@kind(whole, weight=2)
def another_body_after(page: Page, _layout: Layout, _spot: str) -> Changed:
    """Another body's report is appended. Read as before."""
    return as_before(_annex(page, other(page, back=0)), page)


@kind(whole, weight=2)
def another_report_after(page: Page, _layout: Layout, _spot: str) -> Changed:
    """The body's own report of the year before is appended. Read as before."""
    return as_before(_annex(page, other(page, agency="安平县教育局")), page)


@kind(whole, weight=2)
def another_body_alone(page: Page, _layout: Layout, _spot: str) -> Changed:
    """The report's tables are images, another body's report is appended. Nothing is read."""
    own = page
    for section in page.tables:
        own = _in_place(own, section, lambda _: (IMAGE,))
    return _not_there(_annex(own, other(page, back=0)), page, *page.tables)


@kind(sections, weight=2)
def another_body_for_one_table(page: Page, _layout: Layout, spot: str) -> Changed:
    """One table of the report is an image, another body's report is appended. Nothing is read in that section."""
    own = _in_place(page, spot, lambda _: (IMAGE,))
    return _not_there(_annex(own, other(page, back=0)), page, spot)


@kind(whole, weight=2)
def another_body_before(page: Page, _layout: Layout, _spot: str) -> Changed:
    """Another body's report, then this one. The text does not say which is meant: either is read, and whole."""
    their = other(page, back=0)
    return Changed(replace(page, blocks=(*their.blocks, *page.blocks)), (page.reading(), their.reading()))


@kind(whole, weight=2)
def another_report_before(page: Page, _layout: Layout, _spot: str) -> Changed:
    """The body's report of the year before, then this one. The text does not say which is meant: either is read, and whole."""
    their = other(page, agency="安平县教育局")
    return Changed(replace(page, blocks=(*their.blocks, *page.blocks)), (page.reading(), their.reading()))
