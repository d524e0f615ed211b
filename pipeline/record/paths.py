"""Nested records and their paths: what a record holds at a dotted path, and the nested record that has given cells."""

from collections.abc import Mapping
from functools import lru_cache, reduce
from typing import Any

from ...schemas.form import Form

Record = Mapping[str, Any]
"""Cell path → what a record says there: an int, an amount, or None for a blank. A path that is not in it is a gap."""


def cells_of(record: Mapping[str, Any], form: Form) -> dict[str, Any]:
    """A record in the contract's shape → each cell path that it lists, in the form's order, and the value there."""
    found: dict[str, Any] = {}
    for row in form.rows.values():
        cells = at(record, row.path)
        if isinstance(cells, Mapping):
            found |= {row.cell(c.name): cells[c.name] for c in row.columns if c.name in cells}
    return found


def at(record: Any, path: str) -> Any:
    """What a nested record holds at a dotted path; None where it holds nothing."""
    return reduce(lambda found, name: found.get(name) if isinstance(found, Mapping) else None, path.split("."), record)


def build_nested(cells: Mapping[str, Any]) -> dict[str, Any]:
    """Cell path → value, as the nested record that has them: {"a.b": 1} → {"a": {"b": 1}}."""
    record: dict[str, Any] = {}
    for path, value in cells.items():
        put(record, path, value)
    return record


def put(record: dict[str, Any], path: str, value: Any) -> None:
    """Set a nested record's value at a dotted path."""
    parents, name = _steps(path)
    for parent in parents:
        record = record.setdefault(parent, {})
    record[name] = value


@lru_cache(maxsize=1024)
def _steps(path: str) -> tuple[tuple[str, ...], str]:
    *parents, name = path.split(".")
    return tuple(parents), name
