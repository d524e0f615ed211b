"""The rules as a reader: several plain strategies for each section, and the readings that come of them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice, product

from ...schemas.form import Form, FormSection
from .cut import Cell
from .order import read_in_order
from .page import Page
from .parts import Part, part_of, reading_of
from .pieces import is_piece, put_together, take_apart
from .place import read_by_place
from .reading import Draft, Reading
from .rows import read_rows, read_rows_without_blanks

Strategy = Callable[[FormSection, Sequence[Cell], str], Draft]


def _taken_apart(section: FormSection, cells: Sequence[Cell], folded: str) -> Draft:
    apart = take_apart(section, cells, folded)
    return read_rows(section, apart, folded) if any(map(is_piece, apart)) else Draft()


def _put_together(section: FormSection, cells: Sequence[Cell], folded: str) -> Draft:
    """Rows whose parted digits are put together: each such row's own identities must hold."""
    together = put_together(cells, folded)
    if not any(map(is_piece, together)):
        return Draft()
    draft = read_rows(section, together, folded)
    draft.choices = [replace(c, must_add_up=c.must_add_up or any(map(is_piece, c.cells))) for c in draft.choices]
    return draft


STRATEGIES: dict[str, Strategy] = {
    "rows": read_rows,
    "rows, empty lines as blanks": partial(read_rows, empty_lines_are_blanks=True),
    "rows, by place": read_by_place,
    "rows, blanks without a trace": read_rows_without_blanks,
    "in order": read_in_order,
    "rows, cells taken apart": _taken_apart,
    "rows, digits put together": _put_together,
}
MAX_READINGS = 8


def read_by_rules(page: Page, form: Form) -> Iterator[Reading]:
    """The readings of the rules: first each section in rows, then every way in which all sections can be read soundly."""
    first = [_read(page, section, form, "rows") for section in form.sections]
    yield reading_of(first, page.passages)
    ways: list[list[Part]] = []
    for section, part in zip(form.sections, first, strict=True):
        others = [_read(page, section, form, by) for by in STRATEGIES if by != part.by]
        sound: list[Part] = []
        for other in (part, *others):
            if other.is_sound and all(other.places != s.places for s in sound):
                sound.append(other)
        ways.append(sound or [part])
    for parts in islice(product(*ways), MAX_READINGS):
        if list(parts) != first:
            yield reading_of(parts, page.passages)


def _read(page: Page, section: FormSection, form: Form, by: str) -> Part:
    cells = page.tables.get(section.path, ())
    return part_of(page.source, cells, STRATEGIES[by](section, cells, page.source.folded), form, by)
