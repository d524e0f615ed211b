"""An extraction for a person: the verdict and why, then the tables, with what is not zero or in doubt standing out."""

from collections.abc import Callable, Iterator, Mapping
from functools import reduce
from io import StringIO
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ...schemas.extraction import Choice, Doubt, Extraction
from ...schemas.findings import FINDINGS
from ...schemas.form import Form, FormRow, FormSection, form_of
from ...schemas.report import Amount, Report
from ..language import told
from ..record.shown import NO_ROW, choices_of, likeliest_first, names_of, rows_of_choice, shown

_WIDTH_WITHOUT_TERMINAL = 110
_VERDICTS = {
    "verified": ("verified 已核验", "green", "每一格都有出处，没有无法解释的数字，可核对的勾稽关系全部成立"),
    "discrepant": (
        "discrepant 所印不符",
        "yellow",
        "每一格都有出处，但文本所印的数字自身不相符：先与原件核对，转成文本时可能抽错；与原件相符，才可能是报告所印有误",
    ),
    "unresolved": ("unresolved 未能全部确认", "red", "有的格存疑，其余各格已确认"),
}
_NOTHING_VOUCHED = "没有一格能确认，记录仅供参考"
_FORMS = {"2019": "2019 年格式", "2021": "2021 年格式", "mixed": "两种格式混用"}
_READERS = {"rules": "规则", "model": "模型", "supplied": "所供记录"}
_MOST_CHOICES = 3
_MOST_TOLD = 8
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


def printed(extraction: Extraction) -> str:
    """The readable view as plain text."""
    console = Console(file=StringIO(), highlight=False, emoji=False, width=_WIDTH_WITHOUT_TERMINAL, no_color=True)
    with console.capture() as captured:
        for part in view(extraction, form_of(Report)):
            console.print(part, soft_wrap=isinstance(part, Text))
    return captured.get()


def view(extraction: Extraction, form: Form) -> Iterator[Text | Table]:
    """The readable view of an extraction, part by part."""
    yield _heading(extraction)
    yield _verdict(extraction)
    yield from (_finding_line(f.severity, f.code, f.message) for f in extraction.findings)
    if extraction.report is not None:
        choices = choices_of(extraction)
        for section in form.sections:
            yield from _section(extraction, section, choices)
    if extraction.doubts:
        yield from _doubts(extraction, form)
    yield Text()


def _heading(extraction: Extraction) -> Text:
    report, source = extraction.report, extraction.source
    name = clean((report and report.title) or source.name)
    facts = [source.name] if report and report.title else []
    if report:
        facts += [report.agency or told("单位未写明"), told(f"{report.year} 年度" if report.year else "年度未写明")]
        facts += [told(_FORMS.get(report.form or "", "格式不明"))]
        facts += [told(f"落款 {report.issued_on}")] if report.issued_on else []
    facts += [told("所供记录")] if extraction.reader == "supplied" else []
    return Text.assemble((name, "bold"), "\n", (clean("  " + " · ".join(facts)), "dim"))


def _verdict(extraction: Extraction) -> Text:
    name, colour, why = _VERDICTS[extraction.status]
    coverage = extraction.coverage
    if extraction.status == "unresolved" and not coverage.vouched:
        why = _NOTHING_VOUCHED
    counts = [sum(c.outcome == o for c in extraction.checks) for o in ("pass", "fail", "not_assessable")]
    facts = [f"确认 {coverage.vouched} 格，存疑 {coverage.cells - coverage.vouched} 格"]
    facts += [f"勾稽核对：成立 {counts[0]}，不成立 {counts[1]}，有空白单元格无法核对 {counts[2]}"]
    if len(extraction.readers) > 1:
        shares = (f"{_READERS[r.reader]} {r.agrees}/{r.cells} 格" for r in extraction.readers)
        facts += [f"与记录一致：{'，'.join(shares)}"]
    verdict = (told(name), f"bold {colour}")
    return Text.assemble("  ", verdict, f"{told('：')}{told(why)}\n  ", ("\n  ".join(map(told, facts)), "dim"))


def _finding_line(severity: str, code: str, message: str) -> Text:
    mark, colour = _MARKS[severity]
    advice = "" if severity == "info" else f"\n      → {told(FINDINGS[code].advice)}"
    return Text.assemble("  ", (f"{mark} {code}", colour), f" {clean(told(message))}", (advice, "dim"))


# --- Tables ----------------------------------------------------------------------------------------------------------


Choices = Mapping[str, tuple[str, ...]]
"""Path of a doubtful cell → what it could be."""


def _section(extraction: Extraction, section: FormSection, choices: Choices) -> Iterator[Text | Table]:
    report = extraction.report
    rows = [(row, found) for row in section.rows if (found := _at(report, row.path)) is not None]
    if not rows:
        yield Text("\n" + told(f"{section.title}：没有读到表格"), "bold red")
        return
    yield Text(f"\n{section.title}", "bold")
    by_row = section.spec.heads == "printed"
    yield from _by_row(extraction, rows, choices) if by_row else _grid(extraction, rows, choices)


def _at(model: Any, path: str) -> Any:
    return reduce(lambda found, name: getattr(found, name, None), path.split("."), model)


def _by_row(extraction: Extraction, rows: list[tuple[FormRow, Any]], choices: Choices) -> Iterator[Text | Table]:
    """Rows whose columns differ: each cell with its own head."""
    table, form = Table.grid(padding=(0, 2)), extraction.report.form if extraction.report else None
    for row, found in rows:
        cells = [c for c in row.columns if row.cell(c.name) in extraction.evidence]
        line = [
            Text.assemble((f"{c.label_in(form)} ", "dim"), _cell(extraction, row, c.name, found, choices))
            for c in cells
        ]
        table.add_row(f"  {row.label}", *line)
    yield table


def _grid(extraction: Extraction, rows: list[tuple[FormRow, Any]], choices: Choices) -> Iterator[Text | Table]:
    """Rows under the same columns; those that are zero throughout, and of which nothing else is to be said, are only counted."""
    columns = rows[0][0].columns
    zeros = {
        row.path: doubt for row, found in rows if (doubt := _as_zeros(extraction, row, found, choices)) is not None
    }
    others = [(row, found) for row, found in rows if row.path not in zeros]
    if others:
        table = Table(box=None, padding=(0, 1), header_style="dim")
        table.add_column("")
        for column in columns:
            table.add_column(column.labels[0].text, justify="right", overflow="fold")
        for row, found in others:
            table.add_row(_short(row.label), *(_cell(extraction, row, c.name, found, choices) for c in columns))
        yield table
    for doubt in ("", "?"):
        if count := sum(d == doubt for d in zeros.values()):
            which = "全部" if count == len(rows) else "其余"
            line = f"{which} {count} 行各格均为 0，存疑" if doubt else f"{which} {count} 行各格均为 0"
            yield Text(f"  {told(line)}", "red" if doubt else "dim")


def _short(label: str) -> str:
    return label if len(label) <= 22 else label[:21] + "…"


def _as_zeros(extraction: Extraction, row: FormRow, found: Any, choices: Choices) -> str | None:
    """Whether a row need not be shown, as it is 0 throughout: "" where it is vouched for, "?" where it is in doubt."""
    paths = [row.cell(c.name) for c in row.columns]
    told = any(f.path and f.path.startswith(row.path) for f in extraction.findings) or any(
        choices.get(p) for p in paths
    )
    if told or not all(getattr(found, c.name) == 0 for c in row.columns):
        return None
    doubtful = [path in choices for path in paths]
    return "?" if all(doubtful) else None if any(doubtful) else ""


def _cell(extraction: Extraction, row: FormRow, column: str, found: Any, choices: Choices) -> Text:
    """A cell as it is shown: zero dim, a blank 空, an inferred place ~, doubt ? with what else it could be: "3?空"."""
    value, path = getattr(found, column), row.cell(column)
    evidence, text = extraction.evidence.get(path), shown(value)
    if path in choices:
        others = [other for other in choices[path] if other != text]
        more = "…" if len(others) > _MOST_CHOICES else ""
        told_others = "/".join(map(told, others[:_MOST_CHOICES]))
        return Text(f"{told(text)}?{told_others}{more}", "bold red")
    text = told(text) + ("~" if evidence and evidence.basis == "inferred" else "")
    is_zero = value is None or value == 0 or (isinstance(value, Amount) and not value.figure.strip("-0."))
    return Text(text, "dim" if is_zero else "bold")


# --- Doubts ----------------------------------------------------------------------------------------------------------


def _doubts(extraction: Extraction, form: Form) -> Iterator[Text]:
    """What is in doubt, and each way to read it, the likeliest first."""
    yield Text("\n" + told("存疑之处"), "bold")
    for doubt in extraction.doubts:
        names = names_of(doubt.paths, form)
        yield Text.assemble(
            "  ", (f"? {doubt.reason}", "red"), clean(f" {names}{told('：')}{told(FINDINGS[doubt.reason].meaning)}")
        )
        choices = likeliest_first(doubt)
        for choice in choices[:_MOST_TOLD]:
            yield Text(clean(f"      {choice.by}{told('：')}{_choice(choice, doubt, form)}"))
        if len(choices) > _MOST_TOLD:
            yield Text(f"      {told(f'等 {len(choices)} 种读法')}", "dim")


def _choice(choice: Choice, doubt: Doubt, form: Form) -> str:
    rows = []
    for row, cells in rows_of_choice(choice, doubt, form):
        shown_cells = told("，").join(f"{head} {told(value)}" for head, value in cells)
        rows.append(f"{row}{told('：')}{shown_cells or told(NO_ROW)}")
    return told("；").join(rows)


def clean(text: str) -> str:
    """Text from a report, without what a terminal would obey."""
    return "".join(c if c.isprintable() else " " for c in text)
