"""What a cell, a row or a column may be called by people: its path, or its Chinese labels → the path."""

from collections.abc import Iterator
from functools import cache
from itertools import product

from rapidfuzz import fuzz, process

from ....schemas.form import Form, FormColumn, FormRow, FormSection, Label, enumerator
from ...table.words import plain_label

_LONGEST_NAME = 200
"""So much of a name from outside is compared."""


def cell_named(name: str, form: Form) -> str | None:
    """A path, or labels: `自然人` of `（一）予以公开` is `（一）予以公开.自然人` → the path of a cell, a fact or prose; None: no such."""
    if name in form.columns or name in form.facts.values() or any(p.path == name for p in form.proses):
        return name
    row_name, _, column_name = name.replace("·", ".").rpartition(".")
    rows = [form.rows[path] for path in rows_named(row_name, form)] if row_name else []
    found = [row.cell(c.name) for row in rows if (c := column_named(column_name, row))]
    return found[0] if len(found) == 1 else None


def rows_named(name: str, form: Form, section: str = "") -> tuple[str, ...]:
    """The rows that bear a name, of the section that bears `section`: their paths."""
    inside = [s.path for s in form.sections if not section or plain_label(section) in _section_names(s)]
    return tuple(p for p in _rows(form).get(plain_label(name), ()) if p.partition(".")[0] in inside)


def column_named(name: str, row: FormRow) -> FormColumn | None:
    """The column of a row that bears a name."""
    return next((c for c in row.columns if plain_label(name) in {plain_label(c.name), *_wordings(c.labels)}), None)


def nearest(name: str, form: Form) -> str:
    """The path of the form that is, or whose labels are, spelt most like a name."""
    names = _all_names(form)
    return names[process.extractOne(name[:_LONGEST_NAME], list(names), scorer=fuzz.ratio)[0]]


@cache
def paths(form: Form) -> frozenset[str]:
    """Every path of the form: facts, prose, cells, and all that they stand under."""
    return frozenset(_all_names(form).values())


@cache
def _all_names(form: Form) -> dict[str, str]:
    """Path, or labels as they are printed → path."""
    names: dict[str, str] = {}
    for path in (*form.facts.values(), *(p.path for p in form.proses), *form.columns):
        names |= {part: part for part in _upwards(path)}
    for row in form.rows.values():
        for label in row.labels:
            names.setdefault(label.text, row.path)
            names |= {f"{label.text}.{c.labels[0].text}": row.cell(c.name) for c in row.columns}
    return names


def _upwards(path: str) -> Iterator[str]:
    while path:
        yield path
        path = path.rpartition(".")[0]


@cache
def _rows(form: Form) -> dict[str, tuple[str, ...]]:
    """Plain name → the rows that bear it, alone or after the names of its section and its groups."""
    found: dict[str, list[str]] = {}
    for section in form.sections:
        for row in section.rows:
            within = row.path.removeprefix(f"{section.path}.")
            own = {*_wordings(row.labels), plain_label(within), plain_label(within.rpartition(".")[2])}
            for names in product({"", *_section_names(section)}, {"", *_wordings(row.groups)}, own):
                found.setdefault("".join(names), []).append(row.path)
    return {name: tuple(dict.fromkeys(paths)) for name, paths in found.items()}


def _section_names(section: FormSection) -> set[str]:
    return {plain_label(section.path), plain_label(section.title), *_wordings(section.spec.labels)}


def _wordings(labels: tuple[Label, ...]) -> set[str]:
    """Every wording of labels, plain, with its number and without."""
    wordings = [wording for label in labels for wording in label.wordings]
    return {plain_label(w) for w in wordings} | {plain_label(enumerator(w)[1]) for w in wordings}
