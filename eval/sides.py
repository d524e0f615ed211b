"""A report's source beside its record: both as pieces, with the cells that are errors marked and numbered on both sides."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..pipeline.record.paths import cells_of
from ..schemas.extraction import Extraction
from ..schemas.form import Form
from ..schemas.report import Report
from .answers import Answer
from .score import Outcome, ReportScore

SOURCE_SHOWN = 60_000
"""Characters of a source; a longer one is cut off, and that is said."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the source. path: the cell that stands there, if one does. outcome: what became of it."""

    text: str
    path: str | None = None
    outcome: Outcome | None = None
    number: int | None = None
    """The number that marks this error on both sides; None where the cell is right."""


@dataclass(frozen=True, slots=True)
class Side:
    """A cell of the record. given, printed: as text, "" for null. number: as in Piece."""

    path: str
    head: str
    given: str
    printed: str
    outcome: Outcome
    number: int | None


@dataclass(frozen=True)
class Sides:
    """pieces: the source, in order. rows: label and cells of each row that gold or the record has. cut: characters not shown."""

    score: ReportScore
    extraction: Extraction | None
    pieces: tuple[Piece, ...]
    rows: tuple[tuple[str, tuple[Side, ...]], ...]
    cut: int

    @cached_property
    def placed(self) -> frozenset[int]:
        """The numbers that mark a place in the source, too."""
        return frozenset(p.number for p in self.pieces if p.number is not None)


def sides(score: ReportScore, answer: Answer | None, form: Form) -> Sides:
    """A report's score and the answer that it is of → its two sides."""
    extraction = answer.extraction if answer else None
    numbers = {path: number for number, path in enumerate(score.errors, 1)}
    text = score.case.text[:SOURCE_SHOWN]
    pieces = tuple(_pieces(text, _places(score, extraction), score, numbers))
    record = extraction.report if extraction else None
    return Sides(
        score, extraction, pieces, tuple(_rows(score, record, form, numbers)), len(score.case.text) - len(text)
    )


def _places(score: ReportScore, extraction: Extraction | None) -> list[tuple[int, int, str]]:
    """Where the record's cells stand and, for errors, where gold says they stand; none within another; in order."""
    found = [
        (e.start, e.end, path)
        for path, e in (extraction.evidence.items() if extraction else ())
        if e.start is not None and e.end is not None and e.start < e.end
    ]
    gold = score.case.line.places or {}
    found += [(*gold[path], path) for path in score.errors if path in gold]
    errors = set(score.errors)
    found.sort(key=lambda place: (place[0], place[2] not in errors))
    apart: list[tuple[int, int, str]] = []
    for place in found:
        if not apart or place[0] >= apart[-1][1]:
            apart.append(place)
    return apart


def _pieces(
    text: str, places: list[tuple[int, int, str]], score: ReportScore, numbers: Mapping[str, int]
) -> Iterator[Piece]:
    done = 0
    for start, end, path in places:
        if end > len(text):
            break
        if start > done:
            yield Piece(text[done:start])
        yield Piece(text[start:end], path, score.cells[path], numbers.get(path))
        done = end
    if done < len(text):
        yield Piece(text[done:])


def _rows(
    score: ReportScore, record: Report | None, form: Form, numbers: Mapping[str, int]
) -> Iterator[tuple[str, tuple[Side, ...]]]:
    given = cells_of(record.model_dump(), form) if record is not None else {}
    printed, kind = score.case.gold.cells, score.case.form or (record.form if record else None)
    for row in form.rows.values():
        paths = {row.cell(c.name): c.label_in(kind) for c in row.columns}
        found = tuple(
            Side(p, head, _shown(given.get(p)), _shown(printed.get(p)), score.cells[p], numbers.get(p))
            for p, head in paths.items()
            if given.get(p) is not None or printed.get(p) is not None
        )
        if found:
            yield row.label, found


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return f"{value['figure']}{value.get('unit') or ''}"
    return "" if value is None else str(value)
