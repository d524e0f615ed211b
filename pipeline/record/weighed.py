"""What comes of weighing a section: its cells, and what is open."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ...schemas.extraction import Basis, Finding, Reader
from ...schemas.form import FormSection
from ...schemas.report import Unit
from ..table.fills import Slot
from ..table.items import Stretch


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the record: where it stands, what it prints, and whether that is vouched for.

    slot: None for a blank without trace. by: the reader by which it is there, or is vouched for.
    """

    slot: Slot | None
    value: Any
    unit: Unit | None
    basis: Basis
    label: tuple[Stretch, ...]
    head: tuple[Stretch, ...]
    is_vouched: bool
    by: Reader = "rules"

    def in_doubt(self) -> "Cell":
        return replace(self, is_vouched=False)


@dataclass(frozen=True, slots=True)
class Option:
    """What one reading that survives would put into the cells of a doubt: path → slot, None for a blank without trace."""

    by: str
    cost: float
    slots: Mapping[str, Slot | None]
    units: Mapping[str, Unit]
    basis: Basis = "read"
    is_forced: bool = False


@dataclass(frozen=True, slots=True)
class Open:
    """Cells in doubt: why, which, and what each reading that survives would put there."""

    reason: str
    paths: tuple[str, ...]
    options: tuple[Option, ...] = ()


@dataclass(frozen=True)
class Weighed:
    """A section, weighed. by_rules: what the rules alone say of each cell."""

    section: FormSection
    cells: Mapping[str, Cell] = field(default_factory=dict)
    open: tuple[Open, ...] = ()
    findings: tuple[Finding, ...] = ()
    forms: frozenset[str] = frozenset()
    by_rules: Mapping[str, Any] = field(default_factory=dict)
