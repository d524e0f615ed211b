"""Alignments of a section → what each of its cells is, whether that is vouched for, and what else it could be."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...schemas.extraction import Finding, finding
from ...schemas.form import Form, FormRow, FormSection, Identity
from ...schemas.report import Unit
from ..source.decode import Source
from ..table import costs
from ..table.alignment import Alignment, Numbers, Way
from ..table.fills import Fill, Slot
from ..table.items import Stretch
from ..table.tokens import Token
from .copy import value_of
from .damage import doubtful_by_damage
from .solve import Solved, counts_of, holds, sides, solve

_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the record: where it stands, what it prints, and whether that is vouched for. slot None: a blank without trace."""

    slot: Slot | None
    value: Any
    unit: Unit | None
    basis: str
    label: tuple[Stretch, ...]
    head: tuple[Stretch, ...]
    is_vouched: bool


@dataclass(frozen=True, slots=True)
class Option:
    """What one reading that survives would put into the cells of a doubt: path → slot, None for a blank without trace."""

    by: str
    cost: float
    slots: Mapping[str, Slot | None]
    units: Mapping[str, Unit]


@dataclass(frozen=True, slots=True)
class Open:
    """Cells in doubt: why, which, and what each reading that survives would put there."""

    reason: str
    paths: tuple[str, ...]
    options: tuple[Option, ...] = ()


@dataclass(frozen=True)
class Weighed:
    """A section, weighed."""

    section: FormSection
    cells: Mapping[str, Cell] = field(default_factory=dict)
    open: tuple[Open, ...] = ()
    findings: tuple[Finding, ...] = ()
    forms: frozenset[str] = frozenset()


def weigh(source: Source, section: FormSection, readings: Sequence[Sequence[Alignment]], form: Form) -> Weighed:
    """A section's alignments, those of each table by themselves → its cells, each vouched for or in doubt."""
    identities = [r for r in form.identities if r.left[0].startswith(f"{section.path}.")]
    numbers = Numbers(source)
    tables = [
        sorted((solve(a, identities, numbers) for a in table), key=lambda s: (_open(s), not s.holds, s.alignment.cost))
        for table in readings
        if table
    ]
    tables = [table for table in tables if any(way.tokens for way in table[0].alignment.ways)]
    if not tables:
        return Weighed(section, findings=(finding("section_missing", f"找不到“{section.title}”的表格", section.path),))
    tables.sort(key=lambda table: -sum(bool(fills) for fills in table[0].fills))
    return _Weighing(source, section, tables, identities, numbers, form).result()


def _open(solved: Solved) -> int:
    """How much of a table an alignment leaves open: rows without cells, and whether numbers are left over."""
    empty = sum(not fills for fills in solved.fills)
    return empty + any(not _is_page_number(t) for t in solved.alignment.left_over)


class _Weighing:
    """One section while it is weighed."""

    def __init__(
        self,
        source: Source,
        section: FormSection,
        tables: Sequence[Sequence[Solved]],
        identities: Sequence[Identity],
        numbers: Numbers,
        form: Form,
    ) -> None:
        self.source, self.section, self.identities, self.numbers, self.form = source, section, identities, numbers, form
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
        self.damaged = doubtful_by_damage(self.counts, section, self.identities) if self.first.failing else {}

    def result(self) -> Weighed:
        cells: dict[str, Cell] = {}
        doubts: list[Open] = []
        findings: list[Finding] = list(self.first.alignment.findings)
        for way, fills, chosen in zip(self.first.alignment.ways, self.first.fills, self.chosen, strict=True):
            if chosen is None:
                findings.append(finding(way.doubt, _SAID[way.doubt].format(way.row.label), way.row.path))
                doubts.append(Open(way.doubt, tuple(way.row.cell(c.name) for c in way.row.columns)))
                continue
            own, open_ = self._row(way, fills, chosen)
            cells |= own
            doubts += open_
            if way.doubt:
                findings.append(finding(way.doubt, _SAID[way.doubt].format(way.row.label), way.row.path))
            elif open_:
                code = open_[0].reason
                findings.append(finding(code, _SAID.get(code, "“{}”一行有几种读法都说得通").format(way.row.label), way.row.path))
        findings += self._left_over()
        findings += self._absent(cells)
        return Weighed(self.section, cells, tuple(doubts), tuple(findings), self.first.alignment.forms)

    # --- One row -------------------------------------------------------------------------------------------------------

    def _row(self, way: Way, fills: Sequence[Fill], chosen: Fill) -> tuple[dict[str, Cell], list[Open]]:
        options = [self._option(way, fill) for fill in fills]
        options += [o for solved in self.rivals for o in self._options_of(solved, way.row)]
        again = [o for solved in self.others for o in self._options_of(solved, way.row)]
        cells: dict[str, Cell] = {}
        reasons: dict[str, list[str]] = {}
        for i, (path, slot) in enumerate(zip(way.paths, chosen.slots, strict=True)):
            unit = way.units.get(path)
            value = value_of(self.source, slot, self.form.columns[path].kind, unit)
            reason = way.doubt or self._reason(path, options, again)
            if not reason and value is None and slot is not None and not slot.is_blank:
                reason = "not_a_number"
            if reason:
                reasons.setdefault(reason, []).append(path)
            basis = "blank" if slot is None or slot.is_blank else chosen.basis
            heads = way.heads[i] if i < len(way.heads) else ()
            cells[path] = Cell(slot, value, unit, basis, way.label, heads, not reason)
        found = [Open(reason, tuple(paths), self._distinct(paths, [*options, *again])) for reason, paths in reasons.items()]
        return cells, found

    def _reason(self, path: str, options: Sequence[Option], again: Sequence[Option]) -> str:
        keys = {self._key(path, option) for option in options if path in option.slots}
        if len(keys) > 1:
            return "readings_differ"
        if any(path in o.slots and self._key(path, o) not in keys for o in again):
            return "section_repeated"
        return "single_damage" if path in self.damaged else ""

    def _key(self, path: str, option: Option) -> object:
        slot = option.slots[path]
        if slot is None or slot.is_blank:
            return None
        value = value_of(self.source, slot, self.form.columns[path].kind, option.units.get(path))
        return (value,)

    def _distinct(self, paths: Sequence[str], options: Sequence[Option]) -> tuple[Option, ...]:
        found: dict[tuple[object, ...], Option] = {}
        for option in options:
            if any(p in option.slots for p in paths):
                key = tuple(self._key(p, option) if p in option.slots else ... for p in paths)
                found.setdefault(key, option)
        return tuple(found.values())[:_SHOWN]

    def _option(self, way: Way, fill: Fill, by: str = "rules") -> Option:
        return Option(by, way.cost + fill.cost, dict(zip(way.paths, fill.slots, strict=True)), way.units)

    def _options_of(self, solved: Solved, row: FormRow) -> Iterator[Option]:
        for way, fills in zip(solved.alignment.ways, solved.fills, strict=True):
            if way.row is row:
                yield from (self._option(way, fill, solved.alignment.by) for fill in fills)

    # --- What the rows do not hold -------------------------------------------------------------------------------------

    def _left_over(self) -> Iterator[Finding]:
        left = [t for t in self.first.alignment.left_over if not _is_page_number(t)]
        pages = [t for t in self.first.alignment.left_over if _is_page_number(t)]
        title = self.section.title
        if pages:
            shown = "、".join(f"“{t.text}”" for t in pages[:_SHOWN])
            yield finding("page_number", f"{title}：{shown}独占一行，各行不缺数字，是页码", self.section.path)
        if left:
            shown = "、".join(f"“{t.text}”（第 {self.source.place(t.start, t.end)[0]} 字）" for t in left[:_SHOWN])
            rest = f"等 {len(left)} 个" if len(left) > _SHOWN else ""
            yield finding("numbers_left_over", f"{title}：{shown}{rest}无法解释", self.section.path)

    def _absent(self, cells: Mapping[str, Cell]) -> Iterator[Finding]:
        there = {p.rpartition(".")[0] for way in self.first.alignment.ways for p in (way.row.path + ".", *way.paths)}
        for row in self.section.rows:
            if row.path in there or not self._is_due(row, there):
                continue
            if self._is_needed(row):
                yield finding("needed_by_sums", f"文中没有“{row.label}”一行，而勾稽关系需要它", row.path)
            else:
                yield finding("row_absent", f"文中没有“{row.label}”一行", row.path)

    def _is_due(self, row: FormRow, there: set[str]) -> bool:
        """Whether a report of this form has the row. A row that the form may split is there whole or in its parts."""
        if row.parts:
            return not there.intersection(row.parts)
        whole = next((r for r in self.section.rows if row.path in r.parts), None)
        if whole is not None:
            return bool(there.intersection(whole.parts))
        return row.form is None or self.first.alignment.forms == {row.form}

    def _is_needed(self, row: FormRow) -> bool:
        """Whether a row that is not there could make an identity hold that fails without it."""
        for rule in self.identities:
            if rule.id in self.first.failing:
                left, right = sides(rule, self.counts)
                for side, own in ((rule.left, left), (rule.right, right)):
                    missing = [p for p in side if p.rpartition(".")[0] == row.path]
                    if missing and not holds_with(rule, self.counts, missing[0], own):
                        continue
                    if missing:
                        return True
        return False


def holds_with(rule: Identity, counts: Mapping[str, object], path: str, own: Sequence[str]) -> bool:
    """Whether an identity may hold with a blank at a path."""
    return holds(rule, {**counts, path: None})


def _is_page_number(token: Token) -> bool:
    return token.layout != "cells" and token.text.isdigit() and len(token.text) <= 3 and token.fields == 1


_SAID = {
    "label_alone": "有“{}”的行名，没有属于它的单元格",
    "cells_do_not_fit": "“{}”一行的单元格个数与列数不符，算术也不能确定其位置",
    "label_doubtful": "不能确认“{}”的行名",
    "heads_unreadable": "“{}”一行的表头不全或无法辨认，不能确认各列",
    "readings_differ": "“{}”一行有几种读法都说得通",
    "section_repeated": "“{}”一行的表格不止一处，所印不同",
    "single_damage": "“{}”一行的和不成立，而只要有一处错位或互换就成立",
    "not_a_number": "“{}”一行有单元格所印不是该列应有的数",
}
