"""Readings → the verdict. The judge knows nothing of where a reading came from.

A reading is vouched for when every row that its form has is there, no cell is used twice, each cell prints what its
column holds, and no number in the tables is left over. Of the readings that are vouched for, those whose identities all
hold speak first: one record among them is `verified`. Where none holds, one record is `discrepant`: the report itself
does not add up. Everything else is `unresolved`, with the best reading and what is in doubt.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from ...schemas.extraction import (
    Check,
    Extraction,
    Finding,
    ModelUse,
    ReaderShare,
    SourceInfo,
    Status,
    coverage_of,
    finding,
)
from ...schemas.form import Form, FormRow, enumerator
from ..old.cut import Cell
from ..old.page import Page
from ..old.page_numbers import page_numbers
from ..old.reading import Place, Reading
from ..source.decode import Source, fold
from ..table.values import is_piece_of_number
from ..table.words import plain, plain_label
from .check import check, row_of
from .copy import Values, build_record, copy_cells, evidence_of
from .stated import stated

_SHOWN = 8
_LONGEST_PIECE = 40
_FEWEST_SUMS = 3
"""A table of which so many rows, and all, do not add up is read in the wrong columns, or its printed totals say nothing."""
_FEWEST_PARTS = 2
"""Fewer figures other than 0 may add up to another by chance."""
_ROW_NUMBER = re.compile(r"[1-9][.,]")


@dataclass(frozen=True)
class Case:
    """A reading, weighed: what its cells print, its checks, and what is in doubt about it."""

    reading: Reading
    values: Values
    checks: tuple[Check, ...]
    findings: tuple[Finding, ...]

    @cached_property
    def doubts(self) -> int:
        return sum(f.severity == "error" for f in self.findings)

    @cached_property
    def failures(self) -> int:
        return sum(c.outcome == "fail" for c in self.checks)

    @property
    def holds(self) -> bool:
        """Whether it is vouched for with all its identities holding, so that no other reading need be tried."""
        return not self.doubts and not self.failures


def judge(
    source: Source,
    cases: Sequence[Case],
    form: Form,
    findings: Sequence[Finding] = (),
    model: ModelUse | None = None,
) -> Extraction:
    """One or more weighed readings of a source → the extraction. findings: what to say whichever reading is taken."""
    status, case, more = _verdict(cases)
    failing = [finding("identity_fails", c.message, c.id) for c in case.checks if c.outcome == "fail"]
    evidence = evidence_of(source, case.reading, "doubtful" if status == "unresolved" else "vouched")
    return Extraction.model_validate(
        {
            "source": SourceInfo(
                name=source.name, sha256=source.sha256, characters=len(source.text), encoding=source.encoding
            ),
            "status": status,
            "reader": case.reading.reader,
            "report": build_record(source, case.reading, case.values, form),
            "coverage": coverage_of(evidence),
            "evidence": evidence,
            "checks": case.checks,
            "findings": (*case.findings, *more, *failing, *findings),
            "readers": tuple(_shares(cases, case)),
            "model": model,
        }
    )


def _shares(cases: Sequence[Case], taken: Case) -> Iterator[ReaderShare]:
    """For each reader, on how many cells its best reading agrees with the one that is taken."""
    for reader in dict.fromkeys(case.reading.reader for case in (taken, *cases)):
        own = taken if reader == taken.reading.reader else best([c for c in cases if c.reading.reader == reader])
        agrees = sum(taken.values.get(path, ...) == value for path, value in own.values.items())
        yield ReaderShare(reader=reader, agrees=agrees, cells=len(own.values))


def weigh(page: Page, reading: Reading, form: Form) -> Case:
    """A reading, what its cells print, its checks, and everything that is in doubt about it."""
    source, cells = page.source, page.tables
    values, findings = copy_cells(source, reading, form)
    checks = check(values, form)
    found = [*page.doubts, *reading.findings, *findings]
    found += [*_used_twice(reading, form), *_left_over(source, cells, reading, checks, form)]
    found += [*_in_no_column(form, checks), *_total_first(values, checks, form), *_out_of_step(checks, form)]
    found += _missing(cells, reading, form, found)
    found += _unsaid(reading, form)
    found += stated(source, reading.passages, values, form)
    return Case(reading, values, checks, tuple(found))


def best(cases: Sequence[Case]) -> Case:
    """The case with the fewest doubts, and of those the fewest failures."""
    return min(cases, key=lambda c: (c.doubts, c.failures))


def _verdict(cases: Sequence[Case]) -> tuple[Status, Case, tuple[Finding, ...]]:
    vouched = [c for c in cases if not c.doubts]
    holding = [c for c in cases if c.holds]
    for found, status in ((holding, "verified"), (vouched, "discrepant")):
        if found:
            differing = next((c for c in found if c.values != found[0].values), None)
            if differing:
                return "unresolved", found[0], (_differ(found[0], differing),)
            return ("verified" if status == "verified" else "discrepant"), found[0], ()
    return "unresolved", best(cases), ()


def _differ(one: Case, other: Case) -> Finding:
    paths = [p for p in {**one.values, **other.values} if one.values.get(p, ...) != other.values.get(p, ...)]
    shown = "；".join(f"{p}: {one.values.get(p)} / {other.values.get(p)}" for p in paths[:_SHOWN])
    return finding(
        "readings_differ", f"{one.reading.by} 与 {other.reading.by} 两种读法在 {len(paths)} 格上不同：{shown}"
    )


def _used_twice(reading: Reading, form: Form) -> Iterator[Finding]:
    users: dict[int, str] = {}
    for path, place in reading.places.items():
        if place.cell is not None:
            other = users.setdefault(place.cell.id, path)
            if other != path:
                both = f"“{form.label(other)}”和“{form.label(path)}”"
                yield finding("cell_used_twice", f"“{place.cell.text}”同时用于{both}", path)


def _left_over(
    source: Source, cells: Mapping[str, Sequence[Cell]], reading: Reading, checks: Sequence[Check], form: Form
) -> Iterator[Finding]:
    """Findings on the numbers that are no cells of the record: those of pages, and those that nothing explains."""
    used = {p.cell.id for p in reading.places.values() if p.cell is not None} | reading.explained
    for section, own in cells.items():
        left = [c for i, c in enumerate(own) if c.id not in used and _is_number(source, c, own[i + 1 : i + 2])]
        of_pages = page_numbers(source, own, _places_in(section, reading), checks) if left else ()
        for cell in of_pages:
            yield finding(
                "page_number",
                f"{form.label(section)}：“{cell.text}”独占一行，前后各行不用它也相加得出合计，是页码",
                section,
            )
        left = [c for c in left if c not in of_pages]
        if left:
            shown = "、".join(f"“{c.text}”（第 {source.place(c.start, c.end)[0]} 字）" for c in left[:_SHOWN])
            rest = f"等 {len(left)} 个" if len(left) > _SHOWN else ""
            yield finding("numbers_left_over", f"{form.label(section)}：{shown}{rest}无法解释", section)


def _places_in(section: str, reading: Reading) -> Mapping[str, Place]:
    return {path: place for path, place in reading.places.items() if path.startswith(f"{section}.")}


def _is_number(source: Source, cell: Cell, after: Sequence[Cell]) -> bool:
    """Whether a cell prints a number, or a piece of one; the number of a row that stands alone before its label is none."""
    if cell.kind != "words" or len(cell.text) > _LONGEST_PIECE:
        return cell.kind == "number"
    text = source.folded[cell.start : cell.end]
    return is_piece_of_number(text) and not (_ROW_NUMBER.fullmatch(text) and after and after[0].kind == "words")


def _missing(
    cells: Mapping[str, Sequence[Cell]], reading: Reading, form: Form, known: Sequence[Finding]
) -> Iterator[Finding]:
    """Sections and rows that the report's form has and the reading has not."""
    read = {path.rpartition(".")[0] for path in reading.places}
    in_doubt = {f.path for f in known if f.severity == "error"}
    for section in form.sections:
        rows = [row for row in section.rows if row.path not in read]
        if len(rows) == len(section.rows):
            yield finding("section_missing", f"找不到“{section.title}”的表格", section.path)
            continue
        due = [row for row in rows if row.path not in in_doubt and _is_due(row, read, reading.forms, form)]
        words = plain(fold("".join(c.text for c in cells.get(section.path, ()) if c.kind == "words"))) if due else ""
        for row in due:
            if any(plain_label(enumerator(w)[1]) in words for label in row.labels for w in label.wordings):
                yield finding("row_without_cells", f"“{row.label}”一行没有找到它的单元格", row.path)
            else:
                yield finding("row_missing", f"找不到“{row.label}”一行", row.path)


def _is_due(row: FormRow, read: set[str], forms: frozenset[str], form: Form) -> bool:
    """Whether the report must have the row. A row that the form may split is there whole or in its parts."""
    if row.parts:
        return not read.intersection(row.parts)
    whole = next((r for r in form.rows.values() if row.path in r.parts), None)
    if whole is not None:
        return bool(read.intersection(whole.parts))
    return row.form is None or forms == {row.form}


def _in_no_column(form: Form, checks: Sequence[Check]) -> Iterator[Finding]:
    """A finding for each table with fixed columns of which no row adds up that has anything to add: its columns may be others."""
    if sum(c.outcome == "fail" for c in checks) < _FEWEST_SUMS:
        return
    for section in form.sections:
        if section.spec.heads == "fixed" and not section.spec.side_by_side:
            rows = {row.path for row in section.rows}
            own = [c for c in checks if (c.left or c.right) and row_of(c) in rows]
            if len(own) >= _FEWEST_SUMS and all(c.outcome == "fail" for c in own):
                yield finding(
                    "heads_unreadable",
                    f"“{section.title}”有数的 {len(own)} 行没有一行相加等于总计，不能确认各列的次序",
                    section.path,
                )


def _total_first(values: Values, checks: Sequence[Check], form: Form) -> Iterator[Finding]:
    """A finding for each row that does not add up as read, but does with its total in the first place."""
    for failed in (c for c in checks if c.outcome == "fail"):
        row, numbers = row_of(failed), [values[path] for path in failed.paths]
        if row in form.rows and numbers[0] == sum(numbers[1:]) and sum(map(bool, numbers)) > _FEWEST_PARTS:
            shown = " ".join(map(str, numbers))
            message = f"“{form.label(row)}”的 {shown}：末格不是前面各格之和，首格却是后面各格之和，不能确认各列的次序"
            yield finding("heads_unreadable", message, row)


def _out_of_step(checks: Sequence[Check], form: Form) -> Iterator[Finding]:
    """A finding for each table in which more columns than rows do not add up: one wrong figure breaks one of each.

    Numbers of a row that stand one place off break the row, and every column from there on.
    """
    failed = [c for c in checks if c.outcome == "fail"]
    for section in form.sections:
        paths = {row.path for row in section.rows}
        rows = {row for c in failed if (row := row_of(c)) in paths}
        across = (c.paths[0] for c in failed if row_of(c) is None and c.paths[0].rpartition(".")[0] in paths)
        columns = {path.rpartition(".")[2] for path in across}
        if 0 < len(rows) < len(columns):
            shown = "、".join(f"“{form.label(row)}”" for row in rows)
            message = f"{shown}一行相加不等于总计，又有 {len(columns)} 列不等：其数字可能错位"
            yield finding("cells_do_not_fit", message, section.path)


def _unsaid(reading: Reading, form: Form) -> Iterator[Finding]:
    for what, code, name in (("agency", "agency_not_stated", "报告单位"), ("year", "year_not_stated", "报告年度")):
        path = next((p for w, p in form.facts.items() if w == what), None)
        if path is not None and path not in reading.passages:
            yield finding(code, f"文中没有写明{name}", path)
