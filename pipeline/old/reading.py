"""What a reader gives: which cell each path of the record is. It holds no values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from ...schemas.extraction import Basis, Finding, Reader
from ...schemas.report import Unit
from ..source.sections import Span
from .cut import Cell

Passages = Mapping[str, tuple[Span, ...]]
"""Path of a fact or of prose → the stretches of the source that it stands in."""

Tables = Mapping[str, tuple[Cell, ...]]
"""Path of a section → its cells."""


class Place(NamedTuple):
    """Where one cell of the record stands. cell: None for a blank that left no trace. unit: as its head prints it."""

    cell: Cell | None
    basis: Basis
    unit: Unit | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a report. A path that is in neither mapping is absent from the report.

    places: cell paths. passages: paths of prose and of what the report says of itself, each as stretches of the source.
    forms: the official forms whose own wording was met. explained: ids of cells that are no cells of the record.
    """

    by: str
    places: Mapping[str, Place]
    passages: Passages
    forms: frozenset[str] = frozenset()
    explained: frozenset[int] = frozenset()
    findings: tuple[Finding, ...] = ()
    reader: Reader = "rules"


@dataclass(frozen=True, slots=True)
class Choice:
    """Cells that stand together and the paths they fill; more than one candidate where their number leaves it open.

    A candidate gives one cell a path, in the order of `paths`; None for a blank that left no trace. must_add_up: nothing but
    their number, or a guess at where one ends and the next begins, says what the cells are, so that their own identities
    must hold. is_placed: its blanks are where the place of its cells on the page leaves them.
    """

    path: str
    paths: tuple[str, ...]
    candidates: tuple[tuple[Cell | None, ...], ...]
    cells: tuple[Cell, ...]
    units: Mapping[str, Unit] = field(default_factory=dict)
    must_add_up: bool = False
    is_placed: bool = False


@dataclass(slots=True)
class Draft:
    """What a strategy found in one section, before arithmetic settles its choices; `explained` as in a reading."""

    choices: list[Choice] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    forms: set[str] = field(default_factory=set)
    explained: set[int] = field(default_factory=set)
