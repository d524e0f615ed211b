"""A record → the slots that print it: of the ways in which the rules could fill a row, the one that comes nearest to what it says."""

from decimal import Decimal
from typing import Any

from ....schemas.form import Form
from ....schemas.report import YUAN, Amount
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
    """Whether a record says what is printed, null where nothing is. Amounts are compared as money, whatever unit each is in.

    A string is yuan, or the figure where no unit is printed; of an amount's parts those that are given must agree.
    {"figure": "17003500", "unit": "元"}, 1700.35万元 → True
    """
    if said is None or not isinstance(printed, Amount):
        return bool(said == printed)
    if isinstance(said, str):
        return Decimal(said) == Decimal(printed.yuan or printed.figure)
    unit, yuan = said.get("unit"), said.get("yuan")
    if unit is not None and printed.yuan is not None:
        is_figure = Decimal(said["figure"]) * YUAN[unit] == Decimal(printed.yuan)
    else:
        is_figure = unit is None and Decimal(said["figure"]) == Decimal(printed.figure)
    return is_figure and (yuan is None or (printed.yuan is not None and Decimal(yuan) == Decimal(printed.yuan)))
