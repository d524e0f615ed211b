"""A record → the cells that print it: tied by labels and order, as the rules see them, never by searching for a number."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import reduce
from typing import Any

from ...schemas.form import Form, FormSection
from ...schemas.report import Amount
from ..record.copy import read_cell
from ..source.decode import Source
from .claims import Claim
from .cut import Cell
from .fit import Candidate
from .page import Page
from .reading import Choice
from .rules import STRATEGIES

Record = Mapping[str, Any]
"""Cell path → what a record says there: an int, an amount, or None for a blank. A path that is not in it is a gap."""


def tie(page: Page, record: Record, form: Form) -> tuple[Claim, ...]:
    """A record → a claim for each of its rows that can be tied, with the cells that come nearest to what it says."""
    claims: dict[str, Claim] = {}
    for section in form.sections:
        cells = page.tables.get(section.path, ())
        choices = [c for read in STRATEGIES.values() for c in read(section, cells, page.source.folded).choices]
        for row, found in _by_row(section, choices).items():
            best = min(found, key=lambda f: _differences(page.source, f, record, form), default=None)
            if best and any(c is not None and c.id >= 0 for c in best.values()):
                claims[row] = _claim(row, best, form)
    return tuple(claims[row] for row in form.rows if row in claims)


_Way = Mapping[str, Cell | None]
"""Path → cell: one way in which a row could be filled."""


def _by_row(section: FormSection, choices: Sequence[Choice]) -> dict[str, list[_Way]]:
    """Every way in which the strategies could fill each row."""
    found: dict[str, list[_Way]] = {row.path: [] for row in section.rows}
    for choice in choices:
        for candidate in choice.candidates:
            for row, way in _split(choice, candidate).items():
                found[row].append(way)
    return found


def _split(choice: Choice, candidate: Candidate) -> dict[str, dict[str, Cell | None]]:
    rows: dict[str, dict[str, Cell | None]] = {}
    for path, cell in zip(choice.paths, candidate, strict=True):
        rows.setdefault(path.rpartition(".")[0], {})[path] = cell
    return rows


def _differences(source: Source, way: _Way, record: Record, form: Form) -> tuple[int, int]:
    """In how many cells a way prints something else than the record says; and where it says null, which may be a gap."""
    differ = [
        record[path]
        for path, cell in way.items()
        if path in record and not same(record[path], read_cell(source, cell, form.columns[path].kind))
    ]
    return sum(said is not None for said in differ), len(differ)


def same(said: Any, printed: Any) -> bool:
    """Whether a record says what is printed; of an amount, its figure or its yuan may be given alone."""
    if isinstance(said, Mapping) and isinstance(printed, Amount):
        return all(getattr(printed, key, None) == value for key, value in said.items() if value is not None)
    if isinstance(said, str) and isinstance(printed, Amount):
        return any(figure is not None and Decimal(said) == Decimal(figure) for figure in (printed.yuan, printed.figure))
    return bool(said == printed)


def _claim(row_path: str, way: _Way, form: Form) -> Claim:
    row = form.rows[row_path]
    columns = tuple(c for c in row.columns if row.cell(c.name) in way)
    return Claim(row, row.labels[0], columns, tuple(way[row.cell(c.name)] for c in columns))


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
