"""The rules as a reader: several plain strategies for each section, and the readings that come of them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice, product

from ..schemas.extraction import Finding
from ..schemas.form import Form, FormSection
from .copy import worth_of
from .cut import Cell
from .decode import Source
from .order import read_in_order
from .reading import Draft, Passages, Place, Reading, Tables
from .rows import read_rows
from .settle import settle

Strategy = Callable[[FormSection, Sequence[Cell], str], Draft]

STRATEGIES: dict[str, Strategy] = {
    "rows": read_rows,
    "rows, empty lines as blanks": partial(read_rows, empty_lines_are_blanks=True),
    "in order": read_in_order,
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
    explained = strays | draft.explained
    used = {p.cell.id for p in places.values() if p.cell is not None} | explained
    is_sound = (
        bool(places)
        and all(f.severity != "error" for f in findings)
        and all(c.id in used for c in cells if c.kind == "number")
    )
    return _Part(by, places, explained, frozenset(draft.forms), tuple(findings), is_sound)


def _reading(parts: Sequence[_Part], passages: Passages) -> Reading:
    return Reading(
        by=" + ".join(dict.fromkeys(part.by for part in parts)),
        places={path: place for part in parts for path, place in part.places.items()},
        passages=passages,
        forms=frozenset().union(*(part.forms for part in parts)),
        explained=frozenset().union(*(part.explained for part in parts)),
        findings=tuple(f for part in parts for f in part.findings),
    )
