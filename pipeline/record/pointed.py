"""What a reader beside the rules points at: a model, or a record that a caller's own parser made."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ...schemas.extraction import Finding, Reader
from ..table.fills import Slot
from ..table.items import Stretch


@dataclass(frozen=True, slots=True)
class Pointed:
    """A reader's slots: cell path → where its value stands, None for a blank that left no trace. It holds no values.

    findings: what could not be understood, or not be tied to the text. aside: the stretches of numbers that it says are of no row.
    """

    reader: Reader
    slots: Mapping[str, Slot | None] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    aside: frozenset[Stretch] = frozenset()
