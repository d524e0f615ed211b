"""A record from outside: JSON → a record in the contract's shape, held to the form; an error names the key and the nearest path."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, get_args

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from ....schemas.form import Form
from ...errors import InputError
from ...record.paths import Record, at, cells_of
from .names import nearest, paths

FOR_PEOPLE = ("reviewed", "notes", "printed_inconsistencies")
"""Keys that gold may hold beside the record's own: they say nothing of the report."""

LONGEST_NAME = 200
"""Of a report, and of any key: longer ones are no names. A message shows so much of a path."""

_YUAN: TypeAdapter[str] = TypeAdapter(Annotated[str, Field(pattern=r"^-?\d+(\.\d+)?$")])


@dataclass(frozen=True, slots=True)
class Supplied:
    """A record that somebody else made of a report.

    cells: each cell that it lists, as in `tie`; None is a gap too. facts: what it says of the report itself, by path.
    """

    cells: Record
    facts: Mapping[str, Any]

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing of any cell."""
        return all(value is None for value in self.cells.values())


def read_supplied(loaded: Any, where: str, form: Form) -> Supplied:
    """A nested record, gaps and nulls allowed at every level → what it says; raises InputError as `validate` does."""
    if not isinstance(loaded, Mapping):
        raise InputError(
            f"{where}: a record was expected, an object with the keys of the contract, not {shown(loaded)}"
        )
    record = {key: value for key, value in loaded.items() if key not in FOR_PEOPLE}
    try:
        kept = _without_nulls(record, form)
    except RecursionError as error:
        raise InputError(f"{where}: the record is nested too deep") from error
    validate(kept, where, form)
    facts = {path: kept[path] for path in form.facts.values() if path in kept}
    return Supplied(dict.fromkeys(cells_of(record, form)) | cells_of(kept, form), facts)


def load_json(text: str | bytes, where: str, what: str) -> Any:
    """JSON → what it holds; raises InputError that names `where`: no JSON, or a key that stands twice in one object, or is too long."""
    try:
        return json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where}: no JSON of {what}: {error}") from error


def validate(record: Mapping[str, Any], where: str, form: Form) -> None:
    """Hold a record strictly to the form; raises InputError that names `where`, the path, what was found and expected."""
    try:
        form.model.model_validate_json(json.dumps(_with_amounts(record, form)), strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        path = ".".join(map(str, first["loc"]))[:LONGEST_NAME]
        if first["type"] == "extra_forbidden":
            meant = f"; did you mean {nearest(path, form)}?"
            raise InputError(f"{where}: {path}: unknown path; {_expected(first['loc'], form.model)}{meant}") from error
        raise InputError(f"{where}: {path}: {first['msg']}, not {shown(first['input'])}") from error
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(f"{where}: the record cannot be written as JSON: {error}") from error


def shown(value: Any) -> str:
    """A value from outside, short enough for a message."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if len(name) > LONGEST_NAME:
            raise ValueError(f"a key is longer than {LONGEST_NAME} characters; give keys that are names")
        if name in found:
            raise ValueError(f"the key {name!r} stands twice in one object")
        found[name] = value
    return found


def _without_nulls(record: Mapping[str, Any], form: Form, under: str = "") -> dict[str, Any]:
    """The record without its nulls, and without amounts of nulls alone; a null under an unknown key stays, to be refused."""
    kept: dict[str, Any] = {}
    for key, value in record.items():
        path = f"{under}{key}"
        if isinstance(value, Mapping):
            inner = _without_nulls(value, form, f"{path}.")
            kept |= {key: inner} if inner or path not in form.columns else {}
        elif value is not None or (path not in paths(form) and under.rstrip(".") not in form.columns):
            kept[key] = value
    return kept


def _with_amounts(record: Any, form: Form) -> Any:
    """The record with each amount that is a decimal string of yuan written as the record's own model has it."""
    for path in (p for p, column in form.columns.items() if column.kind == "amount"):
        amount = at(record, path)
        if isinstance(amount, str) and _is_yuan(amount):
            record = _replaced(record, path.split("."), {"figure": amount})
    return record


def _is_yuan(amount: str) -> bool:
    try:
        return bool(_YUAN.validate_python(amount))
    except ValidationError:
        return False


def _replaced(record: Any, names: list[str], value: Any) -> Any:
    name, *rest = names
    return {**record, name: _replaced(record[name], rest, value) if rest else value}


def _expected(loc: tuple[int | str, ...], model: Any) -> str:
    """What may stand beside an unknown key."""
    for name in loc[:-1]:
        annotation = model.model_fields[name].annotation
        inner = [a for a in (annotation, *get_args(annotation)) if isinstance(a, type) and issubclass(a, BaseModel)]
        model = inner[0]
    return f"expected one of {', '.join(model.model_fields)}"
