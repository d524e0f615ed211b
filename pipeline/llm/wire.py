"""What a model answers, and the rows that it answers of: a list of lines, each a row's number and where its cells stand.

    "15:2-8"                     seven cells, each with an id
    "40:空 9 空 空 空 空 10"      cells that print nothing, and have no id, between others
    "17:30=0|12|0|0|0|0|12"      digits run together, divided: joined they are the text of value 30, letter for letter
    "16:空"  "18:?"  "35:缺"    all blank; cannot be known, as may be said of a cell, too; not in the report
    "0:33 40-42"                 values of no row
    "一:3-9"                     a part of the prose: its paragraphs

The model writes no number of the report: what it divides is held against the text.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from ...schemas.form import Form, FormColumn, FormRow, FormSection, Label

BLANK, UNKNOWN, ABSENT = "空", "?", "缺"
NO_ROW = "0"
"""Stands for the number of a row where values belong to none."""

_MOST_LINES = 500
_LONGEST_LINE = 1_000
_ID = re.compile("[0-9]{1,5}")
_SAME = str.maketrans("：？｜＝，、—–－", ":?|=,,---")
"""What a model may write for a mark of the answer."""


def _few(lines: list[str]) -> list[str]:
    """Lines, where they are no more than any form has; the limits are not part of the schema that is sent."""
    if len(lines) > _MOST_LINES or any(len(line) > _LONGEST_LINE or not line.isprintable() for line in lines):
        raise ValueError("more lines, or longer ones, than any form has")
    return lines


class Pointing(BaseModel):
    """每行一条，写作“行号:各格的编号”"""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rows: Annotated[list[str], AfterValidator(_few)]


@dataclass(frozen=True, slots=True)
class Divided:
    """A value that is several run together, as a row says of it: its own part of them, in order."""

    id: int
    parts: tuple[str, ...]


Said = int | Divided | str
"""What an answer says of a cell: an id, ids run together, BLANK, or UNKNOWN."""


def said_in(line: str) -> tuple[str, tuple[Said, ...]]:
    """A line of an answer → what it is of, and its cells, one after another: "15:2-4 空" → ("15", (2, 3, 4, "空")).

    ("15", ("缺",)) where there is no such row; no cells where the line cannot be understood.
    """
    number, _, rest = line.translate(_SAME).partition(":")
    words = rest.split() if "=" in rest else rest.replace(",", " ").split()
    found: list[Said] = []
    for word in words:
        cells = list(_cells(word))
        if not cells or len(found) + len(cells) > _LONGEST_LINE:
            return number.strip(), ()
        found += cells
    return number.strip(), tuple(found)


def _cells(word: str) -> Iterator[Said]:
    if word in (BLANK, UNKNOWN, ABSENT):
        yield word
        return
    one, is_divided, parts = word.partition("=")
    if is_divided and _ID.fullmatch(one):
        yield Divided(int(one), tuple(parts.split("|")))
        return
    first, _, last = word.partition("-")
    last = last or first
    if _ID.fullmatch(first) and _ID.fullmatch(last) and 0 <= int(last) - int(first) < _LONGEST_LINE:
        yield from range(int(first), int(last) + 1)


def line_of(number: str, cells: Sequence[Said]) -> str:
    """The other way: ("15", (2, 3, 4, "空")) → "15:2-4 空"."""
    if len(cells) > 1 and len(set(cells)) == 1 and cells[0] in (BLANK, UNKNOWN):
        cells = cells[:1]
    return f"{number}:{' '.join(_words(cells))}"


def _words(cells: Sequence[Said]) -> Iterator[str]:
    runs = groupby(enumerate(cells), key=lambda x: x[1] - x[0] if isinstance(x[1], int) else (x[0],))
    for _, run in runs:
        first, *others = (cell for _, cell in run)
        if isinstance(first, Divided):
            yield f"{first.id}={'|'.join(first.parts)}"
        else:
            yield f"{first}-{others[-1]}" if others else f"{first}"


# --- The rows --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, slots=True)
class WireRow:
    """A row as a model may point at it: the form's row with the columns that one official form prints."""

    number: str
    row: FormRow
    label: Label
    columns: tuple[FormColumn, ...]
    form: str | None


@cache
def wire_rows(form: Form) -> tuple[WireRow, ...]:
    """Every row of the form, once for each set of columns that the official forms give it, numbered from 1.

    Rows of a section that have the same columns follow each other.
    """
    found: list[WireRow] = []
    for section in form.sections:
        ways = [(_heads(columns, name), row, name, columns) for row in section.rows for name, columns in _sets(row)]
        first = {heads: -i for i, (heads, *_) in reversed(list(enumerate(ways)))}
        for _, row, name, columns in sorted(ways, key=lambda way: -first[way[0]]):
            label = next((x for x in row.labels if x.form in (name, None)), row.labels[0])
            found.append(WireRow(str(len(found) + 1), row, label, columns, name))
    return tuple(found)


def _heads(columns: tuple[FormColumn, ...], form: str | None) -> str:
    """The heads of columns as one official form prints them."""
    return "、".join(next(x.text for x in c.labels if x.form in (form, None)) for c in columns)


def _sets(row: FormRow) -> Iterator[tuple[str | None, tuple[FormColumn, ...]]]:
    """The sets of columns that the official forms give a row, each with the form's name, None where it is both."""
    forms = sorted({label.form for c in row.columns for label in c.labels if label.form})
    if not forms:
        yield row.form, row.columns
    for form in forms:
        columns = tuple(c for c in row.columns if any(x.form in (form, None) for x in c.labels))
        if columns and row.form in (form, None):
            yield form, columns


def list_rows(form: Form) -> str:
    """The list of rows that a model is given: for each section its title, its columns where they are fixed, and its rows."""
    return "\n".join(line for section in form.sections for line in _list_section(section, form))


def _list_section(section: FormSection, form: Form) -> Iterator[str]:
    rows = [w for w in wire_rows(form) if w.row in section.rows]
    yield section.title
    for heads, same in groupby(rows, key=lambda w: _heads(w.columns, w.form)):
        yield f"（{heads}）"
        for group, own in groupby(same, key=lambda w: w.row.groups[-1].text if w.row.groups else ""):
            yield " ".join([*([group] if group else []), *(f"{wire.number}={wire.label.text}" for wire in own)])
