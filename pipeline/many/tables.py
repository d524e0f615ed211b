"""The tables that a run gives: their columns, and the rows that an extraction has in each. The form's cells are never named."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, reduce
from typing import Any, Literal

from ...schemas.extraction import Evidence, Extraction, Finding
from ...schemas.findings import FINDINGS
from ...schemas.form import Form
from ...schemas.report import Amount
from ..extract import REPORT
from ..record.shown import choices_of, findings_of, likeliest_first, names_of, shown_choice, why

Row = tuple[str | int | None, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, its head in a workbook, what it holds, and how that is found in what its row is of."""

    name: str
    head: str
    kind: Literal["text", "number"]
    of: Callable[[Any], str | int | None]


@dataclass(frozen=True, slots=True)
class Table:
    """A table: a row for each item that an extraction has in it. doubtful: a row → the columns whose cells are in doubt."""

    name: str
    head: str
    columns: tuple[Column, ...]
    items: Callable[[Extraction], Iterable[Any]]
    doubtful: Callable[[Row], Collection[int]] = lambda _: ()

    def rows(self, extraction: Extraction) -> Iterator[Row]:
        getters = [column.of for column in self.columns]
        for item in self.items(extraction):
            yield tuple([of(item) for of in getters])


# --- A row a report --------------------------------------------------------------------------------------------------


def _one(extraction: Extraction) -> tuple[Extraction]:
    return (extraction,)


def _outcomes(outcome: str) -> Callable[[Extraction], int]:
    return lambda e: sum(check.outcome == outcome for check in e.checks)


def _codes(extraction: Extraction) -> str:
    return " ".join(dict.fromkeys(found.code for found in extraction.findings))


def _fact(path: str) -> Callable[[Extraction], Any]:
    return lambda e: _at(e.report, path)


def _at(model: Any, path: str) -> Any:
    return reduce(lambda found, name: getattr(found, name, None), path.split("."), model)


def _cells(form: Form) -> Iterator[Column]:
    """A column for each cell of the form; three for an amount, as the record has it."""
    for path, column in form.columns.items():
        label = form.label(path)
        if column.kind != "amount":
            yield Column(path, label, "number", _fact(path))
            continue
        for name, field in Amount.model_fields.items():
            yield Column(f"{path}.{name}", f"{label}·{field.title}", "text", _fact(f"{path}.{name}"))


def _used(name: str) -> Callable[[Extraction], Any]:
    def of(extraction: Extraction) -> Any:
        found = getattr(extraction.model, name, None)
        return found if found is None or isinstance(found, int) else str(found)

    return of


def reports_table(form: Form) -> Table:
    """A row a report, a column a path."""
    about = (
        Column("report", "报告", "text", lambda e: e.source.name),
        Column("status", "结论", "text", lambda e: e.status),
        Column("cells", "格数", "number", lambda e: e.coverage.cells),
        Column("vouched", "确认格数", "number", lambda e: e.coverage.vouched),
        *(Column(path, _title(form, path), "number" if what == "year" else "text", _fact(path))
          for what, path in form.facts.items()),
        Column("reader", "读取方式", "text", lambda e: e.reader),
        Column("checks_pass", "勾稽成立", "number", _outcomes("pass")),
        Column("checks_fail", "勾稽不成立", "number", _outcomes("fail")),
        Column("checks_not_assessable", "勾稽无法核对", "number", _outcomes("not_assessable")),
        Column("findings", "核查提示", "text", _codes),
        Column("doubtful", "存疑的格", "text", _doubtful_paths),
        Column("model", "模型", "text", _used("name")),
        Column("input_tokens", "输入词元", "number", _used("input_tokens")),
        Column("output_tokens", "输出词元", "number", _used("output_tokens")),
        Column("cached_input_tokens", "其中端点已缓存的输入词元", "number", _used("cached_input_tokens")),
        Column("cost", "费用（美元）", "text", _used("cost")),
        Column("sha256", "原文 SHA-256", "text", lambda e: e.source.sha256),
        Column("characters", "原文字数", "number", lambda e: e.source.characters),
    )  # fmt: skip
    columns = (*about, *_cells(form))
    at = next(place for place, column in enumerate(columns) if column.name == "doubtful")
    places: dict[str, list[int]] = {}
    for place, column in enumerate(columns[len(about) :], len(about)):
        path = column.name if column.name in form.columns else column.name.rpartition(".")[0]
        places.setdefault(path, []).append(place)

    def doubtful(row: Row) -> Collection[int]:
        return {place for path in str(row[at] or "").split() for place in places.get(path, ())}

    return Table("reports", "报告", columns, _one, doubtful)


def _doubtful_paths(extraction: Extraction) -> str:
    return " ".join(choices_of(extraction))


def _title(form: Form, path: str) -> str:
    spec = next(m for m in form.model.model_fields[path].metadata if hasattr(m, "labels"))
    return str(spec.labels[0].text)


# --- A row a cell ----------------------------------------------------------------------------------------------------


BETWEEN = " | "
"""Stands between the values that a cell could have."""
_OF_A_VALUE = ("value", "amount", "text", "trust", "choices")


@dataclass(frozen=True, slots=True)
class _Cell:
    extraction: Extraction
    path: str
    evidence: Evidence
    count: int | None
    amount: Amount | None
    names: tuple[str, str, str, str]
    """Section, row, column, and the Chinese label."""
    choices: str | None


def cells_table(form: Form) -> Table:
    """A row for each cell of the record that is not absent."""

    @cache
    def names(path: str) -> tuple[str, str, str, str]:
        row, _, column = path.rpartition(".")
        section, _, row = row.partition(".")
        return section, row, column, form.label(path)

    def items(extraction: Extraction) -> Iterator[_Cell]:
        choices = choices_of(extraction)
        for path, evidence in extraction.evidence.items():
            value = _at(extraction.report, path)
            amount = value if isinstance(value, Amount) else None
            could_be = BETWEEN.join(choices.get(path, ())) or None
            yield _Cell(extraction, path, evidence, None if amount else value, amount, names(path), could_be)

    about = tuple(
        Column(path, _title(form, path), "number" if what == "year" else "text", _about(path))
        for what, path in form.facts.items()
        if what in ("agency", "year", "form")
    )
    columns = (
        Column("report", "报告", "text", lambda c: c.extraction.source.name),
        *about,
        Column("path", "路径", "text", lambda c: c.path),
        Column("section", "部分", "text", lambda c: c.names[0]),
        Column("row", "行", "text", lambda c: c.names[1]),
        Column("column", "列", "text", lambda c: c.names[2]),
        Column("label", "名称", "text", lambda c: c.names[3]),
        Column("value", "数", "number", lambda c: c.count),
        *(Column("amount" if name == "figure" else name, str(field.title), "text", _of_amount(name))
          for name, field in Amount.model_fields.items()),
        Column("text", "原文", "text", lambda c: c.evidence.text),
        Column("trust", "可信", "text", lambda c: c.evidence.trust),
        Column("choices", "可能的值", "text", lambda c: c.choices),
        Column("status", "结论", "text", lambda c: c.extraction.status),
        Column("basis", "依据", "text", lambda c: c.evidence.basis),
        Column("start", "起", "number", lambda c: c.evidence.start),
        Column("end", "止", "number", lambda c: c.evidence.end),
    )  # fmt: skip
    at = [column.name for column in columns].index("trust")
    marked = tuple(place for place, column in enumerate(columns) if column.name in _OF_A_VALUE)
    return Table("cells", "单元格", columns, items, lambda row: marked if row[at] == "doubtful" else ())


def _about(path: str) -> Callable[[_Cell], Any]:
    return lambda c: getattr(c.extraction.report, path, None)


def _of_amount(name: str) -> Callable[[_Cell], Any]:
    return lambda c: getattr(c.amount, name, None)


# --- A row for each thing that a person must look at -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Task:
    """paths: of the cells that are in doubt; of a finding, what it is about."""

    extraction: Extraction
    code: str
    severity: str
    paths: tuple[str, ...]
    message: str
    choices: str | None = None


def doubts_table(form: Form) -> Table:
    """What needs a person: what is in doubt, with what it could be, and the errors and warnings of reports not verified."""

    def items(extraction: Extraction) -> Iterator[_Task]:
        if extraction.status == "verified":
            return
        told: list[Finding] = []
        for doubt in extraction.doubts:
            told += findings_of(extraction, doubt)
            kind = FINDINGS[doubt.reason]
            choices = (f"{choice.by}：{shown_choice(choice, doubt, form)}" for choice in likeliest_first(doubt))
            yield _Task(
                extraction, doubt.reason, kind.severity, doubt.paths, why(extraction, doubt), "\n".join(choices) or None
            )
        for found in extraction.findings:
            if found.severity != "info" and found not in told:
                paths = (found.path,) if found.path else ()
                yield _Task(extraction, found.code, found.severity, paths, found.message)

    columns = (
        Column("report", "报告", "text", lambda t: t.extraction.source.name),
        Column("status", "结论", "text", lambda t: t.extraction.status),
        Column("code", "代码", "text", lambda t: t.code),
        Column("severity", "级别", "text", lambda t: t.severity),
        Column("path", "路径", "text", lambda t: " ".join(t.paths) or None),
        Column("label", "名称", "text", lambda t: _label(t.paths, form)),
        Column("message", "说明", "text", lambda t: t.message),
        Column("choices", "可能的读法", "text", lambda t: t.choices),
        Column("advice", "怎么办", "text", lambda t: FINDINGS[t.code].advice),
    )
    return Table("doubts", "待人处理", columns, items)


def _label(paths: tuple[str, ...], form: Form) -> str | None:
    """The names of cells, or of what a finding is about: a row, a section or a check."""
    if all(path in form.columns for path in paths):
        return names_of(paths, form) or None
    return "、".join(map(form.label, paths))


CELLS, REPORTS, DOUBTS = cells_table(REPORT), reports_table(REPORT), doubts_table(REPORT)
