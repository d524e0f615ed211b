"""A record in somebody else's shape → a record in the contract's, by a small declared map.

A map is TOML. Paths of ours may be written as paths or as Chinese labels: `requests.received.total`, `本年新收政府信息公开申请数量.总计`.

    ignore = ["id"]                       # keys of theirs that say nothing of the report

    [cells]                               # their key = our path; a dot goes one level down
    "a.b" = "year"
    fee = { path = "行政事业性收费.本年收费金额", unit = "万元" }

    [tables."申请"]                        # their key of a table: rows under their names, or a list of rows
    section = "requests"                  # where its rows are
    name = "事项"                          # of a list of rows: the field that names the row
    rows = { "新收" = "received" }           # their row = ours; a list names the rows in their order
    columns = { "合计" = "total" }           # their column = ours; a list names the fields of rows that are lists
    ignore = ["序号"]

What is a path or a label of ours already needs no entry.
"""

import math
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ....schemas.form import Form, FormColumn
from ....schemas.report import Unit
from ...errors import InputError
from ...record.paths import build_nested
from ...source.decode import fold
from ...table.values import as_amount, as_change, as_count, is_blank_mark
from .names import cell_named, column_named, nearest, rows_named
from .record import LONGEST_NAME, shown

Name = Annotated[str, Field(max_length=LONGEST_NAME)]


class _Declared(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Target(_Declared):
    """Where a value of theirs goes. unit: of an amount that is given as a number."""

    path: Name
    unit: Unit | None = None


class TableMap(_Declared):
    """How a table of theirs is read; the fields as in the module's example."""

    section: Name = ""
    name: Name | None = None
    rows: dict[Name, Name] | list[Name] = {}
    columns: dict[Name, Name] | list[Name] = {}
    ignore: tuple[Name, ...] = ()


class RecordMap(_Declared):
    """A whole map. where: its file, for messages."""

    where: str
    cells: dict[Name, Name | Target] = {}
    tables: dict[Name, TableMap] = {}
    ignore: tuple[Name, ...] = ()


def load_map(data: bytes, where: str, form: Form) -> RecordMap:
    """The TOML of a map → the map; raises InputError that names the key, and the nearest path where one is unknown."""
    try:
        declared = RecordMap.model_validate({**tomllib.loads(data.decode("utf-8-sig")), "where": where})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        hint = "a key with other characters than a-z, 0-9, _ and - stands in quotes"
        raise InputError(f"{where}: no TOML: {error}; {hint}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part)[:50] for part in first["loc"])
        raise InputError(f"{where}: {key}: {first['msg']}; a map has cells, tables, ignore") from error
    for key, target in declared.cells.items():
        _path(target if isinstance(target, str) else target.path, f"{where}: cells.{key}", form)
    for key, table in declared.tables.items():
        ours = table.rows if isinstance(table.rows, list) else table.rows.values()
        for row in ours:
            _row(row, table, f"{where}: tables.{key}.rows", form)
    return declared


def map_record(theirs: Any, by: RecordMap, where: str, form: Form) -> dict[str, Any]:
    """Their record → the contract's; raises InputError that names a key that is neither mapped, nor ignored, nor ours."""
    if not isinstance(theirs, Mapping):
        raise InputError(f"{where}: a record was expected, an object, not {shown(theirs)}")
    found = _Found(where, form)
    try:
        _walk(theirs, "", by, found)
    except RecursionError as error:
        raise InputError(f"{where}: the record is nested too deep") from error
    return build_nested(found.cells)


@dataclass(frozen=True, slots=True)
class _Found:
    """What has been mapped: path → value, and which key of theirs gave it."""

    where: str
    form: Form
    cells: dict[str, Any] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)

    def put(self, key: str, path: str, value: Any, unit: Unit | None = None) -> None:
        other = self.keys.setdefault(path, key)
        if other != key:
            raise InputError(f"{self.where}: {key}: {path} is given already, by {other}")
        where = f"{self.where}: {key}"
        column = self.form.columns.get(path)
        self.cells[path] = _as_ours(value, column, unit, where) if column else _as_fact(value, path, self.form)


def _walk(theirs: Mapping[str, Any], under: str, by: RecordMap, found: _Found) -> None:
    for name, value in theirs.items():
        key = f"{under}{name}"
        target = by.cells.get(key)
        if key in by.tables:
            _walk_table(value, key, by.tables[key], found)
        elif target is not None:
            path, unit = (target, None) if isinstance(target, str) else (target.path, target.unit)
            found.put(key, _path(path, f"{by.where}: cells.{key}", found.form), value, unit)
        elif key in by.ignore or name in by.ignore or value is None:
            continue
        elif cell_named(key, found.form) is None and isinstance(value, Mapping):
            _walk(value, f"{key}.", by, found)
        else:
            found.put(key, _path(key, f"{found.where}: {key}", found.form), value)


def _walk_table(theirs: Any, key: str, table: TableMap, found: _Found) -> None:
    for name, fields in _named_rows(theirs, key, table, found.where):
        if name in table.ignore or fields is None:
            continue
        row_path = _row(name, table, f"{found.where}: {key}.{name}", found.form)
        row = found.form.rows[row_path]
        for column, value in _fields(fields, table, f"{found.where}: {key}.{name}").items():
            if column in table.ignore or column == table.name:
                continue
            ours = table.columns.get(column, column) if isinstance(table.columns, dict) else column
            named = column_named(ours, row)
            if named is None:
                labels = "、".join(c.labels[0].text for c in row.columns)
                raise InputError(
                    f"{found.where}: {key}.{name}.{column}: {row_path} has no such column; it has {labels}"
                )
            found.put(f"{key}.{name}.{column}", row.cell(named.name), value)


def _named_rows(theirs: Any, key: str, table: TableMap, where: str) -> Iterator[tuple[str, Any]]:
    """The rows of a table of theirs, each under its name."""
    if isinstance(theirs, Mapping):
        yield from theirs.items()
        return
    if not isinstance(theirs, list):
        raise InputError(f"{where}: {key}: a table was expected, rows under their names or a list, not {shown(theirs)}")
    if isinstance(table.rows, list) and len(table.rows) != len(theirs):
        raise InputError(f"{where}: {key}: {len(theirs)} rows, but the map names {len(table.rows)}")
    for i, row in enumerate(theirs):
        if isinstance(table.rows, list):
            yield table.rows[i], row
        else:
            fields = _fields(row, table, f"{where}: {key}[{i}]")
            if table.name not in fields:
                raise InputError(f"{where}: {key}[{i}]: no field {table.name!r} that names the row; say `name = ...`")
            yield str(fields[table.name]), row


def _fields(row: Any, table: TableMap, where: str) -> dict[str, Any]:
    """A row of theirs → column → value."""
    if isinstance(row, Mapping):
        return dict(row)
    if isinstance(row, list) and isinstance(table.columns, list) and len(row) == len(table.columns):
        return dict(zip(table.columns, row, strict=True))
    expected = f"{len(table.columns)} fields" if isinstance(table.columns, list) else "an object of columns"
    raise InputError(f"{where}: a row of {expected} was expected, not {shown(row)}")


def _row(name: str, table: TableMap, where: str, form: Form) -> str:
    ours = table.rows.get(name, name) if isinstance(table.rows, dict) else name
    found = rows_named(ours, form, table.section)
    if len(found) == 1:
        return found[0]
    if found:
        raise InputError(f"{where}: {ours!r} could be {' or '.join(found)}; give the path")
    raise InputError(f"{where}: no row is called {ours!r}; did you mean {nearest(ours, form)}?")


def _path(name: str, where: str, form: Form) -> str:
    path = cell_named(name, form)
    if path is None:
        raise InputError(f"{where}: unknown path {name!r}; did you mean {nearest(name, form)}?")
    return path


# --- Values ----------------------------------------------------------------------------------------------------------


def _as_ours(value: Any, column: FormColumn, unit: Unit | None, where: str) -> Any:
    """Their value of a cell → the contract's: a number, also as text; an amount in yuan where its unit is known."""
    if isinstance(value, float) and math.isnan(value):
        return None
    if isinstance(value, float) and (value.is_integer() or column.kind == "amount"):
        value = f"{Decimal(str(value)):f}".removesuffix(".0")
    elif isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if value is None or isinstance(value, Mapping):
        return value
    text = fold(value).strip() if isinstance(value, str) else ""
    if isinstance(value, str) and (not text or is_blank_mark(text)):
        return None
    if column.kind == "amount":
        amount = as_amount(text, unit)
        number: Any = amount and (amount.yuan or amount.figure)
    else:
        number = as_count(text) if column.kind == "count" else as_change(text)
    if number is None:
        raise InputError(f"{where}: {column.labels[0].text}: no number: {shown(value)}")
    return number


def _as_fact(value: Any, path: str, form: Form) -> Any:
    is_year = path == form.facts.get("year")
    return as_count(fold(value)) if is_year and isinstance(value, str) and value.isdigit() else value
