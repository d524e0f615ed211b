"""Weighed sections → the extraction: the record, what is vouched for, the checks, the findings, the verdict.

A report is verified where every cell of its record is vouched for and every sum that can be assessed holds; discrepant where a
sum fails all the same; else unresolved, and each cell says for itself.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from ...schemas.extraction import (
    Check,
    Choice,
    Doubt,
    Evidence,
    Extraction,
    Finding,
    ModelUse,
    Reader,
    ReaderShare,
    Status,
    coverage_of,
    finding,
)
from ...schemas.form import Form
from ..page import Page
from ..table.fills import Slot
from ..table.values import is_annotated
from .check import check
from .copy import Values, build_record, value_of
from .pointed import Pointed
from .stated import stated
from .watched import may_be_misread
from .weighed import Cell, Open, Option, Weighed


def judge(
    page: Page,
    sections: Sequence[Weighed],
    form: Form,
    *,
    reader: Reader = "rules",
    others: Sequence[Pointed] = (),
    findings: Sequence[Finding] = (),
    model: ModelUse | None = None,
) -> Extraction:
    """The weighed sections of a page → the extraction. others: the readers beside the rules; findings: what else is to be said."""
    cells = {path: cell for section in sections for path, cell in section.cells.items()}
    unsure = [finding.path or "" for finding in page.findings]
    cells = {p: cell.in_doubt() if any(p.startswith(u) for u in unsure) else cell for p, cell in cells.items()}
    cells = {path: cells[path] for path in form.columns if path in cells}
    misread = may_be_misread(page.source, cells, form)
    cells = {p: cell.in_doubt() if any(p in open_.paths for open_ in misread) else cell for p, cell in cells.items()}
    values = {path: cell.value for path, cell in cells.items()}
    checks = check(values, form)
    evidence = {path: _evidence(page, cell) for path, cell in cells.items()}
    doubts = tuple(
        _doubt(page, open_, form) for open_ in (*(open_ for section in sections for open_ in section.open), *misread)
    )
    found = [
        *page.findings,
        *(f for section in sections for f in section.findings),
        *_on_cells(page, cells, form),
        *_unsaid(page, form),
        *(_recognised(open_, form) for open_ in misread),
        *stated(page.source, page.passages, values, form),
        *(finding("identity_fails", c.message, c.id) for c in checks if c.outcome == "fail"),
        *findings,
    ]
    source = page.source
    return Extraction.model_validate(
        {
            "source": source.info,
            "status": _status(cells.values(), checks, found),
            "reader": reader,
            "report": build_record(page, values, {name for s in sections for name in s.forms}, form),
            "coverage": coverage_of(evidence),
            "evidence": evidence,
            "doubts": doubts,
            "checks": checks,
            "findings": tuple(found),
            "readers": tuple(_shares(page, sections, others, values, form)),
            "model": model,
        }
    )


def _status(cells: Any, checks: Sequence[Check], findings: Sequence[Finding]) -> Status:
    if not all(cell.is_vouched for cell in cells) or any(f.severity == "error" for f in findings):
        return "unresolved"
    return "discrepant" if any(c.outcome == "fail" for c in checks) else "verified"


def _evidence(page: Page, cell: Cell) -> Evidence:
    place = page.source.place
    start, end = (None, None) if cell.slot is None else place(cell.slot.start, cell.slot.end)
    on, box = (None, None) if cell.slot is None else page.source.on_page(cell.slot.start, cell.slot.end)
    return Evidence(
        text="" if start is None else page.source.text[start:end],
        start=start,
        end=end,
        basis=cell.basis,
        trust="vouched" if cell.is_vouched else "doubtful",
        label=tuple(place(*stretch) for stretch in cell.label),
        head=tuple(place(*stretch) for stretch in cell.head),
        page=on,
        box=box,
    )


def _doubt(page: Page, open_: Open, form: Form) -> Doubt:
    return Doubt(
        reason=open_.reason,
        paths=open_.paths,
        choices=tuple(_choice(page, option, open_.paths, form) for option in open_.options),
    )


def _choice(page: Page, option: Option, paths: Sequence[str], form: Form) -> Choice:
    slots = {path: option.slots[path] for path in paths if path in option.slots}
    return Choice(
        by=option.by,
        cost=round(option.cost, 2),
        values={p: value_of(page.source, s, form.columns[p].kind, option.units.get(p)) for p, s in slots.items()},
        evidence={p: _place(page, s) for p, s in slots.items()},
    )


def _place(page: Page, slot: Slot | None) -> tuple[int, int] | None:
    return None if slot is None else page.source.place(slot.start, slot.end)


def _shares(
    page: Page, sections: Sequence[Weighed], others: Sequence[Pointed], values: Values, form: Form
) -> Iterator[ReaderShare]:
    """For each reader, on how many cells it agrees with the record, of how many."""
    rules = {path: value for section in sections for path, value in section.by_rules.items()}
    yield ReaderShare(reader="rules", agrees=_agreeing(rules, values), cells=len(rules))
    for other in others:
        units = {path: cell.unit for section in sections for path, cell in section.cells.items()}
        said = {p: value_of(page.source, s, form.columns[p].kind, units.get(p)) for p, s in other.slots.items()}
        yield ReaderShare(reader=other.reader, agrees=_agreeing(said, values), cells=len(said))


def _agreeing(said: Values, values: Values) -> int:
    return sum(values.get(path, ...) == value for path, value in said.items())


def _on_cells(page: Page, cells: "dict[str, Cell]", form: Form) -> Iterator[Finding]:
    """Findings on what single cells print beside their numbers, or lack."""
    for path, cell in cells.items():
        if cell.slot is None or cell.slot.is_blank:
            continue
        folded = page.source.folded[cell.slot.start : cell.slot.end]
        printed = page.source.shown[cell.slot.start : cell.slot.end]
        if cell.value is None:
            yield finding("not_a_number", f"“{form.label(path)}”印作“{printed}”，不是该列应有的数", path)
        elif not folded.isdigit() and is_annotated(folded):
            yield finding("value_annotated", f"“{form.label(path)}”印作“{printed}”", path)
        if form.columns[path].kind == "amount" and cell.value is not None and cell.value.unit is None:
            yield finding("unit_not_stated", f"“{form.label(path)}”印作“{printed}”，没有单位", path)


def _recognised(open_: Open, form: Form) -> Finding:
    section = next(s for s in form.sections if open_.paths[0].startswith(f"{s.path}."))
    message = f"“{section.title}”中有 {len(open_.paths)} 格是 OCR 识别的，识别有误时勾稽关系未必看得出"
    return finding(open_.reason, message, section.path)


def _unsaid(page: Page, form: Form) -> Iterator[Finding]:
    for what, code, name in (("agency", "agency_not_stated", "报告单位"), ("year", "year_not_stated", "报告年度")):
        path = next((p for w, p in form.facts.items() if w == what), None)
        if path is not None and path not in page.passages:
            yield finding(code, f"文中没有写明{name}", path)
