"""Label text as printed → the row of the form that it names, and head text → columns."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import groupby, pairwise

from rapidfuzz.fuzz import partial_ratio, ratio

from ...schemas.form import FormColumn, FormRow, FormSection, Label, enumerator
from ...schemas.report import YUAN, Unit
from ..table.words import plain, plain_label, plain_wording
from .cut import Cell

SHORTEST_BEGINNING = 4
"""A label cut short is taken for a row only where at least so many characters are left, and no other row begins so."""

_ALIKE, _APART = 74.0, 12.0
"""A misprinted label is at least so much like the true one (of 100), and so much more than like any other."""

_CONTRARY = frozenset("上下前后不未非无没0123456789")
_OTHER_MEASURES = tuple("值率比额")
"""After a head, such a character makes it the head of something else: 增减值, 公开率."""
_LONGEST_LABEL = 60
NUMERALS = frozenset("一二三四五六七八九十")


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
    named = ranked[0][1]
    numbered = [enumerator(w) for w in named.label.wordings]
    own = text[-named.length :]
    is_contrary = all(_contrary(rest) != _contrary(own.removeprefix(plain_label(number))) for number, rest in numbered)
    return named if any(named.row is row for row in rows) and not is_contrary else None


def _contrary(text: str) -> list[str]:
    """The characters of a text that turn what it says into its opposite, and its digits, which may be a piece of a number."""
    return [c for c in text if c in _CONTRARY]


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
def _heads(columns: tuple[FormColumn, ...]) -> tuple[re.Pattern[str], Mapping[str, tuple[FormColumn, Label]]]:
    known = {plain_label(w): (c, label) for c in columns for label in c.labels for w in label.wordings}
    return re.compile("|".join(sorted(known, key=len, reverse=True))), known


@dataclass(frozen=True, slots=True)
class Head:
    """A column as its head prints it."""

    column: FormColumn
    label: Label
    unit: Unit | None


UNITS: Mapping[str, Unit] = {unit: unit for unit in YUAN}
_MONEY = "(?P<unit>(?:[十百千万亿美港欧]*元)+)"
_UNIT = re.compile(rf"(?:单位[件项个宗次条份起部篇]*)?(?:人民币)?{_MONEY}")
_STATED_UNIT = re.compile(
    rf"(?<!填报)(?<!编制)单位[为是:\s]*(?:人民币)?[件项个宗次条份起部篇、,/和或\s]*{_MONEY}(?![一-鿿])|以(?:人民币)?{_MONEY.replace('unit', 'by')}(?:计|为单位)"
)


@cache
def heads_of(columns: tuple[FormColumn, ...]) -> tuple[Head, ...]:
    """Columns as the form heads them, in its order."""
    return tuple(Head(column, column.labels[0], None) for column in columns)


_EXPLANATION = re.compile(r"\([^()元]*\)")


def stated_units(cells: Sequence[Cell], folded: str) -> frozenset[str]:
    """The units of money that a table states once for all of it, as printed."""
    text = folded[cells[0].start : cells[-1].end] if cells else ""
    return frozenset(m["unit"] or m["by"] for m in _STATED_UNIT.finditer(text))


@lru_cache(maxsize=1024)
def heads_in(
    text: str, section: FormSection, columns: tuple[FormColumn, ...], stated: frozenset[str] = frozenset()
) -> tuple[Head, ...]:
    """Plain head text → the columns of its last head, in its order; () where it holds words that the form has not.

    A head follows words of the form, or nothing, and its columns follow each other: 上年 before 现行有效件数 makes another
    column of it. So does a unit that is none of the form's, or two of them. After the last column nothing may follow that
    could be the head of one more. stated: the units of the whole table.
    """
    pattern, known = _heads(columns)
    matches = list(pattern.finditer(text))
    first = len(matches) - 1
    while first > 0 and _is_unit(text[matches[first - 1].end() : matches[first].start()]):
        first -= 1
    if not matches or not _leads(text[: matches[first].start()], section):
        return ()
    if any(text[m.end() : m.end() + 1] in _OTHER_MEASURES for m in matches[first:]):
        return ()
    if not is_all_of_the_form(text[matches[-1].end() :], section):
        return ()
    found = []
    for match in matches[first:]:
        column, label = known[match.group()]
        unit = _unit(text, match.end(), stated) if column.kind == "amount" else None
        if unit is not None and unit not in UNITS:
            return ()
        found.append(Head(column, label, UNITS[unit] if unit else None))
    return _as_in_the_form(tuple(found), columns)


def _unit(text: str, at: int, stated: frozenset[str]) -> str | None:
    """The unit of the head that ends at a place, or that is stated once: as printed, which may be several, or none of ours."""
    after = _UNIT.match(text, at)
    units = {after["unit"]} if after else stated
    return "".join(sorted(units)) if units else None


def _is_unit(text: str) -> bool:
    return not text or _UNIT.fullmatch(text) is not None


def _leads(text: str, section: FormSection) -> bool:
    """Whether text before a head is at an end of words of the form's."""
    return not text or _without_numerals(text[-_LONGEST_LABEL:]).endswith(_words(section))


@cache
def _words(section: FormSection) -> tuple[str, ...]:
    return tuple(_without_numerals(plain_label(word)) for word in section.spec.words)


def _as_in_the_form(heads: tuple[Head, ...], columns: tuple[FormColumn, ...]) -> tuple[Head, ...]:
    """Heads, with one that is printed again taken for the head that the form has in that place, where all others agree."""
    names = [head.column.name for head in heads]
    for form in {label.form for column in columns for label in column.labels}:
        own = [(c, label) for c in columns for label in c.labels if label.form in (form, None)]
        if len(set(names)) == len(names) - 1 and len(own) == len(names):
            different = [i for i, name in enumerate(names) if own[i][0].name != name]
            if len(different) == 1 and own[i := different[0]][0].name not in names and names[i] in names[:i]:
                return (*heads[:i], Head(*own[i], heads[i].unit), *heads[i + 1 :])
    return heads


def wording(cell: Cell, folded: str, section: FormSection) -> str:
    """The plain words of a cell, without the year, and without the explanations of a head that is printed."""
    text = folded[cell.start : cell.end]
    if section.spec.heads == "printed" and "(" in text and has_heads(plain_wording(text), section):
        text = _EXPLANATION.sub("", text)
    return plain_wording(text)


def has_heads(text: str, section: FormSection) -> bool:
    """Whether plain text holds the head of any column of the section."""
    return bool(text) and _any_head(section).search(text) is not None


def is_head(text: str, section: FormSection) -> bool:
    """Whether plain text is the head of a column of the section, with a unit or without."""
    found = _any_head(section).match(text)
    return found is not None and _is_unit(text[found.end() :])


@cache
def _any_head(section: FormSection) -> re.Pattern[str]:
    return _heads(tuple(c for row in section.rows for c in row.columns))[0]


def is_all_of_the_form(text: str, section: FormSection) -> bool:
    """Whether plain text holds nothing but words of the section, units and numerals."""
    return _all_of_the_form(section).fullmatch(_without_numerals(text)) is not None


@cache
def _all_of_the_form(section: FormSection) -> re.Pattern[str]:
    labels = {plain_label(w) for row in section.rows for label in (*row.labels, *row.groups) for w in label.wordings}
    words = {*_words(section), *map(_without_numerals, labels)} - {""}
    known = "|".join(map(re.escape, sorted(words, key=len, reverse=True)))
    heads = _any_head(section).pattern
    return re.compile(f"(?:{known}|{heads}|{_UNIT.pattern.replace('?P<unit>', '?:')})*")


def _without_numerals(text: str) -> str:
    return "".join(c for c in text if c not in NUMERALS)


def head_years(text: str, section: FormSection) -> frozenset[str]:
    """Plain text with its years → the years that stand right before a head."""
    return frozenset(re.findall(rf"((?:19|20)[0-9]{{2}})年?度?(?:{_any_head(section).pattern})", text))


def heads_are_there(text: str, section: FormSection, times: int = 1) -> bool:
    """Whether plain text holds every head of a section with fixed columns `times` over, even where lines were cut and interleaved.

    A head counts as there when half of the characters that nothing else above the table has are there often enough, its
    first one among them, as what is cut off is its end. Heads that are whole must stand in the form's order.
    """
    columns = section.rows[0].columns
    if len(text) < 2 * times * len(columns) or not _in_order(text, columns):
        return False
    return all(any(_is_there(own, text, times) for own in column) for column in _own_characters(section))


def heads_keep_order(cells: Sequence[Cell], folded: str, section: FormSection) -> bool:
    """Whether the heads that begin on one line follow each other there as in the form, wherever the line breaks them off.

    The last one need only come after the first: the others may be drawn under a head of their own, which stands right before
    the first of them. Where rows stand side by side, they begin again from the first.
    """
    columns = section.rows[0].columns
    last = float(len(columns) - 1)
    for _, line in groupby((c for c in cells if c.kind == "words"), key=lambda c: c.line):
        words = [word for cell in line for word in folded[cell.start : cell.end].split()]
        found = [at for word in words if (at := _head_that_begins(word, columns)) is not None]
        if found[:1] == [last] and 0 in found:
            return False
        inner = [at for at in found if at < last]
        if any(b <= a and not (section.spec.side_by_side and b == inner[0]) for a, b in pairwise(inner)):
            return False
    return True


@lru_cache(maxsize=4096)
def _head_that_begins(word: str, columns: tuple[FormColumn, ...]) -> float | None:
    """The place of the one head that a folded word is, or begins: a column's number, or half a step before its first column."""
    word = plain(word)
    heads = [(float(i), plain_label(w)) for i, c in enumerate(columns) for label in c.labels for w in label.wordings]
    spans = {c.under: i for i, c in reversed(list(enumerate(columns))) if c.under}
    heads += [(i - 0.5, plain_label(under)) for under, i in spans.items()]
    found = {at for at, own in heads if len(word) > 1 and own.startswith(word)}
    return found.pop() if len(found) == 1 else None


def _is_there(own: str, text: str, times: int) -> bool:
    return text.count(own[0]) >= times and 2 * sum(text.count(c) >= times for c in own) >= len(own)


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
def _own_characters(section: FormSection) -> tuple[tuple[str, ...], ...]:
    """For each column, and each of its wordings, the characters that no other head has, nor the words about the table."""
    wordings = [[plain_label(w) for label in c.labels for w in label.wordings] for c in section.rows[0].columns]
    beside = (
        [w for r in section.rows for label in r.labels for w in label.wordings] if section.spec.side_by_side else []
    )
    words = frozenset("".join(map(plain_label, (*section.spec.words, *beside))))
    found = []
    for column in wordings:
        others = frozenset("".join(w for other in wordings if other is not column for w in other))
        own = ["".join(c for c in w if c not in others) for w in column]
        found.append(tuple("".join(c for c in w if c not in words) or w for w in own if w))
    return tuple(found)


def rows_in_order(section: FormSection, text: str) -> tuple[FormRow, ...] | None:
    """The rows of a section whose labels stand side by side in plain text; None where one is missing or they are out of order.

    They may stand there several times, as in a sentence before the table, but each time in the form's order; further words of
    the section, which head some of the rows, not before the first row's label alone.
    """
    names, pattern = _side_by_side(section)
    found = [names[match.group()] for match in pattern.finditer(text)]
    order = [at for at in found if at >= 0]
    if set(order) != set(range(len(section.rows))) or any(b < a and b != 0 for a, b in pairwise(order)):
        return None
    first = max((i for i, pair in enumerate(pairwise(order)) if pair == (0, 1)), default=None)
    if first is None:
        return None
    start = [i for i, at in enumerate(found) if at >= 0][first]
    return section.rows if -1 not in found[:start] or -1 in found[start:] else None


@cache
def _side_by_side(section: FormSection) -> tuple[Mapping[str, int], re.Pattern[str]]:
    """Labels of rows that stand side by side → their place, further words → -1; and the pattern of them all."""
    names = {plain_label(word): -1 for word in section.spec.words}
    names |= {plain_label(w): i for i, row in enumerate(section.rows) for label in row.labels for w in label.wordings}
    return names, re.compile("|".join(map(re.escape, sorted(names, key=len, reverse=True))))
