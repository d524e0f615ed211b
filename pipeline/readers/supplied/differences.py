"""What a supplied record says, beside what its cells print and what was read: where they differ, a finding for each cell."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from ....schemas.extraction import Extraction, Finding, ReaderShare, finding
from ....schemas.form import Form
from ....schemas.report import Amount
from ...record.shown import choices_of
from ...table.words import plain
from .record import Supplied
from .tie import same

_LONGEST_VALUE = 60


def disagreeing(supplied: Supplied, read: Extraction, *, with_nulls: bool = False) -> Iterator[str]:
    """The paths at which a record gives a value and an extraction has none, or another. with_nulls: a null is a value too."""
    for path, said in supplied.cells.items():
        if (with_nulls or said is not None) and not same(said, _printed(read, path)):
            yield path


def share_of(supplied: Supplied, read: Extraction) -> ReaderShare:
    """Of the cells that a record gives a value for, on how many an extraction agrees."""
    cells = sum(said is not None for said in supplied.cells.values())
    return ReaderShare(reader="supplied", agrees=cells - len(list(disagreeing(supplied, read))), cells=cells)


def compared(supplied: Supplied, tied: Extraction, read: Extraction, form: Form) -> tuple[Finding, ...]:
    """A record, the extraction of the cells that it was tied to, and the one that stands → all that is to be said of it."""
    return (*_differing(supplied, tied, read, form), *_gaps(supplied, read, form), *_facts(supplied, read))


def _differing(supplied: Supplied, tied: Extraction, read: Extraction, form: Form) -> Iterator[Finding]:
    """A finding for each cell in which a record and what was read differ, with both values and both places."""
    refused, choices = set(disagreeing(supplied, read)), choices_of(read)
    for path, said in supplied.cells.items():
        printed = _printed(read, path)
        places = f"所供“{_value(said)}”（{_place(tied, path)}），所读“{_value(printed)}”（{_place(read, path)}{_doubt(choices, path)}）"
        message = f"“{form.label(path)}”：{places}"
        if said is None and _is_zero(printed):
            yield finding("blank_for_zero", message, path)
        elif path in refused and printed is None and _is_zero(said):
            yield finding("zero_for_blank", message, path)
        elif path in refused:
            yield finding("cell_differs", message, path)


def _gaps(supplied: Supplied, read: Extraction, form: Form) -> Iterator[Finding]:
    """What the record says nothing of: a finding for each row of which it lists a cell, and for each section with other rows.

    A null for a 0 is told of by itself.
    """
    listed = {path.rpartition(".")[0] for path, said in supplied.cells.items() if said is not None}
    for section in form.sections:
        whole: list[str] = []
        for row in section.rows:
            gaps = [c for c in row.columns if _is_gap(supplied, read, row.cell(c.name))]
            if gaps and row.path in listed:
                filled = "、".join(f"{c.labels[0].text} {_value(_printed(read, row.cell(c.name)))}" for c in gaps)
                yield finding("gap_filled", f"“{row.label}”由原文补上：{filled}", row.path)
            elif gaps:
                filled = " ".join(_value(_printed(read, row.cell(c.name))) for c in gaps)
                whole.append(f"“{row.label}”（{filled}）")
        if whole:
            yield finding("gap_filled", f"{section.title}：{len(whole)} 行由原文补上：{'、'.join(whole)}", section.path)


def _facts(supplied: Supplied, read: Extraction) -> Iterator[Finding]:
    """A finding for each thing that a record says of the report and the text says otherwise, or not at all."""
    for path, said in supplied.facts.items():
        printed = getattr(read.report, path, None)
        if plain(str(said)) != plain(str(printed)):
            yield finding("fact_differs", f"{path}：所供“{_value(said)}”，文中“{_value(printed)}”", path)


def _printed(read: Extraction, path: str) -> Any:
    """What an extraction holds at a cell: an int, an Amount, or None where nothing is printed."""
    found: Any = read.report
    for name in path.split("."):
        found = getattr(found, name, None)
    return found


def _is_gap(supplied: Supplied, read: Extraction, path: str) -> bool:
    printed = _printed(read, path)
    is_told = path in supplied.cells and (supplied.cells[path] is not None or _is_zero(printed))
    return printed is not None and not is_told


def _is_zero(value: Any) -> bool:
    if isinstance(value, Mapping):
        value = value.get("figure")
    if isinstance(value, Amount):
        value = value.figure
    return value is not None and Decimal(value) == 0


def _value(value: Any) -> str:
    """A value for a message; one from outside may be of any length."""
    if value is None:
        return "空"
    if isinstance(value, Amount):
        value = value.model_dump()
    if isinstance(value, Mapping):
        value = "".join(str(value[part]) for part in ("figure", "unit") if value.get(part))
    text = str(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


def _doubt(choices: Mapping[str, tuple[str, ...]], path: str) -> str:
    """For a cell in doubt, that it is, and what it could be."""
    return "" if path not in choices else "，存疑" + "".join(f"，或为 {'、'.join(c)}" for c in (choices[path],) if c)


def _place(read: Extraction, path: str) -> str:
    """Where an extraction has a cell: half-open, in characters of the source."""
    evidence = read.evidence.get(path)
    if evidence is None:
        return "文中没有这一格"
    if evidence.start is None:
        return "文中没有痕迹的空白单元格"
    return f"原文[{evidence.start}:{evidence.end}]“{evidence.text}”"
