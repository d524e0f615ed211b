"""Whether the numbers of a row are its own: words and rows beside them may say that they are another's."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

from ...schemas.form import FormRow, Identity
from ..about.corrections import is_correction
from ..page import Page
from ..table.alignment import Way
from ..table.fills import Fill, Slot
from ..table.foreign import Foreign
from .rest import Rest
from .solve import Solved, is_exact, sides

_NEAR = 100
"""So far behind a row's last number at most words stand that say something of it."""

Slots = Mapping[str, Slot | None]
"""Cell path → what stands there."""


class Belonging:
    """The rows of a section as they are read, beside what else its table prints. chosen: a fill for each; counts: of their cells."""

    def __init__(
        self,
        page: Page,
        solved: Solved,
        chosen: Sequence[Fill | None],
        counts: Mapping[str, object],
        rest: Rest,
        identities: Sequence[Identity],
    ) -> None:
        self.section = solved.alignment.section
        self.source, self.foreign = page.source, page.foreign.get(self.section.path, ())
        self.tokens = page.tokens(self.section.path)
        self.first, self.chosen, self.counts, self.rest, self.identities = solved, chosen, counts, rest, identities

    def doubt(self, way: Way, slots: Slots) -> str:
        """Why a row's numbers may be another's, as a reason of a doubt; "" where nothing says so."""
        return (
            self._of_columns
            or self._in_part(way.row)
            or self._of_neighbour(way, slots)
            or self._beside_foreign(way)
            or self._may_be_shifted(way)
        )

    def _in_part(self, row: FormRow) -> str:
        """Why a row that is the sum of others is in doubt: some of them are there, and some are not, so that it may be one of these."""
        there = {way.row.path for way in self.first.alignment.ways}
        return "label_doubtful" if 0 < len(there.intersection(row.parts)) < len(row.parts) else ""

    @cached_property
    def _of_columns(self) -> str:
        """Why all rows are in doubt of a table whose columns are not plain from its heads: most sums that tell fail."""
        if self.first.alignment.by not in ("form", "other lines") or self.section.spec.side_by_side:
            return ""
        own = [r for r in self.identities if r.is_of_one_row]
        telling = [r for r in own if any(self.counts.get(p) for p in r.paths)]
        failing = [r for r in telling if r.id in self.first.failing]
        return "heads_unreadable" if len(telling) < 2 * len(failing) else ""

    def _of_neighbour(self, way: Way, slots: Slots) -> str:
        """Why a row whose numbers stand below its label is in doubt: they may be the next row's, or the one before's, and no sum tells.

        The next row has none, others stand before it, or in a table of cells most rows have theirs on their labels' lines;
        or they stand above it, most rows have theirs not there, and the row before is missing.
        """
        ways = self.first.alignment.ways
        is_above = self._is_above(way, slots) and not self._are_above and self._is_missing_before(way)
        if way not in ways or not (is_above or self._is_below(way, slots)) or self.is_told(slots):
            return ""
        if is_above:
            return "order_alone"
        at = ways.index(way)
        first = min((s.start for s in slots.values() if s is not None), default=0)
        before = max((t.end for t in ways[at - 1].tokens), default=0) if at else 0
        is_led = any(before <= t.start < first for t in self.rest.left)
        is_alone = at + 1 < len(ways) and not ways[at + 1].tokens and not self._is_cut_off(ways[at + 1])
        is_odd = all(t.layout == "cells" for t in way.tokens) and self._are_level
        return "order_alone" if is_led or is_alone or is_odd else ""

    @cached_property
    def _are_level(self) -> bool:
        """Whether most rows with cells have them on their labels' own lines."""
        return self._are_mostly(lambda way, slots: not self._is_below(way, slots))

    @cached_property
    def _are_above(self) -> bool:
        return self._are_mostly(self._is_above)

    def _are_mostly(self, has_place: Callable[[Way, Slots], bool]) -> bool:
        ways = zip(self.first.alignment.ways, self.chosen, strict=True)
        told = [
            has_place(way, dict(zip(way.paths, fill.slots, strict=True)))
            for way, fill in ways
            if fill is not None and way.label
        ]
        return 2 * sum(told) > len(told)

    def _is_below(self, way: Way, slots: Slots) -> bool:
        first = min((s.start for s in slots.values() if s is not None), default=0)
        return bool(way.label) and "\n" in self.source.folded[way.label[-1][1] : first]

    def _is_above(self, way: Way, slots: Slots) -> bool:
        last = max((s.end for s in slots.values() if s is not None), default=0)
        return bool(way.label and last) and "\n" in self.source.folded[last : way.label[0][0]]

    def _is_missing_before(self, way: Way) -> bool:
        """Whether the table lacks the row that the form has before another."""
        there = {w.row.path for w in self.first.alignment.ways}
        due = [row for row in self.section.rows if row.path in there or self.rest.is_due(row, there)]
        at = due.index(way.row) if way.row in due else 0
        return at > 0 and due[at - 1].path not in there

    def _is_cut_off(self, way: Way) -> bool:
        """Whether a text ends with the label of a row."""
        return bool(way.label) and not self.source.folded[way.label[-1][1] :].strip("| \t\n")

    def is_told(self, slots: Slots) -> bool:
        """Whether sums over a row's numbers and other rows' hold exactly, and no row lacks numbers that these could be."""
        if None in self.chosen or self.rest.missing:
            return False
        rules = [r for r in self.identities if any(slots.get(p) for p in r.paths)]
        across = [r for r in rules if not r.is_of_one_row]
        told = [r for r in across if all(sides(r, self.counts))]
        return bool(told) and all(is_exact(r, self.counts) for r in told)

    def _beside_foreign(self, way: Way) -> str:
        """Why a row is in doubt that has words beside or above it, since the rows before it, that are none of the form's.

        Words right before numbers are the label of these alone.
        """
        ways = self.first.alignment.ways
        if not self.foreign or way not in ways:
            return ""
        at = ways.index(way)
        ends = [max((t.end for t in w.tokens), default=0) for w in ways]
        starts = [w.label[0][0] if w.label else end for w, end in zip(ways, ends, strict=True)]
        other = [i for i in range(at) if ways[i].heads != way.heads or ways[i].row.groups[:1] != way.row.groups[:1]]
        above = max(ends[:at], default=0) if not other else ends[other[-1]]
        is_headed_once = self.section.spec.heads == "fixed"
        below = min((start for start in starts[at + 1 :] if start >= ends[at]), default=ends[at] + _NEAR)
        line = self.source.folded.find("\n", ends[at])
        beside = below if line < 0 else min(line, below)
        for foreign in self.foreign:
            if min(starts[at], ends[at]) <= foreign.place < beside:
                return "label_doubtful"
            if above <= foreign.place < starts[at] and (
                self._leads(foreign, starts[at]) or not self._is_label(foreign)
            ):
                return "label_doubtful"
            if is_headed_once and foreign.place < starts[at] and foreign.is_other and not self._is_label(foreign):
                return "label_doubtful"
            if ends[at] <= foreign.place < below and is_correction(foreign.words):
                return "readings_differ"
        return ""

    def _may_be_shifted(self, way: Way) -> str:
        """Why a row is in doubt that stands between a row of numbers left over and a blank row: all of them may belong one row on."""
        ways = self.first.alignment.ways
        if not self.rest.left or way not in ways:
            return ""
        at = ways.index(way)
        blank = [
            i for i, c in enumerate(self.chosen) if c is not None and all(s is None or s.is_blank for s in c.slots)
        ]
        ends = [0, *(max((t.end for t in w.tokens), default=0) for w in ways)]
        led = [
            i
            for i, w in enumerate(ways)
            if w.label and len([t for t in self.rest.left if ends[i] <= t.start < w.label[0][0]]) == len(w.paths)
        ]
        return "order_alone" if any(i <= at for i in led) and any(j >= at for j in blank) else ""

    def _leads(self, foreign: Foreign, label: int) -> bool:
        """Whether words stand in one cell with a label, before it."""
        return any(t.kind == "words" and t.start <= foreign.place and label < t.end for t in self.tokens)

    def _is_label(self, foreign: Foreign) -> bool:
        """Whether numbers follow words, and no further words."""
        after = next((t for t in self.tokens if t.start > foreign.place), None)
        return after is not None and after.kind != "words"
