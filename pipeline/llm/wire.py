"""What a model is shown, and what it answers: the text of the tables with cell ids, and for each row the ids of its cells.

A value's id stands before it as `«52»`; where values run on, only the first of a run is marked, and ids count on by one. A
row of the answer is a run of ids ("52-58"), or a list of ids with null for a blank. The model writes no number of the report.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import groupby, pairwise
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ...schemas.form import Form, FormColumn, FormRow, FormSection, Label, enumerator
from ..page import Page
from ..source.sections import Span
from ..table.tokens import Token

LONG_RUN = 8
"""In a longer run each value is marked."""
_MOST_WORDS = 120
"""Longer words in a table are prose, and shown cut."""

_MOST_NAMES = 500
_LONGEST_NAME = 20
Run = Annotated[str, Field(pattern=r"^\d{1,5}(-\d{1,5})?$")]
Names = TypeVar("Names", bound=Mapping[str, object])


def _few(named: Names) -> Names:
    """What an answer names, where it is no more than any form has; the limits are not part of the schema that is sent."""
    if len(named) > _MOST_NAMES or any(len(name) > _LONGEST_NAME or not name.isprintable() for name in named):
        raise ValueError("more names, or longer ones, than any form has")
    return named


class Pointing(BaseModel):
    """行号 → 各格的编号"""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rows: Annotated[dict[str, Run | list[int | None]], AfterValidator(_few)]


class PointingToo(Pointing):
    """行号 → 各格的编号；部分 → 段落的编号"""

    passages: Annotated[dict[str, Run], AfterValidator(_few)]


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
            yield " ".join([*([group] if group else []), *(f"{wire.number}={_short(wire)}" for wire in own)])


def _short(wire: WireRow) -> str:
    """The shortest wording of a row's label, without explanations."""
    number, rest = enumerator(min(wire.label.wordings, key=len))
    return number.strip() + re.split("[（、]", rest)[0]


# --- Shown -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Shown:
    """The text of the tables as a model sees it. values: the tokens that have ids; the n-th has id n, counted from 1."""

    text: str
    values: tuple[Token, ...]
    paragraphs: tuple[Span, ...] = ()
    """Of the prose, where it is asked for; the n-th has number n."""

    @cached_property
    def ids(self) -> Mapping[tuple[int, int], int]:
        """The half-open stretch of a token → its id."""
        return {(token.start, token.end): i for i, token in enumerate(self.values, 1)}


def show(page: Page, form: Form) -> Shown:
    """The tokens of a page's tables → the text for a model, with ids."""
    tables = [(section, table) for section in form.sections for table in page.tables.get(section.path, ())]
    values = tuple(token for _, table in tables for token in table.tokens if is_value(token))
    ids = {token.id: i for i, token in enumerate(values, 1)}
    lines: list[str] = []
    for section, table in tables:
        lines.append(f"## {section.title}")
        lines += _lines(table.tokens, ids)
    return Shown("\n".join(lines), values)


def is_value(cell: Token) -> bool:
    """Whether a cell has an id: numbers, and marks that stand for a blank."""
    return cell.kind == "number" or (cell.kind == "blank" and bool(cell.text))


def _lines(cells: Sequence[Token], ids: Mapping[int, int]) -> Iterator[str]:
    marked = _marked(cells)
    for _, group in groupby((c for c in cells if c.kind not in ("gap", "page")), key=lambda c: c.line):
        line = list(group)
        shown = [(f"«{ids[c.id]}»" if c.id in marked else "") + _text(c) for c in line]
        yield ("|" if line[0].fields > 1 else " ").join(shown)


def _marked(cells: Sequence[Token]) -> set[int]:
    """The values that are marked: the first of each run, and in a long run every one.

    A run ends at words, and at more empty lines than stand between every two lines of the table.
    """
    marked: set[int] = set()
    run: list[Token] = []
    empty, usual = 0, _empty_lines(cells)
    for cell in [*cells, None]:
        if cell is not None and cell.kind == "gap":
            empty += 1
            continue
        if cell is None or empty > usual or not (is_value(cell) or cell.kind == "blank"):
            marked |= {c.id for c in (run if len(run) > LONG_RUN else run[:1])}
            run = []
        run += [cell] if cell is not None and is_value(cell) else []
        empty = 0
    return marked


def _empty_lines(cells: Sequence[Token]) -> int:
    """How many empty lines stand between any two lines at least: 0, or 1 in a text of double spacing."""
    lines = [list(group) for _, group in groupby(cells, key=lambda c: c.line)]
    is_empty = [line[0].kind == "gap" for line in lines]
    between = [len(list(group)) for empty, group in groupby(is_empty) if empty]
    is_doubled = not any(not one and not other for one, other in pairwise(is_empty))
    return min(between, default=0) if is_doubled else 0


def _text(cell: Token) -> str:
    """A cell's text on one line, without marks of its own."""
    text = " ".join(cell.text.split()).replace("«", "《").replace("»", "》")
    return text if len(text) <= _MOST_WORDS else text[:_MOST_WORDS] + "…"
