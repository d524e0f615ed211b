"""Readings that were recorded: what a reader once pointed at in a text, to be answered again through any later version.

NAME.reading.json   {"rows": {row path: {"columns": [name, …], "spans": [[start, end] | null, …]}}}, offsets into the decoded
                    text, half-open; null for a blank that left no trace
NAME.txt            the text that was read
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from nianbao.eval.answers import parse
from nianbao.pipeline.errors import InputError
from nianbao.pipeline.extract import REPORT
from nianbao.pipeline.llm.shown import Shown
from nianbao.pipeline.llm.wire import BLANK, Divided, Pointing, said_in
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

    A row of which no answer of today says what was recorded is left out, and never said otherwise. Numbers that the reader left
    in a table of which it read rows are said to be of none, as it was told to leave those.
    """
    slots = slots_at(page, recorded.places)
    said = read_pointing(page, shown, _whole(point(slots, shown, REPORT), shown), REPORT).slots
    wrong = {row_of(p) for p in recorded.places if p not in slots or said.get(p, ...) != slots[p]}
    same = {path: slot for path, slot in slots.items() if row_of(path) not in wrong}
    left = left_in(page, shown, slots.values(), {p.partition(".")[0] for p in slots})
    return _whole(point(same, shown, REPORT, left), shown)


def _whole(answer: Pointing, shown: Shown) -> Pointing:
    """An answer that says of what is left of digits that are divided in part that it cannot be known, in the row that follows."""
    at: dict[int, tuple[str, int]] = {}
    for line in answer.rows:
        number, said = said_in(line)
        for one in said:
            if isinstance(one, Divided):
                at[one.id] = (number, at.get(one.id, ("", 0))[1] + sum(len(p) for p in one.parts if p != BLANK))
    rest = [(int(n) + 1, i) for i, (n, length) in at.items() if length < len(shown.values[i - 1].text)]
    return Pointing(rows=[*answer.rows, *(f"{n}: {i}=?" for n, i in rest)])


def row_of(path: str) -> str:
    return path.rpartition(".")[0]


def left_in(page: Page, shown: Shown, slots: Iterable[Slot | None], sections: Iterable[str]) -> list[int]:
    """The ids of the numbers in the tables of these sections that none of the slots stands in."""
    own = {token.id for section in sections for token in page.tokens(section)}
    used = [(slot.start, slot.end) for slot in slots if slot is not None]
    return [
        i
        for i, t in enumerate(shown.values, 1)
        if t.kind == "number" and t.id in own and not any(a < t.end and t.start < b for a, b in used)
    ]


def slots_at(page: Page, places: Mapping[str, tuple[int, int] | None]) -> dict[str, Slot | None]:
    """Stretches of a page's source → the slots that stand there, each a token or a part of one; what is neither is left out."""
    at = list(_tokens_at(page))
    return {
        path: slot
        for path, place in places.items()
        for slot in ([None] if place is None else islice(_slots(page, place, at), 1))
    }


def _tokens_at(page: Page) -> Iterator[tuple[tuple[int, int], Token]]:
    for own in page.tables.values():
        for token in (t for table in own for t in table.tokens):
            yield page.source.place(token.start, token.end), token


def _slots(page: Page, place: tuple[int, int], at: Sequence[tuple[tuple[int, int], Token]]) -> Iterator[Slot]:
    """The first slot that stands at a place, if there is one."""
    start, end = place
    if not page.source.text[start:end].strip():
        yield from (slot_of(t) for (first, last), t in at if t.kind == "blank" and start <= first and last <= end)
    for (first, last), token in at:
        if first <= start and end <= last:
            part = Slot(token.start + start - first, token.start + end - first, token.kind != "number")
            if (first, last) == place or page.source.place(part.start, part.end) == place:
                yield slot_of(token) if (first, last) == place else part
