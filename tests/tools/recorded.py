"""Readings that were recorded: what a reader once pointed at in a text, to be answered again through any later version.

NAME.reading.json   {"rows": {row path: {"columns": [name, …], "spans": [[start, end] | null, …]}}}, offsets into the decoded
                    text, half-open; null for a blank that left no trace
NAME.txt            the text that was read
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from nianbao.eval.answers import parse
from nianbao.pipeline.errors import InputError
from nianbao.pipeline.extract import REPORT
from nianbao.pipeline.llm.wire import Pointing, Shown
from nianbao.pipeline.page import Page
from nianbao.pipeline.readers.pointing import point, read_pointing
from nianbao.pipeline.source.decode import Source, decode
from nianbao.pipeline.source.inputs import read_input
from nianbao.pipeline.table.fills import Slot, slot_of
from nianbao.pipeline.table.tokens import Token
from pydantic import BaseModel, ConfigDict, Field

READING = ".reading.json"


@dataclass(frozen=True, slots=True)
class Recorded:
    """A text, and where a reader pointed in it: cell path → half-open stretch of it, None for a blank that left no trace."""

    source: Source
    places: Mapping[str, tuple[int, int] | None]


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid")

    columns: list[str]
    spans: list[tuple[int, int] | None]


class _Reading(BaseModel):
    """Of the file's other keys nothing is used: paragraphs are numbered by the request of their day."""

    rows: dict[str, _Row] = Field(default_factory=dict)


def load_recorded(folder: str) -> list[Recorded]:
    """A folder of NAME.reading.json with NAME.txt → its readings; raises InputError where it has none, or one is no such reading."""
    files = sorted(Path(folder).glob(f"*{READING}"))
    if not files:
        raise InputError(f"{folder}: no NAME{READING} with a NAME.txt beside it; give a folder that has some")
    return [_recorded(file) for file in files]


def _recorded(file: Path) -> Recorded:
    name = f"{file.name.removesuffix(READING)}.txt"
    source = decode(read_input(str(file.with_name(name))), name)
    places: dict[str, tuple[int, int] | None] = {}
    for row, said in parse(file.read_bytes(), _Reading, str(file)).rows.items():
        if len(said.columns) != len(said.spans):
            raise InputError(f"{file}: rows.{row}: {len(said.columns)} columns and {len(said.spans)} spans")
        places |= {f"{row}.{column}": span for column, span in zip(said.columns, said.spans, strict=True)}
    for path, place in places.items():
        if path not in REPORT.columns:
            raise InputError(f"{file}: {path}: not in the form; the path of a cell was expected")
        if place and not 0 <= place[0] < place[1] <= len(source.text):
            raise InputError(f"{file}: {path}: {place} is no stretch of the {len(source.text)} characters of {name}")
    return Recorded(source, places)


def answer_as_recorded(page: Page, shown: Shown, recorded: Recorded) -> Pointing:
    """What a recorded reader answers to a question about its text, as the program asks it now.

    A row that no answer of today could say, such as one that divides a run of digits, is left out, and never said otherwise.
    """
    slots = slots_at(page, recorded.places)
    said: dict[str, Slot | None] = {}
    for _, row in groupby(recorded.places, key=lambda path: path.rpartition(".")[0]):
        own = {path: slots[path] for path in row if path in slots}
        if read_pointing(page, shown, point(own, shown, REPORT), REPORT).slots == own:
            said |= own
    return point(said, shown, REPORT)


def slots_at(page: Page, places: Mapping[str, tuple[int, int] | None]) -> dict[str, Slot | None]:
    """Stretches of a page's source → the slots that stand there, each a token or a part of one; what is neither is left out."""
    at = list(_tokens_at(page))
    return {
        path: slot for path, place in places.items() for slot in ([None] if place is None else _slots(page, place, at))
    }


def _tokens_at(page: Page) -> Iterator[tuple[tuple[int, int], Token]]:
    for own in page.tables.values():
        for token in (t for table in own for t in table.tokens if t.text):
            yield page.source.place(token.start, token.end), token


def _slots(page: Page, place: tuple[int, int], at: Sequence[tuple[tuple[int, int], Token]]) -> Iterator[Slot]:
    """The first slot that stands at a place, if there is one."""
    start, end = place
    for (first, last), token in at:
        if first <= start and end <= last:
            part = Slot(token.start + start - first, token.start + end - first, token.kind != "number")
            if (first, last) == place or page.source.place(part.start, part.end) == place:
                yield slot_of(token) if (first, last) == place else part
                return
