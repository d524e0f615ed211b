"""The rules as a reader: several plain strategies for each section, and the readings that come of them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice, product

from ..schemas.extraction import Finding
from ..schemas.form import Form, FormSection
from .copy import worth_of
from .cut import Cell
from .decode import Source
from .order import read_in_order
from .pieces import is_piece, put_together, take_apart
from .reading import Draft, Passages, Place, Reading, Tables
from .rows import read_rows, read_rows_without_blanks
from .settle import settle

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
    "rows, blanks without a trace": read_rows_without_blanks,
    "in order": read_in_order,
    "rows, cells taken apart": _taken_apart,
    "rows, digits put together": _put_together,
}
MAX_READINGS = 8


@dataclass(frozen=True, slots=True)
class _Part:
    """One section as one strategy reads it."""

    by: str
    places: dict[str, Place]
    explained: frozenset[int]
    forms: frozenset[str]
    findings: tuple[Finding, ...]
    is_sound: bool


def read_by_rules(source: Source, tables: Tables, passages: Passages, form: Form) -> Iterator[Reading]:
    """The readings of the rules: first each section in rows, then every way in which all sections can be read soundly."""
    first = [_read(source, section, tables, form, "rows") for section in form.sections]
    yield _reading(first, passages)
    ways: list[list[_Part]] = []
    for section, part in zip(form.sections, first, strict=True):
        others = [_read(source, section, tables, form, by) for by in STRATEGIES if by != part.by]
        sound: list[_Part] = []
        for other in (part, *others):
            if other.is_sound and all(other.places != s.places for s in sound):
                sound.append(other)
        ways.append(sound or [part])
    for parts in islice(product(*ways), MAX_READINGS):
        if list(parts) != first:
            yield _reading(parts, passages)


def _read(source: Source, section: FormSection, tables: Tables, form: Form, by: str) -> _Part:
    cells = tables.get(section.path, ())
    draft = STRATEGIES[by](section, cells, source.folded)
    places, strays, findings = settle(draft.choices, form, worth_of(source))
    findings = [*draft.findings, *findings]
    explained = strays | draft.explained | _in_pieces(cells, places)
    used = {p.cell.id for p in places.values() if p.cell is not None} | explained
    is_sound = (
        bool(places)
        and all(f.severity != "error" for f in findings)
        and all(c.id in used for c in cells if c.kind == "number")
    )
    return _Part(by, places, explained, frozenset(draft.forms), tuple(findings), is_sound)


def _in_pieces(cells: Sequence[Cell], places: Mapping[str, Place]) -> set[int]:
    """Ids of the cells that a piece in use is made of."""
    pieces = [p.cell for p in places.values() if p.cell is not None and is_piece(p.cell)]
    return {c.id for c in cells for piece in pieces if piece.start <= c.start and c.end <= piece.end}


def _reading(parts: Sequence[_Part], passages: Passages) -> Reading:
    return Reading(
        by=" + ".join(dict.fromkeys(part.by for part in parts)),
        places={path: place for part in parts for path, place in part.places.items()},
        passages=passages,
        forms=frozenset().union(*(part.forms for part in parts)),
        explained=frozenset().union(*(part.explained for part in parts)),
        findings=tuple(f for part in parts for f in part.findings),
    )
