"""Reading → record: the one place where a number of the record is made, and it is made from the source's own text."""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from ...schemas.extraction import Evidence, Finding, Trust, finding
from ...schemas.form import Form
from ..about.facts import as_fact
from ..old.cut import Cell
from ..old.reading import Place, Reading
from ..source.decode import Source
from ..table.values import as_amount, as_change, as_count, is_annotated

Values = Mapping[str, Any]
"""Cell path → what the record holds there: int, Amount, or None for a blank. Absent cells are not in it."""


def copy_cells(source: Source, reading: Reading, form: Form) -> tuple[Values, list[Finding]]:
    """The values that the reading's cells print, and findings on cells that print something else."""
    values: dict[str, Any] = {}
    findings: list[Finding] = []
    columns = form.columns
    for path, place in reading.places.items():
        cell, kind = place.cell, columns[path].kind
        if cell is None or cell.kind != "number":
            values[path] = None
            continue
        folded = source.folded[cell.start : cell.end]
        value: Any = as_count(folded) if kind == "count" else _value(folded, place, kind)
        values[path] = value
        if value is None:
            findings.append(finding("not_a_number", f"“{form.label(path)}”印作“{cell.text}”，不是该列应有的数", path))
        elif not folded.isdigit() and is_annotated(folded):
            findings.append(finding("value_annotated", f"“{form.label(path)}”印作“{cell.text}”", path))
        if kind == "amount" and value is not None and value.unit is None:
            findings.append(finding("unit_not_stated", f"“{form.label(path)}”印作“{cell.text}”，没有单位", path))
    return values, findings


def read_cell(source: Source, cell: Cell | None, kind: str) -> Any:
    """What one cell prints: an int, an Amount without the unit of its head, or None for a blank."""
    if cell is None or cell.kind != "number":
        return None
    folded = source.folded[cell.start : cell.end]
    return as_count(folded) if kind == "count" else _value(folded, Place(cell, "read"), kind)


def _value(folded: str, place: Place, kind: str) -> Any:
    if kind == "amount":
        return as_amount(folded, place.unit)
    return as_change(folded)


def worth_of(source: Source) -> Callable[[Cell], int]:
    """What a cell of the source adds to a sum of counts."""

    def worth(cell: Cell) -> int:
        return as_count(source.folded[cell.start : cell.end]) or 0 if cell.kind == "number" else 0

    return worth


def build_record(source: Source, reading: Reading, values: Values, form: Form) -> Any:
    """Values and passages → the pydantic record."""
    record: dict[str, Any] = {}
    if "form" in form.facts:
        record[form.facts["form"]] = _form_name(reading.forms)
    facts = {path: what for what, path in form.facts.items()}
    lists = {prose.path for prose in form.proses if prose.spec.part_of}
    for path, spans in reading.passages.items():
        texts = tuple(source.shown[s.start : s.end] for s in spans)
        _put(record, path, as_fact(facts[path], texts) if path in facts else texts if path in lists else texts[0])
    for path, value in values.items():
        _put(record, path, value)
    return form.model.model_validate(record)


def _form_name(forms: Iterable[str]) -> str | None:
    seen = sorted(set(forms))
    return None if not seen else seen[0] if len(seen) == 1 else "mixed"


def build_nested(cells: Mapping[str, Any]) -> dict[str, Any]:
    """Cell path → value, as the nested record that has them."""
    record: dict[str, Any] = {}
    for path, value in cells.items():
        _put(record, path, value)
    return record


def _put(record: dict[str, Any], path: str, value: Any) -> None:
    parents, name = _steps(path)
    for parent in parents:
        record = record.setdefault(parent, {})
    record[name] = value


@lru_cache(maxsize=1024)
def _steps(path: str) -> tuple[tuple[str, ...], str]:
    *parents, name = path.split(".")
    return tuple(parents), name


def evidence_of(source: Source, reading: Reading, trust: Trust) -> dict[str, Evidence]:
    """Where each cell of the record stands, and whether it is vouched for."""
    return {path: _evidence(source, place, trust) for path, place in reading.places.items()}


def _evidence(source: Source, place: Place, trust: Trust) -> Evidence:
    if place.cell is None:
        return Evidence(text="", start=None, end=None, basis=place.basis, trust=trust)
    start, end = source.place(place.cell.start, place.cell.end)
    return Evidence(text=source.text[start:end], start=start, end=end, basis=place.basis, trust=trust)
