"""An extraction for a person: the verdict and why, then the tables, with what is not zero or in doubt standing out."""

from collections.abc import Callable, Iterator
from functools import reduce
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ...schemas.extraction import Extraction
from ...schemas.findings import FINDINGS
from ...schemas.form import Form, FormRow, FormSection, form_of
from ...schemas.report import Amount, Report

_WIDTH_WITHOUT_TERMINAL = 110
_VERDICTS = {
    "verified": ("已核验", "green", "每一格都有出处，没有无法解释的数字，可核对的勾稽关系全部成立"),
    "discrepant": ("原文有误", "yellow", "每一格都有出处，但报告所印数字自身不满足勾稽关系，记录保留原样"),
    "unresolved": ("未能确认", "red", "有疑问之处见下，记录仅供参考"),
}
_MARKS = {"error": ("✗", "red"), "warning": ("!", "yellow"), "info": ("·", "dim")}


def printer() -> Callable[[Extraction], None]:
    """A function that prints extractions to standard output, in colour only on a terminal."""
    console = Console(highlight=False, emoji=False)
    if not console.is_terminal:
        console = Console(highlight=False, emoji=False, width=_WIDTH_WITHOUT_TERMINAL)

    def show(extraction: Extraction) -> None:
        for part in view(extraction, form_of(Report)):
            console.print(part, soft_wrap=isinstance(part, Text) and not console.is_terminal)

    return show


def view(extraction: Extraction, form: Form) -> Iterator[Text | Table]:
    """The readable view of an extraction, part by part."""
    yield _heading(extraction)
    yield _verdict(extraction)
    yield from (_finding_line(f.severity, f.code, f.message) for f in extraction.findings)
    if extraction.report is not None:
        for section in form.sections:
            yield from _section(extraction, section)
    yield Text()


def _heading(extraction: Extraction) -> Text:
    report, source = extraction.report, extraction.source
    name = clean((report and report.title) or source.name)
    facts = [source.name] if report and report.title else []
    if report:
        facts += [report.agency or "单位未写明", f"{report.year} 年度" if report.year else "年度未写明"]
        facts += [
            {"2019": "2019 年格式", "2021": "2021 年格式", "mixed": "两种格式混用"}.get(report.form or "", "格式不明")
        ]
        facts += [f"落款 {report.issued_on}"] if report.issued_on else []
    facts += ["所供记录"] if extraction.reader == "supplied" else []
    return Text.assemble((name, "bold"), "\n", (clean("  " + " · ".join(facts)), "dim"))


def _verdict(extraction: Extraction) -> Text:
    name, colour, why = _VERDICTS[extraction.status]
    counts = [sum(c.outcome == o for c in extraction.checks) for o in ("pass", "fail", "not_assessable")]
    checks = f"勾稽核对：成立 {counts[0]}，不成立 {counts[1]}，有空格无法核对 {counts[2]}"
    return Text.assemble(("  ", ""), (f"{extraction.status} {name}", f"bold {colour}"), f"：{why}\n  ", (checks, "dim"))


def _finding_line(severity: str, code: str, message: str) -> Text:
    mark, colour = _MARKS[severity]
    advice = "" if severity == "info" else f"\n      → {FINDINGS[code].advice}"
    return Text.assemble("  ", (f"{mark} {code}", colour), f" {clean(message)}", (advice, "dim"))


# --- Tables ----------------------------------------------------------------------------------------------------------


def _section(extraction: Extraction, section: FormSection) -> Iterator[Text | Table]:
    report = extraction.report
    rows = [(row, found) for row in section.rows if (found := _at(report, row.path)) is not None]
    if not rows:
        yield Text(f"\n{section.title}：没有读到表格", "bold red")
        return
    yield Text(f"\n{section.title}", "bold")
    yield from _by_row(extraction, rows) if section.spec.heads == "printed" else _grid(extraction, rows)


def _at(model: Any, path: str) -> Any:
    return reduce(lambda found, name: getattr(found, name, None), path.split("."), model)


def _by_row(extraction: Extraction, rows: list[tuple[FormRow, Any]]) -> Iterator[Text | Table]:
    """Rows whose columns differ: each cell with its own head."""
    table, form = Table.grid(padding=(0, 2)), extraction.report.form if extraction.report else None
    for row, found in rows:
        cells = [c for c in row.columns if row.cell(c.name) in extraction.evidence]
        line = [Text.assemble((f"{c.label_in(form)} ", "dim"), _cell(extraction, row, c.name, found)) for c in cells]
        table.add_row(f"  {row.label}", *line)
    yield table


def _grid(extraction: Extraction, rows: list[tuple[FormRow, Any]]) -> Iterator[Text | Table]:
    """Rows under the same columns; those that are zero throughout and not in doubt are only counted."""
    columns = rows[0][0].columns
    plain = [row for row, found in rows if _is_plain_zero(extraction, row, found)]
    told = [(row, found) for row, found in rows if row not in plain]
    if told:
        table = Table(box=None, padding=(0, 1), header_style="dim")
        table.add_column("")
        for column in columns:
            table.add_column(column.labels[0].text, justify="right", overflow="fold")
        for row, found in told:
            table.add_row(_short(row.label), *(_cell(extraction, row, c.name, found) for c in columns))
        yield table
    if plain:
        yield Text(f"  {'其余' if told else '全部'} {len(plain)} 行各格均为 0", "dim")


def _short(label: str) -> str:
    return label if len(label) <= 22 else label[:21] + "…"


def _is_plain_zero(extraction: Extraction, row: FormRow, found: Any) -> bool:
    doubtful = any(f.path and f.path.startswith(row.path) for f in extraction.findings)
    return not doubtful and all(getattr(found, c.name) == 0 for c in row.columns)


def _cell(extraction: Extraction, row: FormRow, column: str, found: Any) -> Text:
    """A cell as it is shown: zero dim, a blank 空, an inferred place ~, doubt ?."""
    value, path = getattr(found, column), row.cell(column)
    evidence = extraction.evidence.get(path)
    errors = {f.path for f in extraction.findings if f.severity == "error"}
    text = "空" if value is None else f"{value.figure}{value.unit or ''}" if isinstance(value, Amount) else f"{value}"
    doubtful = bool(errors & {path, row.path})
    text += "?" if doubtful else "~" if evidence and evidence.basis == "inferred" else ""
    is_zero = value is None or value == 0 or (isinstance(value, Amount) and not value.figure.strip("-0."))
    return Text(text, "bold red" if doubtful else "dim" if is_zero else "bold")


def clean(text: str) -> str:
    """Text from a report, without what a terminal would obey."""
    return "".join(c if c.isprintable() else " " for c in text)
