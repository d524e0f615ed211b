"""Choices → a reading, where arithmetic leaves one possibility.

A row whose cells are more or fewer than its columns could be filled in several ways. First its own identities speak,
then, for the rows still open, the identities down the columns. A blank counts as nothing added. Where several ways are
left that would give different records, none is chosen. Arithmetic chooses between places; it never changes a number.
A row with fewer cells than columns is filled only where the table prints no 0 at all: elsewhere no sum could tell whether a
blank was dropped or a 0 lost.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache

from ...schemas.extraction import Basis, Finding, finding
from ...schemas.form import Form
from .cut import Cell
from .fit import Candidate, in_one_field, may_end_in_a_page_number
from .pieces import is_piece
from .reading import Choice, Place
from .search import Open, Ways, Worth, may_hold, search, worths


def settle(
    choices: Sequence[Choice], form: Form, worth: Worth
) -> tuple[dict[str, Place], frozenset[int], list[Finding]]:
    """Choices → places, ids of the cells left out as strays, findings. worth: what a cell adds to a sum."""
    open_: list[Open] = []
    settled: list[tuple[Choice, Candidate, bool]] = []
    findings: list[Finding] = []
    for choice in map(_wary, choices):
        if len(choice.candidates) == 1 and choice.cells and not (choice.must_add_up or choice.is_placed):
            settled.append((choice, choice.candidates[0], False))
            continue
        kept = _by_own_identities(choice, form, worth)
        if len(kept) == 1 and (None not in kept[0] or choice.is_placed):
            settled.append((choice, kept[0], not choice.is_placed))
        else:
            open_.append((choice, kept))
    if open_:
        open_.sort(key=lambda o: _tightest(o[0], form))
        ways = _by_columns(open_, settled, form, worth) if _may_be_filled(choices, open_, worth) else Ways((), True)
        if ways.is_complete and len(ways.found) == 1:
            settled += [(choice, way, True) for (choice, _), way in zip(open_, ways.found[0], strict=True)]
        else:
            findings += [_does_not_fit(choice, kept, ways, form) for choice, kept in open_]
            settled += [(choice, kept[0], True) for choice, kept in open_ if kept]
    places: dict[str, Place] = {}
    strays: set[int] = set()
    for choice, candidate, inferred in settled:
        for path, cell in zip(choice.paths, candidate, strict=True):
            basis: Basis = "blank" if cell is None or cell.kind != "number" else "inferred" if inferred else "read"
            places[path] = Place(cell, basis, choice.units.get(path))
        if inferred and not any(c is choice for c, _ in open_ if findings):
            outside = [c for c in choice.cells if c not in candidate and c.kind == "number" and not is_piece(c)]
            strays |= {c.id for c in outside}
            findings += [_stray(choice, c, form) for c in outside]
    findings += [_in_one_field(choice, both, form) for choice in choices if (both := in_one_field(choice.cells))]
    return places, frozenset(strays), findings


def _wary(choice: Choice) -> Choice:
    """The choice, to be held to its identities where one of its numbers could be that of the page."""
    is_in_doubt = any(c.at_page_break for c in choice.cells) or any(map(may_end_in_a_page_number, choice.candidates))
    return replace(choice, must_add_up=True) if is_in_doubt else choice


def _by_own_identities(choice: Choice, form: Form, worth: Worth) -> list[Candidate]:
    """The candidates that hold the identities over the choice's own cells, one for each different record."""
    inside = set(choice.paths)
    rules = [r for r in form.identities if inside.issuperset((*r.left, *r.right))]
    if not rules:
        return [] if choice.must_add_up else list(choice.candidates)
    known: Worth = cache(worth)
    kept: dict[tuple[int | None, ...], Candidate] = {}
    for candidate in choice.candidates:
        values = worths(choice, candidate, known)
        if all(may_hold(rule, values) for rule in rules):
            record = tuple(None if c is None or c.kind != "number" else known(c) for c in candidate)
            kept.setdefault(record, candidate)
    return list(kept.values())


def _by_columns(
    open_: Sequence[Open], settled: Iterable[tuple[Choice, Candidate, bool]], form: Form, worth: Worth
) -> Ways:
    """The ways to fill all open rows that hold every identity they touch."""
    known = {p: n for choice, candidate, _ in settled for p, n in worths(choice, candidate, worth).items()}
    touched = {path for choice, _ in open_ for path in choice.paths}
    rules = [r for r in form.identities if touched.intersection((*r.left, *r.right))]
    return search(open_, known, rules, worth) if rules else Ways((), True)


def _tightest(choice: Choice, form: Form) -> int:
    """How many cells the smallest identity ties that leads from a row to others."""
    own = set(choice.paths)
    return min((len(ties) for r in form.identities if own & (ties := {*r.left, *r.right}) and ties - own), default=0)


def _may_be_filled(choices: Sequence[Choice], open_: Sequence[Open], worth: Worth) -> bool:
    """Whether blanks that left no trace may be placed: in a table of numbers without any 0, a lost number would break a sum."""
    if all(None not in candidate for _, kept in open_ for candidate in kept):
        return True
    numbers = [worth(cell) for choice in choices for cell in choice.cells if cell.kind == "number"]
    return bool(numbers) and 0 not in numbers


def _does_not_fit(choice: Choice, kept: Sequence[Candidate], ways: Ways, form: Form) -> Finding:
    shown = " ".join(c.text or "空" for c in choice.cells[:20])
    shown_ways = [" ".join(c.text or "空" if c else "空" for c in candidate) for candidate in kept[:4]]
    possible = f"，可能的读法有 {len(kept)} 种：{'；'.join(shown_ways)}" if kept else ""
    possible += "" if ways.is_complete else "；组合太多，未能逐一试过"
    possible += "".join(f"；“{c.text}”独占一行、紧靠分页，可能是页码" for c in choice.cells if c.at_page_break)
    return finding(
        "cells_do_not_fit",
        f"“{form.label(choice.path)}”应有 {len(choice.paths)} 格，文中有 {len(choice.cells)} 格（{shown}）{possible}",
        choice.path,
    )


def _in_one_field(choice: Choice, cells: Sequence[Cell], form: Form) -> Finding:
    shown = " ".join(c.text for c in cells)
    return finding(
        "cells_do_not_fit", f"“{form.label(choice.path)}”一格里有几个数：“{shown}”，不能确认是几格", choice.path
    )


def _stray(choice: Choice, cell: Cell, form: Form) -> Finding:
    return finding(
        "stray_cell",
        f"“{form.label(choice.path)}”应有 {len(choice.paths)} 格，多出一个“{cell.text}”，由该行算术确定",
        choice.path,
    )
