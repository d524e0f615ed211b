"""Alignments of a section → what each of its cells is, whether that is vouched for, and what else it could be."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from ...schemas.extraction import Basis, Finding, Reader, finding
from ...schemas.form import Form, FormRow, FormSection, Identity
from ...schemas.report import Unit
from ..page import Page
from ..table import costs
from ..table.alignment import INADMISSIBLE, Alignment, Numbers, Way
from ..table.fills import Fill, Slot
from ..table.items import Stretch
from .belonging import Belonging
from .copy import value_of
from .damage import doubtful_by_damage
from .pointed import Pointed
from .rest import Rest
from .solve import Solved, counts_of, holds, is_exact, solve
from .totals import printed_totals
from .weighed import Cell, Open, Option, Weighed

_SHOWN = 8
_FEW = 2
"""Numbers of which one is the other say nothing of a sum."""


def weigh_all(
    page: Page,
    alignments: Mapping[str, Sequence[Sequence[Alignment]]],
    form: Form,
    others: Sequence[Pointed] = (),
    first: Reader = "rules",
) -> tuple[Weighed, ...]:
    """The alignments of a page, and what other readers point at → each section, weighed. first: whose record it is to be."""
    return tuple(
        weigh(page, section, alignments.get(section.path, ()), form, others, first) for section in form.sections
    )


def weigh(
    page: Page,
    section: FormSection,
    readings: Sequence[Sequence[Alignment]],
    form: Form,
    others: Sequence[Pointed] = (),
    first: Reader = "rules",
) -> Weighed:
    """A section's alignments, those of each table by themselves → its cells, each vouched for or in doubt.

    others: what further readers point at. first: the reader whose record it is to be.
    """
    identities = [r for r in form.identities if r.left[0].startswith(f"{section.path}.")]
    numbers = Numbers(page.source)
    tables = [
        sorted(
            (solve(a, identities, numbers) for a in table),
            key=lambda s: (_open(s), not s.holds, s.alignment.cost),
        )
        for table in readings
        if table
    ]
    if not any(way.tokens for table in tables for way in table[0].alignment.ways):
        if not any(p.startswith(f"{section.path}.") for other in others for p in other.slots):
            missing = finding("section_missing", f"找不到“{section.title}”的表格", section.path)
            return Weighed(section, findings=(missing,))
        tables = [[Solved(Alignment(section, (), 0.0, ""), (), ())]]
    tables.sort(key=lambda table: -sum(bool(fills) for fills in table[0].fills))
    return _Weighing(page, section, tables, identities, numbers, form, others, first).result()


def _open(solved: Solved) -> int:
    """How much of a table an alignment leaves open: rows without cells, and whether numbers are left over."""
    empty = sum(not fills for fills in solved.fills)
    return empty + any(t.id not in solved.alignment.apart for t in solved.alignment.left_over)


class _Weighing:
    """One section while it is weighed."""

    def __init__(
        self,
        page: Page,
        section: FormSection,
        tables: Sequence[Sequence[Solved]],
        identities: Sequence[Identity],
        numbers: Numbers,
        form: Form,
        others: Sequence[Pointed],
        reader: Reader,
    ) -> None:
        self.section, self.identities, self.numbers, self.form = section, identities, numbers, form
        self.source, self.tokens = page.source, page.tokens(section.path)
        self.said, self.reader = others, reader
        self.first = tables[0][0]
        least = self.first.alignment.cost
        self.rivals = [
            s
            for s in tables[0][1:]
            if _open(s) == _open(self.first) and s.holds == self.first.holds and s.alignment.cost < least + costs.MARGIN
        ]
        self.others = [table[0] for table in tables[1:]]
        ways = self.first.alignment.ways
        self.chosen = [fills[0] if fills else None for fills in self.first.fills]
        self.counts = counts_of(ways, self.chosen, numbers)
        aside = frozenset(stretch for other in others for stretch in other.aside)
        self.rest = Rest(page.source, self.first, self.chosen, self.tokens, aside, may_have_pages=bool(identities))
        self.belonging = Belonging(page, self.first, self.chosen, self.counts, self.rest, identities)
        self.totals = printed_totals(self.first.alignment, self.identities, numbers)
        self.damaged = (
            doubtful_by_damage(self.counts, section, self.identities) | self._without_total() | self._broken()
        )

    def _broken(self) -> dict[str, tuple[object, ...]]:
        """Rows whose own sums fail, in a table that lost or gained cells elsewhere: they may have done both."""
        ways = zip(self.first.alignment.ways, self.chosen, strict=True)
        is_torn = self.rest.has_more or any(f is None or (f.basis == "inferred" and not f.is_forced) for _, f in ways)
        rows = [{p.rpartition(".")[0] for p in r.paths} for r in self.identities]
        broken = {
            row
            for r, own in zip(self.identities, rows, strict=True)
            if r.id in self.first.failing and len(own) == 1
            for row in own
        }
        return {p: () for p in self.counts if p.rpartition(".")[0] in broken} if is_torn else {}

    def _without_total(self) -> dict[str, tuple[object, ...]]:
        """The cells of rows with numbers whose total left no trace, or is blank where most rows print theirs, or the last
        number is what the others add up to: nothing says that they stand where they belong.
        """
        slots = {
            path: slot
            for way, fill in zip(self.first.alignment.ways, self.chosen, strict=True)
            if fill is not None
            for path, slot in zip(way.paths, fill.slots, strict=True)
        }
        rules = [r for r in self.identities if r.is_of_one_row]
        rules = [r for r in rules if set(r.paths) <= self.counts.keys() and any(self.counts[p] for p in r.left)]
        blank = [r for r in rules if all(self.counts[p] is None for p in r.right)]
        lost = [r for r in blank if all(slots[p] is None for p in r.right)]
        if 2 * len(blank) < len(rules) or any(self._ends_in_sum(r) for r in blank):
            lost = blank
        return {p: () for r in lost for p in r.paths}

    def _ends_in_sum(self, rule: Identity) -> bool:
        """Whether the last number of a row without a total is what the others add up to."""
        counts = [c for p in rule.left if isinstance(c := self.counts[p], int) and c]
        return len(counts) > _FEW and sum(counts[:-1]) == counts[-1]

    def result(self) -> Weighed:
        cells: dict[str, Cell] = {}
        doubts: list[Open] = []
        findings: list[Finding] = []
        by_rules: dict[str, Any] = {}
        for way, fills, chosen in zip(self.first.alignment.ways, self.first.fills, self.chosen, strict=True):
            if chosen is not None:
                by_rules |= {
                    p: self._value(p, s, way.units.get(p)) for p, s in zip(way.paths, chosen.slots, strict=True)
                }
                own, open_ = self._row(way, fills)
                if way.cost >= costs.MISPRINT and not open_:
                    printed = "".join(self.source.shown[a:b] for a, b in way.label)
                    message = f"“{way.row.label}”印作“{printed}”"
                    findings.append(finding("label_misprinted", message, way.row.path))
                cells |= own
                doubts += open_
                findings += [_finding(reason, way) for reason in dict.fromkeys(o.reason for o in open_)]
                continue
            for row, own, open_ in self._unfilled(way):
                cells |= own
                doubts += open_
                findings += [_finding(o.reason, Way(row, (), (), (), (), ())) for o in open_]
        for solved in self.others:
            elsewhere = self._elsewhere(solved, cells)
            doubts += elsewhere
            findings += [_finding(o.reason, Way(self._row_of(o), (), (), (), (), ())) for o in elsewhere]
        ways = [way for solved in (self.first, *self.others) for way in solved.alignment.ways]
        there = {p.rpartition(".")[0] for way in ways for p in (f"{way.row.path}.", *way.paths)}
        for row in self.section.rows:
            if row.path not in there and (pointed := self._pointed(row)) is not None:
                there.add(row.path)
                cells |= pointed[0]
                doubts += pointed[1]
                findings += [_finding(o.reason, Way(row, (), (), (), (), ())) for o in pointed[1]]
        findings += self.rest.findings(cells)
        findings += self._absent(there)
        return Weighed(self.section, cells, tuple(doubts), tuple(findings), self.first.alignment.forms, by_rules)

    def _elsewhere(self, solved: Solved, cells: dict[str, Cell]) -> list[Open]:
        """Rows that only another stretch of the text has, as if it were the rest of the table: they are read, and in doubt."""
        found: list[Open] = []
        for way, fills in zip(solved.alignment.ways, solved.fills, strict=True):
            if fills and not any(path in cells for path in way.paths):
                taken = self._option(way, fills[0], solved.alignment.by)
                for path, slot in taken.slots.items():
                    unit = way.units.get(path)
                    basis: Basis = "blank" if slot is None or slot.is_blank else taken.basis
                    cells[path] = Cell(slot, self._value(path, slot, unit), unit, basis, way.label, (), False)
                found.append(Open("section_repeated", way.paths, (taken,)))
            elif not fills and not any(way.row.cell(c.name) in cells for c in way.row.columns):
                found.append(Open(way.doubt, tuple(way.row.cell(c.name) for c in way.row.columns)))
        return found

    def _row_of(self, open_: Open) -> FormRow:
        return self.form.rows[open_.paths[0].rpartition(".")[0]]

    def _value(self, path: str, slot: Slot | None, unit: Unit | None) -> Any:
        return value_of(self.source, slot, self.form.columns[path].kind, unit)

    # --- One row -------------------------------------------------------------------------------------------------------

    def _row(self, way: Way, fills: Sequence[Fill]) -> tuple[dict[str, Cell], list[Open]]:
        options = [self._option(way, fill) for fill in fills]
        options += [o for solved in self.rivals for o in self._options_of(solved, way)]
        again = [self._option(way, fill) for fill in way.again]
        again += [o for solved in self.others for o in self._options_of(solved, way)]
        said = [one for _, one in self._each_said(way)]
        agreed = [
            (other, o)
            for other, one in self._each_said(way)
            for o in options
            if self._agree(one, o) and self._agrees_throughout(other, way, o)
        ]
        is_agreed = len({self._key_of(o) for _, o in agreed}) == 1
        backing, backed = agreed[0] if is_agreed else (None, None)
        taken = backed or options[0]
        if self.reader != "rules" and (own := next((o for o in said if o.by == self.reader), None)) is not None:
            taken = replace(own, slots={**taken.slots, **own.slots})
        doubt = "" if way.doubt == "order_alone" and self.belonging.is_told(taken.slots) else way.doubt
        unsure = doubt or self.belonging.doubt(way, taken.slots)
        is_plain = len(options) == 1 and not (again or said or unsure or self.damaged or way.unsure)
        if is_plain and (plain := self._plain(way, options[0])) is not None:
            return plain, []
        is_open = bool(way.doubt) or len({self._key_of(o) for o in options}) > 1
        is_settled = (
            is_open and backed is not None and all(o.basis == "read" for o in options) and not self.first.failing
        )
        cells: dict[str, Cell] = {}
        reasons: dict[str, list[str]] = {}
        heads = dict(zip(way.paths, way.heads, strict=False))
        has_lost = None in options[0].slots.values() and any(t.layout == "cells" for t in way.tokens)
        for path, slot in taken.slots.items():
            unit = way.units.get(path)
            same = next((o for o in options if path in o.slots and self._key(path, o) == self._key(path, taken)), None)
            slot = same.slots[path] if same is not None else slot
            value = self._value(path, slot, unit)
            reason = unsure or ("head_doubtful" if path in way.unsure else self._reason(path, options, again))
            is_lost = has_lost and (slot is None or slot.is_blank)
            reason = reason or ("cells_do_not_fit" if is_lost else self._unconfirmed(path, slot, taken))
            if reason in _OF_LOST_BLANKS and slot is not None and slot == self.totals.get(path):
                reason = ""
            if is_settled and (reason in _SETTLED_BY_AGREEMENT or (reason == "order_alone" and self._shows_sum(taken))):
                reason = ""
            if not reason and self._key(path, taken) not in {self._key(path, o) for o in options if path in o.slots}:
                reason = "readings_differ"
            if not reason and value is None and slot is not None and not slot.is_blank:
                reason = "not_a_number"
            if reason:
                reasons.setdefault(reason, []).append(path)
            basis: Basis = "blank" if slot is None or slot.is_blank else taken.basis
            by = backing.reader if backing is not None and (is_settled or taken is not options[0]) else "rules"
            cells[path] = Cell(slot, value, unit, basis, way.label, heads.get(path, ()), not reason, by)
        every = [*options, *again, *(o for o in said if not any(self._agree(o, x) for x in options))]
        found = [Open(reason, tuple(paths), self._distinct(paths, every)) for reason, paths in reasons.items()]
        return cells, found

    def _each_said(self, way: Way) -> Iterator[tuple[Pointed, Option]]:
        for other in self.said:
            if (one := self._said(other, way)) is not None:
                yield other, one

    def _plain(self, way: Way, option: Option) -> dict[str, Cell] | None:
        """The cells of a row that is read in one way alone; None where one of them needs a closer look."""
        if option.basis != "read":
            return None
        cells: dict[str, Cell] = {}
        for i, (path, slot) in enumerate(option.slots.items()):
            unit = way.units.get(path)
            value = self._value(path, slot, unit)
            if slot is None or (slot.is_blank and self.rest.has_more) or (value is None and not slot.is_blank):
                return None
            heads = way.heads[i] if i < len(way.heads) else ()
            cells[path] = Cell(slot, value, unit, "blank" if slot.is_blank else "read", way.label, heads, True)
        return cells

    def _said(self, other: Pointed, way: Way) -> Option | None:
        """What another reader points at for the cells of a row; None where it says nothing of them."""
        slots = {p: other.slots[p] for p in way.paths if p in other.slots}
        return Option(other.reader, way.cost, slots, way.units) if slots else None

    def _agree(self, one: Option, other: Option) -> bool:
        return all(p in other.slots and self._key(p, one) == self._key(p, other) for p in one.slots)

    def _agrees_throughout(self, other: Pointed, same: Way, option: Option) -> bool:
        """Whether another reader says of the whole table what the reading does that an option is of: no order of columns is half right."""
        if not self.rivals:
            return True
        for solved in (self.first, *self.rivals):
            own = [o for way in solved.alignment.ways for o in self._options_of(solved, way)]
            said = [replace(option, slots={p: other.slots[p] for p in o.slots if p in other.slots}) for o in own]
            is_of = any(o.slots == option.slots for o in self._options_of(solved, same))
            if is_of and all(self._agree(one, o) for one, o in zip(said, own, strict=True) if one.slots):
                return True
        return False

    def _pointed(self, row: FormRow, way: Way | None = None) -> tuple[dict[str, Cell], list[Open]] | None:
        """A row of which the rules make nothing, as another reader points at it. way: where its label stands alone.

        It is vouched for where its cells stand side by side, nobody else's, and sums that say something hold with it.
        """
        for other in self.said:
            slots = self._slots_of(row, other)
            if not slots:
                continue
            values = {p: self._value(p, s, None) for p, s in slots.items()}
            is_sure = self._is_run(slots) and (self._is_confirmed(slots) or self._is_in_order(other))
            if way is not None and not any(slots.values()):
                is_sure = is_sure or self._is_left_empty(way)
            label = way.label if way is not None and way.row.path == row.path else ()
            cells = {
                p: Cell(
                    s, values[p], None, "blank" if s is None or s.is_blank else "read", label, (), is_sure, other.reader
                )
                for p, s in slots.items()
            }
            option = Option(other.reader, costs.TORN, slots, {})
            return cells, [] if is_sure else [Open("order_alone", tuple(slots), (option,))]
        return None

    def _unfilled(self, way: Way) -> Iterator[tuple[FormRow, dict[str, Cell], list[Open]]]:
        """What other readers point at for the rows of a way that nothing fills; what nobody reads is in doubt."""
        rows = dict.fromkeys((way.row.path, *(path.rpartition(".")[0] for path in way.paths)))
        pointed = {path: self._pointed(self.form.rows[path], way) for path in rows}
        for row, found in ((self.form.rows[path], found) for path, found in pointed.items()):
            if found is not None:
                yield (row, *found)
            elif row.path == way.row.path or any(pointed.values()):
                cells = {p: self._total(p, way) for p in way.paths if p in self.totals and way.doubt in _OF_LOST_BLANKS}
                rest = (row.cell(c.name) for c in row.columns)
                yield row, cells, [Open(way.doubt, tuple(p for p in rest if p not in cells))]

    def _total(self, path: str, way: Way) -> Cell:
        slot = self.totals[path]
        heads = dict(zip(way.paths, way.heads, strict=False))
        return Cell(slot, self._value(path, slot, None), None, "inferred", way.label, heads.get(path, ()), True)

    def _slots_of(self, row: FormRow, other: Pointed) -> dict[str, Slot | None]:
        paths = (row.cell(c.name) for c in row.columns)
        return {path: other.slots[path] for path in paths if path in other.slots}

    def _is_run(self, slots: Mapping[str, Slot | None]) -> bool:
        """Whether slots follow each other, as tokens or as the parts of some, and belong to no row of the rules."""
        own = [s for s in slots.values() if s is not None]
        taken = {
            (s.start, s.end) for f in self.chosen if f is not None for s in f.slots if s is not None and s.end > s.start
        }
        if len(own) < len(slots) or any(_overlap((s.start, s.end), place) for s in own for place in taken):
            return False
        tokens = [t for t in self.tokens if t.kind in ("number", "blank")]
        at = [next((i for i, t in enumerate(tokens) if t.start <= s.start and s.end <= t.end), -1) for s in own]
        follows = (
            (i == j and one.end == other.start)
            or (i + 1 == j and one.end == tokens[i].end and other.start == tokens[j].start)
            for (one, i), (other, j) in pairwise(zip(own, at, strict=True))
        )
        return -1 not in at and all(follows)

    def _is_in_order(self, other: Pointed) -> bool:
        """Whether the groups of a table side by side are all there as another reader has them: their sums hold, in the form's order."""
        if not self.section.spec.side_by_side:
            return False
        ways = self.first.alignment.ways
        rows = {
            way.row.path: dict(zip(way.paths, fill.slots, strict=True))
            for way, fill in zip(ways, self.chosen, strict=True)
            if fill
        }
        found = [rows.get(row.path) or self._slots_of(row, other) for row in self.section.rows]
        slots = {path: slot for own in found for path, slot in own.items()}
        counts = {path: self.numbers.count(slot) for path, slot in slots.items()}
        starts = [slot.start for slot in slots.values() if slot is not None]
        used = {(s.start, s.end) for s in slots.values() if s is not None}
        is_whole = all(len(own) == len(row.columns) for own, row in zip(found, self.section.rows, strict=True))
        return (
            is_whole
            and starts == sorted(starts)
            and all(holds(rule, counts) for rule in self.identities)
            and all(any(_overlap((t.start, t.end), place) for place in used) for t in self.rest.left)
        )

    def _is_left_empty(self, way: Way) -> bool:
        """Whether a label stands alone in a table whose every number belongs to another row, and whose sums all hold."""
        return bool(way.label) and not way.row.parts and self.first.holds and not (self.rest.has_more or self.damaged)

    def _is_confirmed(self, slots: Mapping[str, Slot | None]) -> bool:
        """Whether no other row is lacking, all sums over these cells hold, and those with other rows over their numbers exactly."""
        counts = {**self.counts, **{p: self.numbers.count(s) for p, s in slots.items()}}
        read = {p.rpartition(".")[0] for p in counts}
        if any(r.path not in read and self.rest.is_due(r, read) for r in self.section.rows):
            return False
        rules = [r for r in self.identities if any(p in slots for p in r.paths)]
        across = [r for r in rules if not r.is_of_one_row]
        telling = [r for r in across if any(counts[p] for p in slots if p in r.paths)]
        return bool(telling) and all(holds(r, counts) for r in rules) and all(is_exact(r, counts) for r in telling)

    def _reason(self, path: str, options: Sequence[Option], again: Sequence[Option]) -> str:
        keys = {self._key(path, option) for option in options if path in option.slots}
        if len(keys) > 1:
            return "readings_differ"
        if any(path in o.slots and self._key(path, o) not in keys for o in again):
            return "section_repeated"
        return "single_damage" if path in self.damaged else ""

    def _unconfirmed(self, path: str, slot: Slot | None, option: Option) -> str:
        """Why a cell that no mark of its own divides from others, or that left no trace, is in doubt: its sums fail, or cannot tell.

        Where there is one way alone to divide a row, the sums of its columns need not say so.
        """
        if option.basis == "inferred":
            rules = [rule for rule in self.identities if path in rule.paths]
            if not rules and (self.rest.left or _are_divided(option)):
                return "cells_do_not_fit"
            for rule in rules:
                is_own = rule.is_of_one_row
                is_open = rule.id in self.first.failing or (not is_own and None in self.chosen)
                if is_open and (is_own or not option.is_forced):
                    return "cells_do_not_fit"
                if is_own and _are_divided(option) and not self._adds_up([rule], option):
                    return "cells_do_not_fit"
        is_bare = slot is None or (
            slot.is_blank and self.rest.has_more and not self.source.folded[slot.start : slot.end].strip()
        )
        return "cells_do_not_fit" if is_bare and not self._shows_blanks(option) else ""

    def _shows_blanks(self, option: Option) -> bool:
        """Whether a row's blanks that left no trace are where space leaves them, and its printed total is the sum without them."""
        rules = [r for r in self.identities if set(r.paths) <= option.slots.keys()]
        return option.basis == "read" and not self.rest.has_more and bool(rules) and self._adds_up(rules, option)

    def _shows_sum(self, option: Option) -> bool:
        """Whether sums of a row's own print its totals, and nothing in its table is left over."""
        rules = [r for r in self.identities if set(r.paths) <= option.slots.keys()]
        return bool(rules) and not self.rest.has_more and self._adds_up(rules, option)

    def _adds_up(self, rules: Sequence[Identity], option: Option) -> bool:
        """Whether sums over an option's cells hold with its blanks as 0, and print their totals."""
        counts = {p: 0 if (count := self.numbers.count(s)) is None else count for p, s in option.slots.items()}
        totals = [option.slots.get(p) for r in rules for p in r.right]
        is_whole = all(t is not None for t in totals) and INADMISSIBLE not in counts.values()
        return is_whole and all(holds(r, counts) for r in rules)

    def _key(self, path: str, option: Option) -> object:
        slot = option.slots[path]
        if slot is None or slot.is_blank:
            return None
        return (self._value(path, slot, option.units.get(path)),)

    def _key_of(self, option: Option) -> tuple[object, ...]:
        return tuple(self._key(path, option) for path in option.slots)

    def _distinct(self, paths: Sequence[str], options: Sequence[Option]) -> tuple[Option, ...]:
        found: dict[tuple[object, ...], Option] = {}
        for option in options:
            if any(p in option.slots for p in paths):
                key = tuple(self._key(p, option) if p in option.slots else ... for p in paths)
                found.setdefault(key, option)
        return tuple(found.values())[:_SHOWN]

    def _option(self, way: Way, fill: Fill, by: str = "rules") -> Option:
        return Option(
            by,
            way.cost + fill.cost,
            dict(zip(way.paths, fill.slots, strict=True)),
            way.units,
            fill.basis,
            fill.is_forced,
        )

    def _options_of(self, solved: Solved, same: Way) -> Iterator[Option]:
        """What another alignment puts into the cells of a way."""
        for way, fills in zip(solved.alignment.ways, solved.fills, strict=True):
            if not set(same.paths).isdisjoint(way.paths):
                yield from (self._option(way, fill, solved.alignment.by) for fill in fills)

    # --- What the rows do not hold -------------------------------------------------------------------------------------

    def _absent(self, there: set[str]) -> Iterator[Finding]:
        for row in self.section.rows:
            if row.path in there or not self.rest.is_due(row, there):
                continue
            if self.rest.left or None in self.chosen or any(way.again for way in self.first.alignment.ways):
                message = f"没有“{row.label}”的行名，而有数字无法解释，或别的行读不出、印了两次"
                yield finding("label_missing", message, row.path)
            elif self._is_needed(row):
                yield finding("needed_by_sums", f"文中没有“{row.label}”一行，而勾稽关系需要它", row.path)
            else:
                yield finding("row_absent", f"文中没有“{row.label}”一行", row.path)

    def _is_needed(self, row: FormRow) -> bool:
        """Whether a row that is not there could make an identity hold that fails without it."""
        for rule in self.identities:
            missing = [p for p in rule.paths if p.rpartition(".")[0] == row.path]
            if rule.id in self.first.failing and missing and holds(rule, {**self.counts, missing[0]: None}):
                return True
        return False


def _overlap(one: Stretch, other: Stretch) -> bool:
    return one == other or (one[0] < other[1] and other[0] < one[1])


def _are_divided(option: Option) -> bool:
    """Whether cells touch each other, and one has several digits: the border could be another."""
    slots = [slot for slot in option.slots.values() if slot is not None]
    touch = any(one.end == other.start for one, other in pairwise(slots))
    return touch and any(slot.end - slot.start > 1 for slot in slots)


def _finding(code: str, way: Way) -> Finding:
    return finding(code, _SAID[code].format(way.row.label), way.row.path)


_OF_LOST_BLANKS = frozenset(("cells_do_not_fit", "readings_differ"))
"""Doubts of rows whose blanks left no trace, of which their totals are free."""

_SETTLED_BY_AGREEMENT = frozenset(("label_doubtful", "readings_differ"))
"""Doubts that end where a second reader found the same: none of numbers left over, cells used twice, sums that fail."""

_SAID = {
    "order_alone": "“{}”一行的位置只有先后可凭，勾稽关系不能确认",
    "label_alone": "有“{}”的行名，没有属于它的单元格",
    "cells_do_not_fit": "“{}”一行的单元格个数与列数不符，算术也不能确定其位置",
    "label_doubtful": "不能确认“{}”的行名",
    "head_doubtful": "“{}”一行有一列的表头多出别的字，不能确认是这一列",
    "heads_unreadable": "“{}”一行的表头不全或无法辨认，不能确认各列",
    "readings_differ": "“{}”一行有几种读法都说得通",
    "unit_doubtful": "“{}”一行的金额写有几种单位，或不是元、万元、亿元",
    "section_repeated": "“{}”一行的表格不止一处，所印不同，或只在另一处",
    "single_damage": "“{}”一行的和不成立，而只要有一处错位或互换就成立",
    "not_a_number": "“{}”一行有单元格所印不是该列应有的数",
}
