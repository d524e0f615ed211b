"""Gold: a record in the contract's shape that a person (or a generator) vouches for, held strictly to the form.

What is not listed is null. An amount may be given as a decimal string of yuan. Beside the record's own keys gold may hold
`reviewed` (false until a person has looked at it), `notes` and `printed_inconsistencies`, which nothing is scored by.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, get_args

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from ..pipeline.check import check
from ..pipeline.errors import InputError
from ..pipeline.tie import at, cells_of
from ..schemas.form import Form

FOR_PEOPLE = ("reviewed", "notes", "printed_inconsistencies")
_YUAN: TypeAdapter[str] = TypeAdapter(Annotated[str, Field(pattern=r"^-?\d+(\.\d+)?$")])


@dataclass(frozen=True, slots=True)
class Gold:
    """record: as given, without the keys for people. cells: each cell path that it lists, and what is printed there."""

    record: Mapping[str, Any]
    cells: Mapping[str, Any]
    reviewed: bool = True

    def without(self, lost: tuple[str, ...]) -> "Gold":
        """The same where the text has lost these cells: there it prints nothing."""
        return Gold(self.record, {**self.cells, **dict.fromkeys(lost)}, self.reviewed) if lost else self


def parse_gold(text: str | bytes, where: str, form: Form) -> Gold:
    """The JSON of a gold file → gold; raises InputError that names `where`, the path, what was found and expected."""
    try:
        loaded = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where}: no JSON of a record: {error}") from error
    return read_gold(loaded, where, form)


def read_gold(loaded: Any, where: str, form: Form) -> Gold:
    """A loaded gold record → gold; raises InputError as `parse_gold` does."""
    if not isinstance(loaded, dict):
        raise InputError(
            f"{where}: a record was expected, an object with the keys of the contract, not {_named(loaded)}"
        )
    record = {key: value for key, value in loaded.items() if key not in FOR_PEOPLE}
    reviewed = loaded.get("reviewed", True)
    if not isinstance(reviewed, bool):
        raise InputError(f"{where}: reviewed: true or false was expected, not {_named(reviewed)}")
    _validate(record, where, form)
    return Gold(record, cells_of(record, form), reviewed)


def failing_identities(gold: Gold, form: Form) -> tuple[str, ...]:
    """Ids of the identities that do not hold as printed: the report itself does not add up."""
    rows = {path.rpartition(".")[0] for path, value in gold.cells.items() if value is not None}
    values = {path: value for path, value in gold.cells.items() if path.rpartition(".")[0] in rows}
    return tuple(c.id for c in check(values, form) if c.outcome == "fail")


# --- Validation ------------------------------------------------------------------------------------------------------


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the key {next(n for n in names if names.count(n) > 1)!r} stands twice in one object")
    return found


def _validate(record: Mapping[str, Any], where: str, form: Form) -> None:
    try:
        form.model.model_validate_json(json.dumps(_with_amounts(record, form)), strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        path = ".".join(map(str, first["loc"]))
        if first["type"] == "extra_forbidden":
            raise InputError(f"{where}: {path}: unknown path; {_expected(first['loc'], form.model)}") from error
        raise InputError(f"{where}: {path}: {first['msg']}, not {_named(first['input'])}") from error


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


def _named(value: Any) -> str:
    shown = json.dumps(value, ensure_ascii=False, default=str)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."
