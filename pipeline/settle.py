"""Choices → a reading, where arithmetic leaves one possibility.

A row whose cells are more or fewer than its columns could be filled in several ways. First its own identities speak,
then, for the rows still open, the identities down the columns. A blank counts as nothing added. Where several ways are
left that would give different records, none is chosen. Arithmetic chooses between places; it never changes a number.
A row with fewer cells than columns is never filled: whether a blank was dropped or a number lost, no sum can tell.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product
from math import prod

from ..schemas.extraction import Basis, Finding, finding
from ..schemas.form import Form, Identity
from .cut import Cell
from .fit import Candidate
from .reading import Choice, Place

MAX_COMBINATIONS = 5_000
"""Rows that could be filled together in more ways than this are not searched."""

Worth = Callable[[Cell], int]


def settle(
    choices: Sequence[Choice], form: Form, worth: Worth
) -> tuple[dict[str, Place], frozenset[int], list[Finding]]:
    """Choices → places, ids of the cells left out as strays, findings. worth: what a cell adds to a sum."""
    open_: list[tuple[Choice, list[Candidate]]] = []
    settled: list[tuple[Choice, Candidate, bool]] = []
    findings: list[Finding] = []
    for choice in choices:
        if len(choice.candidates) == 1 and not choice.by_count:
            settled.append((choice, choice.candidates[0], False))
            continue
        kept = _by_own_identities(choice, form, worth)
        if len(kept) == 1 and len(choice.cells) >= len(choice.paths):
            settled.append((choice, kept[0], True))
        else:
            open_.append((choice, kept))
    if open_:
        together = _by_columns(open_, settled, form, worth)
        if together is None:
            findings += [_does_not_fit(choice, kept, form) for choice, kept in open_]
            together = [(c, k[0], True) for c, k in open_ if k]
        settled += together
    places: dict[str, Place] = {}
    strays: set[int] = set()
    for choice, candidate, inferred in settled:
        for path, cell in zip(choice.paths, candidate, strict=True):
            basis: Basis = "blank" if cell is None or cell.kind != "number" else "inferred" if inferred else "read"
            places[path] = Place(cell, basis, choice.units.get(path))
        if inferred and not any(c is choice for c, _ in open_ if findings):
            outside = [c for c in choice.cells if c not in candidate and c.kind == "number"]
            strays |= {c.id for c in outside}
            findings += [_stray(choice, c, form) for c in outside]
    return places, frozenset(strays), findings


def _by_own_identities(choice: Choice, form: Form, worth: Worth) -> list[Candidate]:
    """The candidates that hold the identities over the choice's own cells, one for each different record."""
    inside = set(choice.paths)
    rules = [r for r in form.identities if inside.issuperset((*r.left, *r.right))]
    if not rules:
        return list(choice.candidates)
    kept: dict[tuple[int | None, ...], Candidate] = {}
    for candidate in choice.candidates:
        values = {p: worth(c) for p, c in zip(choice.paths, candidate, strict=True) if c is not None}
        if all(_holds(rule, values) for rule in rules):
            record = tuple(None if c is None or c.kind != "number" else worth(c) for c in candidate)
            kept.setdefault(record, candidate)
    return list(kept.values())


def _holds(rule: Identity, values: Mapping[str, int]) -> bool:
    counted = {path for path, parts in rule.unless if any(p in values for p in parts)}
    left, right = (sum(values.get(p, 0) for p in side if p not in counted) for side in (rule.left, rule.right))
    return left == right


def _by_columns(
    open_: Sequence[tuple[Choice, list[Candidate]]],
    settled: Iterable[tuple[Choice, Candidate, bool]],
    form: Form,
    worth: Worth,
) -> list[tuple[Choice, Candidate, bool]] | None:
    """The one way to fill all open rows that holds every identity they touch; None where none or several do."""
    lost = any(len(choice.cells) < len(choice.paths) for choice, _ in open_)
    if lost or not 0 < prod(len(kept) for _, kept in open_) <= MAX_COMBINATIONS:
        return None
    known = {
        path: worth(cell)
        for choice, candidate, _ in settled
        for path, cell in zip(choice.paths, candidate, strict=True)
        if cell is not None
    }
    touched = {path for choice, _ in open_ for path in choice.paths}
    rules = [r for r in form.identities if touched.intersection((*r.left, *r.right))]
    found: list[tuple[Candidate, ...]] = []
    for combination in product(*(kept for _, kept in open_)):
        values = dict(known)
        for (choice, _), candidate in zip(open_, combination, strict=True):
            values |= {p: worth(c) for p, c in zip(choice.paths, candidate, strict=True) if c is not None}
        if rules and all(_holds(rule, values) for rule in rules):
            found.append(combination)
            if len(found) > 1:
                return None
    return [(c, k, True) for (c, _), k in zip(open_, found[0], strict=True)] if found else None


def _does_not_fit(choice: Choice, kept: list[Candidate], form: Form) -> Finding:
    shown = " ".join(c.text or "空" for c in choice.cells[:20])
    ways = [" ".join(c.text or "空" if c else "空" for c in candidate) for candidate in kept[:4]]
    possible = f"，可能的读法有 {len(kept)} 种：{'；'.join(ways)}" if ways else ""
    return finding(
        "cells_do_not_fit",
        f"“{form.label(choice.path)}”应有 {len(choice.paths)} 格，文中有 {len(choice.cells)} 格（{shown}）{possible}",
        choice.path,
    )


def _stray(choice: Choice, cell: Cell, form: Form) -> Finding:
    return finding(
        "stray_cell",
        f"“{form.label(choice.path)}”应有 {len(choice.paths)} 格，多出一个“{cell.text}”，由该行算术确定",
        choice.path,
    )
