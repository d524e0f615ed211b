"""Label text as printed → the row of the form that it names, and head text → columns."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import get_args

from rapidfuzz.fuzz import partial_ratio, ratio

from ..schemas.form import FormColumn, FormRow, FormSection, Label, enumerator
from ..schemas.report import Unit
from .words import plain_label

SHORTEST_BEGINNING = 4
"""A label cut short is taken for a row only where at least so many characters are left, and no other row begins so."""

_ALIKE, _APART = 74.0, 12.0
"""A misprinted label is at least so much like the true one (of 100), and so much more than like any other."""

_LONGEST_LABEL = 60
_LONGEST_GROUP = 12
_NUMERALS = frozenset("一二三四五六七八九十")


@dataclass(frozen=True, slots=True)
class Named:
    """A row named by label text. length: of its name at the end of the plain text. number: its number, where that stands before."""

    row: FormRow
    label: Label
    length: int
    number: str

    @property
    def numbered(self) -> bool:
        return bool(self.number)


@dataclass(frozen=True, slots=True)
class _Name:
    row: FormRow
    label: Label
    number: str
    whole: bool


def name_at_end(text: str, section: FormSection) -> Named | None:
    """Plain text → the row whose label it ends with, the longest that fits; None where it is no row, or could be two."""
    found = names_at_end(text, section)
    return found[0] if len(found) == 1 else None


def names_at_end(text: str, section: FormSection) -> tuple[Named, ...]:
    """Plain text → every row whose label it ends with, of the longest label that fits."""
    return _names_at_end(text[-_LONGEST_LABEL:], section)


def whole_name(text: str, section: FormSection) -> Named | None:
    """Plain text → the row whose label it is, with or without its number; None where it is anything more."""
    named = name_at_end(text, section)
    return named if named and len(text) in (named.length, named.length + len(named.number)) else None


@lru_cache(maxsize=4096)
def _names_at_end(text: str, section: FormSection) -> tuple[Named, ...]:
    names = _names(section)
    for length in range(len(text), 1, -1):
        found = names.get(text[-length:])
        if found:
            before = text[: len(text) - length]
            numbered = [n for n in found if n.number and before.endswith(n.number)]
            choice = numbered or [n for n in found if n.whole] or found
            return tuple(Named(n.row, n.label, length, n.number if numbered else "") for n in choice)
    return ()


@cache
def _names(section: FormSection) -> Mapping[str, list[_Name]]:
    """Every label of a section without its number, and every beginning of one that is long enough and its own."""
    names: dict[str, list[_Name]] = {}
    for row in section.rows:
        for label in row.labels:
            for wording in label.wordings:
                number, rest = enumerator(wording)
                _add(names, plain_label(rest), _Name(row, label, plain_label(number), True))
    beginnings: dict[str, list[_Name]] = {}
    for text, found in names.items():
        for length in range(SHORTEST_BEGINNING, len(text)):
            for name in found:
                _add(beginnings, text[:length], _Name(name.row, name.label, name.number, False))
    for text, found in beginnings.items():
        if text not in names and len({n.row.path for n in found}) == 1:
            names[text] = found
    return names


def _add(names: dict[str, list[_Name]], text: str, name: _Name) -> None:
    if all(n.row is not name.row for n in names.setdefault(text, [])):
        names[text].append(name)


def closest(text: str, rows: Sequence[FormRow], section: FormSection) -> Named | None:
    """Plain text with a misprinted label at its end → the one row among `rows` whose label it must be.

    None unless the likeness is high, and no other row of the whole section comes near it. A label that two rows bear is
    the one of them that is among `rows`.
    """
    borne = [n for n in names_at_end(text, section) if any(n.row is row for row in rows)]
    if borne:
        return borne[0] if len(borne) == 1 else None
    scores: dict[str, tuple[float, Named]] = {}
    for row in section.rows:
        for label in row.labels:
            for wording in label.wordings:
                number, core = (plain_label(part) for part in enumerator(wording))
                if len(core) < SHORTEST_BEGINNING:
                    continue
                for length in (len(core) - 2, len(core), len(core) + 2):
                    score = ratio(text[-length:], core, score_cutoff=_ALIKE - _APART)
                    if score > scores.get(row.path, (0.0,))[0]:
                        own = number if text[:-length].endswith(number) else ""
                        scores[row.path] = (score, Named(row, label, min(length, len(text)), own))
    ranked = sorted(scores.values(), key=lambda s: -s[0])
    if not ranked or ranked[0][0] < _ALIKE or (len(ranked) > 1 and ranked[1][0] > ranked[0][0] - _APART):
        return None
    return ranked[0][1] if any(ranked[0][1].row is row for row in rows) else None


def is_nearly_there(row: FormRow, text: str) -> bool:
    """Whether plain text holds a misprint of the row's label somewhere."""
    wordings = [plain_label(enumerator(w)[1]) for label in row.labels for w in label.wordings]
    return any(partial_ratio(w, text, score_cutoff=_ALIKE) for w in wordings if len(w) >= SHORTEST_BEGINNING)


@cache
def also_heads(section: FormSection) -> frozenset[str]:
    """Labels of rows that are heads of columns too, so that they name a row only with their number or their cells."""
    heads = {plain_label(w) for r in section.rows for c in r.columns for label in c.labels for w in label.wordings}
    return frozenset(heads & set(_names(section)))


def named_before(text: str, section: FormSection) -> Named | None:
    """Plain text before numbers → the row that it names at its end, unless that could be a column's head as well."""
    named = name_at_end(text, section)
    return named if named and (named.numbered or text[-named.length :] not in also_heads(section)) else None


@cache
def lead_characters(section: FormSection) -> frozenset[str]:
    """Characters that may stand before a row's label and its number in their field: groups' numbers and labels."""
    groups = {w for row in section.rows for label in row.groups for w in label.wordings}
    groups |= {word for word in section.spec.words if len(word) <= _LONGEST_GROUP}
    return _NUMERALS.union(*(plain_label(g) for g in groups))


@cache
def _heads(columns: tuple[FormColumn, ...]) -> tuple[re.Pattern[str], Mapping[str, tuple[FormColumn, Label]]]:
    known = {plain_label(w): (c, label) for c in columns for label in c.labels for w in label.wordings}
    return re.compile("|".join(sorted(known, key=len, reverse=True))), known


@dataclass(frozen=True, slots=True)
class Head:
    """A column as its head prints it."""

    column: FormColumn
    label: Label
    unit: Unit | None


_UNITS = "|".join(sorted(get_args(Unit), key=len, reverse=True))
_UNIT = re.compile(rf"(?:单位)?(?:人民币)?(?P<unit>{_UNITS})")
_STATED_UNIT = re.compile(rf"单位(?:人民币)?(?P<unit>{_UNITS})")
"""A unit stated once for the whole table."""


@cache
def heads_of(columns: tuple[FormColumn, ...]) -> tuple[Head, ...]:
    """Columns as the form heads them, in its order."""
    return tuple(Head(column, column.labels[0], None) for column in columns)


@lru_cache(maxsize=1024)
def heads_in(text: str, columns: tuple[FormColumn, ...]) -> tuple[Head, ...]:
    """Plain head text → the columns it prints, in its order."""
    pattern, known = _heads(columns)
    stated = _STATED_UNIT.search(text)
    found = []
    for match in pattern.finditer(text):
        column, label = known[match.group()]
        unit = _UNIT.match(text, match.end()) or stated
        found.append(Head(column, label, next((u for u in get_args(Unit) if unit and u == unit["unit"]), None)))
    return _as_in_the_form(tuple(found), columns)


def _as_in_the_form(heads: tuple[Head, ...], columns: tuple[FormColumn, ...]) -> tuple[Head, ...]:
    """Heads, with one that is printed twice taken for the head that the form has in that place, where all others agree."""
    names = [head.column.name for head in heads]
    for form in {label.form for column in columns for label in column.labels}:
        own = [(c, label) for c in columns for label in c.labels if label.form in (form, None)]
        if len(set(names)) == len(names) - 1 and len(own) == len(names):
            different = [i for i, name in enumerate(names) if own[i][0].name != name]
            if len(different) == 1 and own[different[0]][0].name not in names:
                i = different[0]
                return (*heads[:i], Head(*own[i], heads[i].unit), *heads[i + 1 :])
    return heads


def has_heads(text: str, section: FormSection) -> bool:
    """Whether plain text holds the head of any column of the section."""
    return bool(text) and _any_head(section).search(text) is not None


@cache
def _any_head(section: FormSection) -> re.Pattern[str]:
    return _heads(tuple(c for row in section.rows for c in row.columns))[0]


def heads_are_there(text: str, columns: tuple[FormColumn, ...], times: int = 1) -> bool:
    """Whether plain text holds every head `times` over, even where its lines were cut and interleaved.

    A head counts as there when a character that no other head of the row has is there often enough. Heads that are whole
    must stand in the form's order.
    """
    if len(text) < 2 * times * len(columns) or not _in_order(text, columns):
        return False
    return all(any(text.count(c) >= times for c in own) for own in _own_characters(columns))


def _in_order(text: str, columns: tuple[FormColumn, ...]) -> bool:
    """Whether the longer heads, where all of them are whole, follow each other as in the form."""
    longer = tuple(c for c in columns if all(len(plain_label(w)) > 2 for label in c.labels for w in label.wordings))
    if not longer:
        return True
    pattern, known = _heads(longer)
    found = [known[match.group()][0] for match in pattern.finditer(text)]
    times = len(found) // len(longer)
    return set(map(found.count, longer)) != {times} or found == [*longer] * times


@cache
def _own_characters(columns: tuple[FormColumn, ...]) -> tuple[frozenset[str], ...]:
    heads = [frozenset("".join(plain_label(w) for label in c.labels for w in label.wordings)) for c in columns]
    return tuple(head.difference(*(h for h in heads if h is not head)) for head in heads)


def rows_in_order(section: FormSection, text: str) -> tuple[FormRow, ...] | None:
    """The rows of a section whose labels stand side by side in plain text; None where one is missing or they are out of order."""
    where = []
    for row in section.rows:
        found = [text.find(plain_label(w)) for label in row.labels for w in label.wordings]
        where.append(min((f for f in found if f >= 0), default=-1))
    return section.rows if -1 not in where and where == sorted(where) else None
