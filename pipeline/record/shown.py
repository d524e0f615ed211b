"""What is in doubt in an extraction, as a person reads it."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from ...schemas.extraction import Choice, Doubt, Extraction, Finding
from ...schemas.findings import FINDINGS
from ...schemas.form import Form
from ...schemas.report import Amount

ABSENT, NO_ROW = "无此格", "没有这一行"
"""What is shown where a reading says that the report does not print a cell at all."""


def shown(value: int | Amount | None) -> str:
    """The value of a cell: 3 → "3", null → "空", an amount → "1250万元"."""
    if value is None:
        return "空"
    return f"{value.figure}{value.unit or ''}" if isinstance(value, Amount) else f"{value}"


def choices_of(extraction: Extraction) -> Mapping[str, tuple[str, ...]]:
    """What each doubtful cell could be, the likeliest first: {"requests.granted.other": ("3", "空")}.

    Where no choice is known it is empty. Cells that the record has not, and a choice has, are there too.
    """
    found: dict[str, dict[str, None]] = {p: {} for p, e in extraction.evidence.items() if e.trust == "doubtful"}
    for doubt in extraction.doubts:
        for path in doubt.paths:
            found.setdefault(path, {}).update((shown_in(choice, path), None) for choice in likeliest_first(doubt))
    return {path: tuple(values) for path, values in found.items()}


def likeliest_first(doubt: Doubt) -> list[Choice]:
    return sorted(doubt.choices, key=lambda choice: choice.cost)


def shown_in(choice: Choice, path: str) -> str:
    """What a choice puts at a path."""
    return shown(choice.values[path]) if path in choice.values else ABSENT


def shown_choice(choice: Choice, doubt: Doubt, form: Form) -> str:
    """What a choice puts at the paths of its doubt: "（一）予以公开：自然人 3，其他 空"."""
    rows = rows_of_choice(choice, doubt, form)
    return "；".join(f"{row}：{'，'.join(f'{c} {v}' for c, v in cells) or NO_ROW}" for row, cells in rows)


def rows_of_choice(choice: Choice, doubt: Doubt, form: Form) -> Iterator[tuple[str, Sequence[tuple[str, str]]]]:
    """The same in parts: each row, with the heads of its columns and what stands there; none where it has not the row."""
    for row, paths in _by_row(doubt.paths).items():
        has_none = _is_whole(row, paths, form) and not any(path in choice.values for path in paths)
        cells = [(form.columns[path].labels[0].text, shown_in(choice, path)) for path in paths]
        yield form.label(row), [] if has_none else cells


def names_of(paths: Iterable[str], form: Form) -> str:
    """The Chinese names of cells, row by row: "（一）予以公开·自然人、其他；（二）部分公开", where that is the whole of （二）."""
    told = []
    for row, own in _by_row(paths).items():
        columns = "" if _is_whole(row, own, form) else "、".join(form.columns[path].labels[0].text for path in own)
        told.append(f"{form.label(row)}·{columns}" if columns else form.label(row))
    return "；".join(told)


def _by_row(paths: Iterable[str]) -> Mapping[str, list[str]]:
    rows: dict[str, list[str]] = {}
    for path in paths:
        rows.setdefault(path.rpartition(".")[0], []).append(path)
    return rows


def _is_whole(row: str, paths: Collection[str], form: Form) -> bool:
    return len(paths) == len(form.rows[row].columns)


def findings_of(extraction: Extraction, doubt: Doubt) -> Iterator[Finding]:
    """The findings that say why there is this doubt."""
    for found in extraction.findings:
        if found.code == doubt.reason and (found.path is None or any(_is_of(path, found.path) for path in doubt.paths)):
            yield found


def _is_of(path: str, above: str) -> bool:
    return path == above or path.startswith(f"{above}.")


def why(extraction: Extraction, doubt: Doubt) -> str:
    """Why there is this doubt: what its findings say, else what their code means."""
    told = dict.fromkeys(finding.message for finding in findings_of(extraction, doubt))
    return "；".join(told) or FINDINGS[doubt.reason].meaning
