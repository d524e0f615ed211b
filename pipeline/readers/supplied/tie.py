"""A record → the slots that print it: of the ways in which the rules could fill a row, the one that comes nearest to what it says."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ....schemas.form import Form
from ....schemas.report import Amount
from ...page import Page
from ...record.copy import value_of
from ...record.paths import Record
from ...record.pointed import Pointed
from ...table.fills import Slot
from ..rules import Alignments


def tie(page: Page, alignments: Alignments, record: Record, form: Form) -> Pointed:
    """A record → what it points at; rows of which it says nothing, or nothing that the text prints, are left out.

    Cells are tied by labels and order, as the rules see them, never by searching for a number.
    """
    best: dict[str, tuple[int, dict[str, Slot | None]]] = {}
    for tables in alignments.values():
        for alignment in (a for table in tables for a in table):
            for way in alignment.ways:
                said = [p for p in way.paths if record.get(p) is not None]
                for fill in way.fills if said else ():
                    slots = dict(zip(way.paths, fill.slots, strict=True))
                    values = {
                        p: value_of(page.source, slots[p], form.columns[p].kind, way.units.get(p)) for p in way.paths
                    }
                    differ = sum(p in record and not same(record[p], values[p]) for p in way.paths)
                    if way.row.path not in best or differ < best[way.row.path][0]:
                        best[way.row.path] = (differ, slots)
    return Pointed("supplied", {p: s for differ, slots in best.values() if not differ for p, s in slots.items()})


def same(said: Any, printed: Any) -> bool:
    """Whether a record says what is printed; of an amount, its figure or its yuan may be given alone."""
    if isinstance(said, Mapping) and isinstance(printed, Amount):
        return all(getattr(printed, key, None) == value for key, value in said.items() if value is not None)
    if isinstance(said, str) and isinstance(printed, Amount):
        return any(figure is not None and Decimal(said) == Decimal(figure) for figure in (printed.yuan, printed.figure))
    return bool(said == printed)
