"""Changes of one label or head."""

from dataclasses import replace

from .changes import Changed, as_before, each, kind, more, one_more, put, separate
from .layouts import Layout
from .tables import FORM, Page


def first_half(text: str) -> str:
    return text[: len(text) // 2]


def last_half(text: str) -> str:
    return text[len(text) // 2 :]


def letter_dropped(text: str) -> str:
    """本年制发件数 → 本年制件数; a unit in brackets is left alone."""
    words, bracket, rest = text.partition("（单位")
    at = len(words) // 2
    return words[:at] + words[at + 1 :] + bracket + rest


def letters_exchanged(text: str) -> str:
    """本年制发件数 → 本年发制件数; a unit in brackets is left alone."""
    words, bracket, rest = text.partition("（单位")
    at = max(len(words) // 2, 1)
    return words[: at - 1] + words[at : at + 1] + words[at - 1] + words[at + 1 :] + bracket + rest


label = each("label", "group")


@kind(each("label", "group", where=separate))
def label_lost(page: Page, _layout: Layout, spot: str) -> Changed:
    """A label is gone, its numbers are there. Read as before."""
    return as_before(put(page, spot, lambda _: ""), page)


@kind(label)
def label_end_cut(page: Page, _layout: Layout, spot: str) -> Changed:
    """The second half of a label is gone. Read as before."""
    return as_before(put(page, spot, first_half), page)


@kind(label)
def label_start_cut(page: Page, _layout: Layout, spot: str) -> Changed:
    """The first half of a label is gone. Read as before."""
    return as_before(put(page, spot, last_half), page)


@kind(label)
def label_letter_lost(page: Page, _layout: Layout, spot: str) -> Changed:
    """A label misprinted: a letter is missing. Read as before."""
    return as_before(put(page, spot, letter_dropped), page)


@kind(label)
def label_letters_exchanged(page: Page, _layout: Layout, spot: str) -> Changed:
    """A label misprinted: two letters are exchanged. Read as before."""
    return as_before(put(page, spot, letters_exchanged), page)


one_more("label", each("label", where=separate))


def _wrapped(page: Page, spot: str, *, around: bool) -> Page:
    table = page.table_of(spot)
    old = table.get(spot)
    top, middle, bottom = (
        (first_half(old.text), "", last_half(old.text)) if around else ("", first_half(old.text), last_half(old.text))
    )
    table = table.put({spot: middle}).insert_row(old.row + 1, [replace(old, id=f"{spot} below", text=bottom)])
    if top:
        table = table.insert_row(old.row, [replace(old, id=f"{spot} above", text=top)])
    return page.with_table(table)


@kind(each("label"))
def label_around_its_numbers(page: Page, _layout: Layout, spot: str) -> Changed:
    """Half of a label on the line above its numbers, half on the line below. Read as before."""
    return as_before(_wrapped(page, spot, around=True), page)


@kind(each("label"))
def label_over_two_lines(page: Page, _layout: Layout, spot: str) -> Changed:
    """A label over two lines, its numbers on the first. Read as before."""
    return as_before(_wrapped(page, spot, around=False), page)


def _number_alone(page: Page, layout: Layout, spot: str, length: int) -> Changed:
    text = page.table_of(spot).get(spot).text
    if layout.parted and not layout.fixed:
        return more(put(page, spot, lambda t: t[length:]), layout, spot, text[:length], after=False)
    return as_before(put(page, spot, lambda t: f"{t[:length]} {t[length:]}"), page)


numbered = each("label", where=lambda _, c: c.text[0].isdigit())


@kind(numbered)
def label_digit_alone(page: Page, layout: Layout, spot: str) -> Changed:
    """The digit of a label's number stands in a cell of its own: 2, then .重复申请. Read as before."""
    return _number_alone(page, layout, spot, 1)


@kind(numbered)
def label_number_alone(page: Page, layout: Layout, spot: str) -> Changed:
    """A label's number stands in a cell of its own: 2., then 重复申请. Read as before."""
    return _number_alone(page, layout, spot, 2)


head = each("head", "caption")
column_head = each("head", where=lambda _, c: "." in c.id)


def _read_under(page: Page, before: Page) -> Changed:
    """Read as before; an amount has the unit that its head states now."""
    units = {p: v for p, v in page.reading().items() if FORM.columns[p].kind == "amount"}
    return Changed(page, (before.reading() | units,))


@kind(head)
def head_lost(page: Page, _layout: Layout, spot: str) -> Changed:
    """A head is gone, its column is there. Read as before; a unit that is gone with it is not known any more."""
    return _read_under(put(page, spot, lambda _: ""), page)


@kind(each("head", where=lambda layout, c: layout.blanks and not layout.fixed and "." in c.id))
def head_lost_with_its_place(page: Page, _layout: Layout, spot: str) -> Changed:
    """A head is gone together with its field, so that those behind it move up. Read as before."""
    return _read_under(page.with_table(page.table_of(spot).remove(spot)), page)


one_more("head", column_head)


@kind(head)
def head_end_cut(page: Page, _layout: Layout, spot: str) -> Changed:
    """The second half of a head is gone. Read as before; a unit that is gone with it is not known any more."""
    return _read_under(put(page, spot, first_half), page)


@kind(head)
def head_start_cut(page: Page, _layout: Layout, spot: str) -> Changed:
    """The first half of a head is gone. Read as before."""
    return as_before(put(page, spot, last_half), page)


@kind(head)
def head_letter_lost(page: Page, _layout: Layout, spot: str) -> Changed:
    """A head misprinted: a letter is missing. Read as before."""
    return as_before(put(page, spot, letter_dropped), page)


@kind(head)
def head_letters_exchanged(page: Page, _layout: Layout, spot: str) -> Changed:
    """A head misprinted: two letters are exchanged. Read as before."""
    return as_before(put(page, spot, letters_exchanged), page)
