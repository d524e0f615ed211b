"""Totals that are sure where blanks left no trace: the last number of every row is what the others add up to."""

from collections.abc import Sequence

from ...schemas.form import Identity
from ..table.alignment import Alignment, Numbers, Way
from ..table.fills import Slot, is_empty, slot_of
from .solve import is_exact

_FEWEST_ROWS = 3
"""So many rows with numbers other than 0 say that totals are printed."""


def printed_totals(alignment: Alignment, identities: Sequence[Identity], numbers: Numbers) -> dict[str, Slot]:
    """The last number of each row with others than 0, by the path of its total; {} unless all rows print theirs, and these add up.

    26 26, 0 0, 12 14 26 → 26, 26
    """
    rows = {rule.right[0]: rule for rule in identities if rule.is_of_one_row}
    found: dict[str, Slot] = {}
    counts: dict[str, object] = {}
    for way in alignment.ways:
        last = _last(way, numbers) if way.paths and way.paths[-1] in rows else None
        if last is None:
            return {}
        found[way.paths[-1]], counts[way.paths[-1]] = last
    across = [r for r in identities if set(r.paths) & counts.keys() and r.id not in {x.id for x in rows.values()}]
    told = [r for r in across if any(counts.get(p) for p in r.right)]
    is_sure = sum(bool(c) for c in counts.values()) >= _FEWEST_ROWS and bool(told)
    if not is_sure or alignment.left_over or not all(is_exact(r, counts) for r in across):
        return {}
    return {path: slot for path, slot in found.items() if counts[path]}  # of several zeros none need be the total


def _last(way: Way, numbers: Numbers) -> tuple[Slot, int] | None:
    """The last number of a row, and its count; None unless it is what the others add up to."""
    slots = [slot_of(t) for t in way.tokens if not is_empty(t)]
    counts = [numbers.count(slot) for slot in slots]
    whole = [c for c in counts if isinstance(c, int)]
    if not 1 < len(whole) == len(counts) <= len(way.paths) or sum(whole[:-1]) != whole[-1]:
        return None
    return slots[-1], whole[-1]
