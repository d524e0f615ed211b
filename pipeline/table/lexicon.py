"""What the form prints beside its numbers, and one way to find it in a text: whole, cut off, or misprinted.

All wording is compared plain: folded, without white space and punctuation.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein

from ...schemas.form import FormColumn, FormRow, FormSection, Label, enumerator
from . import costs
from .words import plain_label

_LONG = 5
"""Wording of at least so many characters is the form's own wherever it stands; shorter is only where nothing else is beside it."""
_SHORTEST_PIECE = 4
_LONGEST_FUZZY = 60
CONTRARY = frozenset("不未无非上下去前减免增累废止旧退历应拟撤缓页率额")
"""A misprint that adds or drops one of these says something else."""


@dataclass(frozen=True, eq=False, slots=True)
class Wording:
    """One wording of a row, plain. core: where it begins without its number."""

    text: str
    core: int
    row: FormRow
    label: Label


@dataclass(frozen=True, eq=False)
class Lexicon:
    """The wording of one section, plain."""

    section: FormSection
    wordings: tuple[Wording, ...]
    labels: Mapping[str, tuple[Wording, ...]]
    """Whole labels, with their numbers and without, → the rows that bear them."""
    heads: Mapping[str, tuple[tuple[FormColumn, Label], ...]]
    unders: frozenset[str]
    groups: frozenset[str]
    """Everything else that the table prints: heads of groups, captions."""
    rows_of: Mapping[str, frozenset[str]]
    """Heads of groups → the paths of their rows."""
    pieces: re.Pattern[str]
    long_pieces: re.Pattern[str]


@cache
def lexicon_of(section: FormSection) -> Lexicon:
    """The wording of a section of the form."""
    wordings = tuple(_wordings(section))
    labels: dict[str, tuple[Wording, ...]] = {}
    for wording in wordings:
        for text in {wording.text, wording.text[wording.core :]}:
            labels[text] = (*labels.get(text, ()), wording)
    heads: dict[str, tuple[tuple[FormColumn, Label], ...]] = {}
    unders = set()
    for column in dict.fromkeys(c for row in section.rows for c in row.columns):
        unders |= {plain_label(column.under)} if column.under else set()
        for label in column.labels:
            for text in label.wordings:
                heads[plain_label(text)] = (*heads.get(plain_label(text), ()), (column, label))
    groups = {plain_label(w) for w in section.spec.words}
    rows_of: dict[str, frozenset[str]] = {}
    for row in section.rows:
        for group in row.groups:
            for text in group.wordings:
                core = enumerator(text)[1]
                for name in (plain_label(text), plain_label(core)):
                    rows_of[name] = rows_of.get(name, frozenset()) | {row.path}
    groups |= rows_of.keys()
    groups -= labels.keys() | heads.keys() | unders
    known = {*labels, *heads, *unders, *groups} - {""}
    return Lexicon(
        section,
        wordings,
        labels,
        heads,
        frozenset(unders),
        frozenset(groups),
        {name: paths for name, paths in rows_of.items() if name in groups},
        pattern_of(known),
        pattern_of(word for word in known if len(word) >= _LONG),
    )


def _wordings(section: FormSection) -> Iterator[Wording]:
    for row in section.rows:
        for label in row.labels:
            for text in label.wordings:
                number, _ = enumerator(text)
                yield Wording(plain_label(text), len(plain_label(number)), row, label)


def pattern_of(words: "Iterator[str] | set[str] | frozenset[str]") -> re.Pattern[str]:
    """Words → the pattern that finds any of them, the longest first."""
    return re.compile("|".join(map(re.escape, sorted(words, key=lambda w: (-len(w), w)))) or "(?!)")


@lru_cache(maxsize=8192)
def pieces_of(text: str, lexicon: Lexicon) -> tuple[tuple[int, int], ...]:
    """Plain text → half-open stretches: each wording of the form by itself, and what is between them.

    "信息内容本年制发件数规章" → 信息内容, 本年制发件数, 规章.
    """
    if not text or text in lexicon.labels or text in lexicon.heads or text in lexicon.groups:
        return ((0, len(text)),) if text else ()
    matches = [m.span() for m in lexicon.pieces.finditer(text)]
    if sum(b - a for a, b in matches) == len(text):
        return tuple(matches)
    found: list[tuple[int, int]] = []
    at = 0
    for match in lexicon.long_pieces.finditer(text):
        if match.group() in lexicon.labels and _is_part(text[at : match.start()], lexicon):
            continue
        found += _rest(text, at, match.start(), lexicon)
        found.append(match.span())
        at = match.end()
    if not found:
        return ((0, len(text)),)
    return (*found, *_rest(text, at, len(text), lexicon))


def _rest(text: str, start: int, end: int, lexicon: Lexicon) -> Iterator[tuple[int, int]]:
    """What stands between two long wordings: short ones at its ends by themselves."""
    for a, b in pieces_of(text[start:end], lexicon) if start < end and text[start:end] != text else ():
        yield start + a, start + b


@cache
def _crumbs(lexicon: Lexicon) -> frozenset[str]:
    return frozenset(
        g[i:j] for g in lexicon.groups for i in range(len(g)) for j in range(i + 1, min(i + 5, len(g)) + 1)
    )


def is_crumb(text: str, lexicon: Lexicon) -> bool:
    """Whether words are a piece of a group's label, which may be set over several lines down the side of a table."""
    return text in _crumbs(lexicon) and text not in lexicon.labels


class Match(NamedTuple):
    """What it costs to take a text for a row's label. is_other: whether its words may as well be of something else."""

    cost: float
    label: Label
    is_other: bool = False


@lru_cache(maxsize=16384)
def label_costs(text: str, lexicon: Lexicon, *, with_more: bool = True) -> Mapping[str, Match]:
    """Plain text → the paths of the rows whose label it may be, each with what that costs: misprints, a number or an end lost.

    with_more: further words may stand beside the label.
    "2其他法律行政止公开" → requests.denied.prohibited_by_law, misprinted.
    """
    found: dict[str, Match] = {}
    for wording in lexicon.labels.get(text, ()):
        _keep(found, wording, 0.0 if text == wording.text else costs.NUMBER_LOST)
    if found or len(text) < _SHORTEST_PIECE or len(text) > _LONGEST_FUZZY:
        return found
    for wording in lexicon.wordings:
        for own, lost in ((wording.text, 0.0), (wording.text[wording.core :], costs.NUMBER_LOST)):
            is_long = len(own) >= _SHORTEST_PIECE and (wording.core or not lost)
            if is_long and (match := _damaged(text, own, lexicon, with_more)) is not None:
                _keep(found, wording, lost + match[0], is_other=match[1])
    return found


def _keep(found: dict[str, Match], wording: Wording, cost: float, *, is_other: bool = False) -> None:
    if wording.row.path not in found or cost < found[wording.row.path].cost:
        found[wording.row.path] = Match(cost, wording.label, is_other)


def _damaged(text: str, own: str, lexicon: Lexicon, with_more: bool) -> tuple[float, bool] | None:
    """What it costs to take a text for a misprint, or a piece, of a wording, and whether it may be another; None where it is neither."""
    most = max(1, len(own) * 2 // 5)
    if says_otherwise(text, own):
        return None
    distance = Levenshtein.distance(text, own, score_cutoff=most)
    if distance <= most:
        return costs.MISPRINT * distance, has_other_words(text, own, lexicon)
    if with_more and own in text:
        return costs.WORDS_ADDED, True
    if text in own and (own.startswith(text) or len(text) >= len(own) / 2):
        return costs.CUT_OFF + costs.CUT_OFF * (len(own) - len(text)) / len(own), False
    return None


def has_other_words(text: str, own: str, lexicon: Lexicon | None = None) -> bool:
    """Whether a text has words that a wording has not, where a misprint changes a character or loses some.

    行政处分 for 行政处罚, 党内规范性文件 for 规范性文件.
    """
    for change in Levenshtein.opcodes(own, text):
        added = text[change.dest_start : change.dest_end]
        if change.tag == "replace" and (len(added) > 1 or len(own) <= _SHORTEST_PIECE):
            return True
        is_inside = change.src_start > 0 and change.src_end < len(own)
        if change.tag == "delete" and is_inside and CONTRARY.intersection(own[change.src_start : change.src_end]):
            return True
        if change.tag == "insert" and not (lexicon and any(added in group for group in lexicon.groups)):
            return True
    return False


_UNIT = re.compile("(?:单位)?[十百千万亿]{0,8}元|量")
_FEW_WORDS = re.compile("[0-9一二三四五六七八九十]{0,2}[^0-9一二三四五六七八九十]{1,4}")


def _is_part(text: str, lexicon: Lexicon) -> bool:
    """Whether words before a label may turn it into another: a few that are none of the form's, but for a number: 1不, 废止."""
    return _FEW_WORDS.fullmatch(_UNIT.sub("", lexicon.pieces.sub("", text))) is not None and not is_crumb(text, lexicon)


def says_otherwise(text: str, own: str, contrary: frozenset[str] = CONTRARY) -> bool:
    """Whether a text has more of what turns words into others than a wording, or the whole wording and less of it."""
    return any(
        text.count(c) > own.count(c) or (len(text) >= len(own) and text.count(c) < own.count(c)) for c in contrary
    )
