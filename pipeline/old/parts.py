"""What was found in single sections → a reading of the whole report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...schemas.extraction import Finding
from ...schemas.form import Form
from ..record.copy import worth_of
from ..source.decode import Source
from .cut import Cell
from .pieces import is_piece
from .reading import Draft, Passages, Place, Reading
from .settle import settle


@dataclass(frozen=True, slots=True)
class Part:
    """One section as one strategy, or one reader, reads it. is_sound: nothing in it is in doubt or left over."""

    by: str
    places: Mapping[str, Place]
    explained: frozenset[int]
    forms: frozenset[str]
    findings: tuple[Finding, ...]
    is_sound: bool


def part_of(source: Source, cells: Sequence[Cell], draft: Draft, form: Form, by: str) -> Part:
    """A section's cells and the draft of it → the part, its choices settled by arithmetic."""
    places, strays, findings = settle(draft.choices, form, worth_of(source))
    findings = [*draft.findings, *findings]
    explained = strays | draft.explained | _in_pieces(cells, places)
    used = {p.cell.id for p in places.values() if p.cell is not None} | explained
    is_sound = (
        bool(places)
        and all(f.severity != "error" for f in findings)
        and all(c.id in used for c in cells if c.kind == "number")
    )
    return Part(by, places, explained, frozenset(draft.forms), tuple(findings), is_sound)


def _in_pieces(cells: Sequence[Cell], places: Mapping[str, Place]) -> set[int]:
    """Ids of the cells that a piece in use is made of."""
    pieces = [p.cell for p in places.values() if p.cell is not None and is_piece(p.cell)]
    return {c.id for c in cells for piece in pieces if piece.start <= c.start and c.end <= piece.end}


def reading_of(parts: Sequence[Part], passages: Passages) -> Reading:
    """The parts of a report, one a section, as one reading."""
    return Reading(
        by=" + ".join(dict.fromkeys(part.by for part in parts)),
        places={path: place for part in parts for path, place in part.places.items()},
        passages=passages,
        forms=frozenset().union(*(part.forms for part in parts)),
        explained=frozenset().union(*(part.explained for part in parts)),
        findings=tuple(f for part in parts for f in part.findings),
    )
