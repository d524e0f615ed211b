"""What a form is: sections of labelled rows, columns under heads, and the identities that tie its cells together.

A form is declared as pydantic models whose fields carry the labels below as metadata. `form_of` walks such a model once
and gives the flat view that readers, checks, views and exports share. None of them names a row.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Annotated, Any, ClassVar, Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

Kind = Literal["count", "change", "amount"]
FactKind = Literal["form", "agency", "year", "title", "date"]


class FormModel(BaseModel):
    """Base of every model of the record: unknown keys are refused, nothing changes after it is built."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    identities: ClassVar[tuple["Sum", ...]] = ()
    stated: ClassVar[tuple["Stated", ...]] = ()


# --- What a declaration is written with ------------------------------------------------------------------------------


class Label:
    """The official wording, then its known variants; `form` names the one official form that has it, None both."""

    def __init__(self, text: str, *variants: str, form: str | None = None) -> None:
        self.text = text
        self.variants = variants
        self.form = form

    @property
    def wordings(self) -> tuple[str, ...]:
        return (self.text, *self.variants)


class Labelled:
    """Metadata of a field: its labels. In the JSON Schema they are the field's title and description."""

    def __init__(self, *labels: Label | str) -> None:
        self.labels = tuple(Label(x) if isinstance(x, str) else x for x in labels)

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = dict(handler(core))
        schema["title"] = self.labels[0].text
        others = [wording for label in self.labels for wording in label.wordings][1:]
        if others:
            schema["description"] = "又作：" + "；".join(others)
        return schema


class Column(Labelled):
    """A column of a row, known by its head. kind: what its cells hold; a change is signed. under: the head that spans it."""

    def __init__(self, *labels: Label | str, kind: Kind = "count", under: str = "") -> None:
        super().__init__(*labels)
        self.kind = kind
        self.under = under


class Row(Labelled):
    """A row of a table (or a group of columns, where a section's rows stand side by side), known by its label.

    split: the rows beside it that one of the forms prints in its place.
    """

    def __init__(self, *labels: Label | str, split: tuple[str, ...] = ()) -> None:
        super().__init__(*labels)
        self.split = split


class Group(Labelled):
    """Rows, or parts of the record, under one common label."""


class Section(Labelled):
    """A section that holds a table.

    number: the Chinese numeral that the official form gives it. like: a pattern that a reworded title still meets.
    heads: "printed" where each sub-table prints its own columns, "fixed" where the form has one order for all rows.
    side_by_side: the rows stand beside each other in one line of numbers.
    words: further wording that belongs to the table (captions, heads that span several columns).
    """

    def __init__(
        self,
        *labels: Label | str,
        number: str,
        like: str,
        heads: Literal["printed", "fixed"],
        side_by_side: bool = False,
        words: tuple[str, ...] = (),
    ) -> None:
        super().__init__(*labels)
        self.number = number
        self.like = like
        self.heads = heads
        self.side_by_side = side_by_side
        self.words = words


class Prose(Labelled):
    """Prose, verbatim. `number` and `like` as for a Section.

    A field with neither holds a list of passages of the section `part_of`: those from the pattern `turn` on, or, where it
    has none, those before the turn to the next such field.
    """

    def __init__(
        self, *labels: Label | str, number: str = "", like: str = "", part_of: str = "", turn: str = ""
    ) -> None:
        super().__init__(*labels)
        self.number = number
        self.like = like
        self.part_of = part_of
        self.turn = turn


class Fact(Labelled):
    """Something that the report says of itself. what: what it is, and so how it is found and written."""

    def __init__(self, *labels: Label | str, what: FactKind) -> None:
        super().__init__(*labels)
        self.what = what


@dataclass(frozen=True, slots=True)
class Sum:
    """An identity over the fields of one model: the left terms add up to the right terms.

    A term is a field's name; the name of a group stands for all its rows. On a model of rows it holds for every column.
    A term that the report does not have is left out; so is a row that is itself printed as the sum of rows beside it.
    """

    id: str
    left: tuple[str, ...]
    right: tuple[str, ...]
    title: str


@dataclass(frozen=True, slots=True)
class Stated:
    """A figure of a section's table that the prose is apt to state too.

    says: a pattern whose one group is the figure. terms: cells of the section that add up to it; a term that begins with
    "-" is taken off. instead: what else the prose may mean by it: a reason, and the terms for that.
    """

    says: str
    terms: tuple[str, ...]
    instead: tuple[tuple[str, tuple[str, ...]], ...] = ()


# --- The flat view ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, slots=True)
class FormColumn:
    """A column of one kind of row: field name, its labels, what its cells hold, the head that spans it and others."""

    name: str
    labels: tuple[Label, ...]
    kind: Kind
    under: str

    def label_in(self, form: str | None) -> str:
        """The head as one official form prints it; the first form's where the form is unknown or mixed."""
        return next((label.text for label in self.labels if label.form in (form, None)), self.labels[0].text)


@dataclass(frozen=True, eq=False, slots=True)
class FormRow:
    """A row of the form. `path` of its cells: row path, a dot, column name."""

    path: str
    labels: tuple[Label, ...]
    groups: tuple[Label, ...]
    columns: tuple[FormColumn, ...]
    parts: tuple[str, ...]
    """Paths of the rows that this row is the sum of, where the form splits it."""

    @property
    def label(self) -> str:
        return self.labels[0].text

    @property
    def form(self) -> str | None:
        """The one official form that has this row; None: both."""
        forms = {label.form for label in self.labels}
        return forms.pop() if len(forms) == 1 else None

    def cell(self, column: str) -> str:
        return f"{self.path}.{column}"


@dataclass(frozen=True, eq=False, slots=True)
class FormSection:
    """A section with a table, its rows in the form's order."""

    path: str
    spec: Section
    rows: tuple[FormRow, ...]

    @property
    def title(self) -> str:
        return f"{self.spec.number}、{self.spec.labels[0].text}"


@dataclass(frozen=True, eq=False, slots=True)
class FormProse:
    """A section with prose."""

    path: str
    spec: Prose


@dataclass(frozen=True, slots=True)
class Identity:
    """One concrete identity: the cells `left` add up to the cells `right`.

    unless: a term is not counted where one of these cells is in the record (a subtotal printed beside its parts).
    """

    id: str
    title: str
    left: tuple[str, ...]
    right: tuple[str, ...]
    unless: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        return (*self.left, *self.right)

    @property
    def is_of_one_row(self) -> bool:
        return len({path.rpartition(".")[0] for path in self.paths}) == 1


@dataclass(frozen=True, slots=True)
class Statement:
    """A figure that the prose is apt to state: its pattern, and the cell paths that it is the sum of, as in Stated."""

    says: re.Pattern[str]
    terms: tuple[str, ...]
    instead: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, eq=False)
class Form:
    """The flat view of a declared record."""

    model: type[BaseModel]
    sections: tuple[FormSection, ...]
    proses: tuple[FormProse, ...]
    facts: Mapping[FactKind, str]
    """What a report says of itself, and the path where the record holds it."""
    identities: tuple[Identity, ...]
    statements: tuple[Statement, ...]

    @cached_property
    def rows(self) -> dict[str, FormRow]:
        return {row.path: row for section in self.sections for row in section.rows}

    @cached_property
    def columns(self) -> dict[str, FormColumn]:
        """Every cell path, in the form's order, with its column."""
        return {row.cell(c.name): c for row in self.rows.values() for c in row.columns}

    def label(self, path: str) -> str:
        """The Chinese name of a cell, a row, a section or an identity, for messages."""
        row_path, _, name = path.rpartition(".")
        if path in self.columns:
            row, column = self.rows[row_path], self.columns[path]
            return f"{row.label}·{column.labels[0].text}"
        if path in self.rows:
            return self.rows[path].label
        titles = {**{i.id: i.title for i in self.identities}, **{s.path: s.title for s in self.sections}}
        return titles.get(path, name)


_ENUMERATOR = re.compile(
    r"^(?:\([一二三四五六七八九十]+\)|（[一二三四五六七八九十]+）|[一二三四五六七八九十]+、|\d+[.．、])\s*"
)


def enumerator(label: str) -> tuple[str, str]:
    """label → (its number as printed in the form or "", the rest): "（七）总计" → ("（七）", "总计")."""
    found = _ENUMERATOR.match(label)
    return (found.group(), label[found.end() :]) if found else ("", label)


@cache
def form_of(model: type[BaseModel]) -> Form:
    """The flat view of a record model; raises TypeError where a field's metadata does not fit its type."""
    sections: list[FormSection] = []
    proses: list[FormProse] = []
    facts: dict[FactKind, str] = {}
    identities: list[Identity] = []
    statements: list[Statement] = []
    for name, spec, inner in _fields(model):
        if isinstance(spec, Section):
            rows = tuple(_rows(inner, name, ()))
            sections.append(FormSection(name, spec, rows))
            identities += _identities(inner, name)
            statements += _statements(inner, name)
        elif isinstance(spec, Group):
            proses += [FormProse(f"{name}.{n}", s) for n, s, _ in _fields(inner) if isinstance(s, Prose)]
        elif isinstance(spec, Fact):
            facts[spec.what] = name
    return Form(model, tuple(sections), tuple(proses), facts, tuple(identities), tuple(statements))


def _fields(model: Any) -> Iterator[tuple[str, Labelled, Any]]:
    """The labelled fields of a model: name, metadata, the type without `| None`."""
    for name, field in model.model_fields.items():
        specs = [m for m in field.metadata if isinstance(m, Labelled)]
        if specs:
            yield name, specs[0], _bare(field.annotation)


def _bare(annotation: Any) -> Any:
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    inner = [a for a in get_args(annotation) if a is not type(None)]
    return inner[0] if len(inner) == 1 and type(None) in get_args(annotation) else annotation


def _rows(model: Any, path: str, groups: tuple[Label, ...]) -> Iterator[FormRow]:
    for name, spec, inner in _fields(model):
        here = f"{path}.{name}"
        if isinstance(spec, Group):
            yield from _rows(inner, here, (*groups, *spec.labels))
        elif isinstance(spec, Row):
            columns = tuple(
                FormColumn(n, s.labels, s.kind, s.under) for n, s, _ in _fields(inner) if isinstance(s, Column)
            )
            parts = tuple(f"{path}.{part}" for part in spec.split)
            yield FormRow(here, spec.labels, groups, columns, parts)
        else:
            raise TypeError(f"{model.__name__}.{name}: a section holds rows and groups, not {type(spec).__name__}")


def _identities(model: Any, path: str) -> Iterator[Identity]:
    """Identities of a section: of each row over its columns, and of the rows for each column."""
    rows = {row.path: row for row in _rows(model, path, ())}
    for row in rows.values():
        for rule in _row_model(model, path, row.path).identities:
            left, right = (tuple(row.cell(c) for c in side) for side in (rule.left, rule.right))
            yield Identity(f"{row.path}.{rule.id}", f"{row.label}：{rule.title}", left, right)
    yield from _down(model, path, rows)


def _row_model(model: Any, path: str, row: str) -> Any:
    for name in row.removeprefix(f"{path}.").split("."):
        model = next(t for n, _, t in _fields(model) if n == name)
    return model


def _down(model: Any, path: str, rows: dict[str, FormRow]) -> Iterator[Identity]:
    for rule in model.identities:
        sides = [[r for term in side for r in _expand(f"{path}.{term}", rows)] for side in (rule.left, rule.right)]
        for column in sides[1][0].columns:
            terms = [tuple(row.cell(column.name) for row in side) for side in sides]
            unless = tuple(
                (row.cell(column.name), tuple(f"{part}.{column.name}" for part in row.parts))
                for row in (*sides[0], *sides[1])
                if row.parts and rule.right != (row.path.rpartition(".")[2],)
            )
            title = f"{column.labels[0].text}：{rule.title}"
            yield Identity(f"{path}.{rule.id}.{column.name}", title, terms[0], terms[1], unless)
    for name, spec, inner in _fields(model):
        if isinstance(spec, Group):
            yield from _down(inner, f"{path}.{name}", rows)


def _statements(model: Any, path: str) -> Iterator[Statement]:
    def under(terms: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(f"-{path}.{t[1:]}" if t.startswith("-") else f"{path}.{t}" for t in terms)

    for stated in model.stated:
        instead = tuple((reason, under(terms)) for reason, terms in stated.instead)
        yield Statement(re.compile(stated.says), under(stated.terms), instead)


def _expand(path: str, rows: dict[str, FormRow]) -> list[FormRow]:
    found = [row for p, row in rows.items() if p == path or p.startswith(f"{path}.")]
    if not found:
        raise TypeError(f"an identity names {path}, which the form does not have")
    return found
