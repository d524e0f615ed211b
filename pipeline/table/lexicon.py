"""What the form prints beside its numbers, and one way to find it in a text: whole, cut off, or misprinted.

All wording is compared plain: folded, without white space and punctuation.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from rapidfuzz.distance import Levenshtein

from ...schemas.form import FormColumn, FormRow, FormSection, Label, enumerator
from . import costs
from .words import plain_label

_LONG = 5
"""Wording of at least so many characters is the form's own wherever it stands; shorter is only where nothing else is beside it."""
_SHORTEST_PIECE = 4
_LONGEST_FUZZY = 60
_CONTRARY = frozenset("不未无非上下去前减免增累废止旧")
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
    for row in section.rows:
        for group in row.groups:
            for text in group.wordings:
                core = enumerator(text)[1]
                groups |= {plain_label(text), plain_label(core)}
    groups -= labels.keys() | heads.keys() | unders
    known = {*labels, *heads, *unders, *groups} - {""}
    return Lexicon(
        section,
        wordings,
        labels,
        heads,
        frozenset(unders),
        frozenset(groups),
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
        if _turns(text[at : match.start()], lexicon):
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


@lru_cache(maxsize=16384)
def label_costs(text: str, lexicon: Lexicon, *, with_more: bool = True) -> Mapping[str, tuple[float, Label]]:
    """Plain text → the paths of the rows whose label it may be, each with what that costs: misprints, a number or an end lost.

    with_more: further words may stand beside the label.
    "2其他法律行政止公开" → requests.denied.prohibited_by_law, misprinted.
    """
    found: dict[str, tuple[float, Label]] = {}
    for wording in lexicon.labels.get(text, ()):
        cost = 0.0 if text == wording.text else costs.NUMBER_LOST
        _keep(found, wording, cost)
    if found or len(text) < _SHORTEST_PIECE or len(text) > _LONGEST_FUZZY:
        return found
    for wording in lexicon.wordings:
        price = _misprint(text, wording, with_more)
        if price is not None:
            _keep(found, wording, price)
    return found


def _keep(found: dict[str, tuple[float, Label]], wording: Wording, cost: float) -> None:
    if wording.row.path not in found or cost < found[wording.row.path][0]:
        found[wording.row.path] = (cost, wording.label)


def _misprint(text: str, wording: Wording, with_more: bool) -> float | None:
    """What it costs to take a text for a misprint, or a piece, of a wording; None where it is neither."""
    best: float | None = None
    for own, lost in ((wording.text, 0.0), (wording.text[wording.core :], costs.NUMBER_LOST)):
        if len(own) < _SHORTEST_PIECE or (lost and not wording.core):
            continue
        most = max(1, len(own) * 2 // 5)
        distance = Levenshtein.distance(text, own, score_cutoff=most)
        if says_otherwise(text, own):
            continue
        if distance <= most:
            cost = lost + costs.MISPRINT * distance
        elif with_more and own in text and len(own) >= _LONG:
            cost = lost + costs.WORDS_ADDED
        elif text in own and (own.startswith(text) or len(text) >= len(own) / 2):
            cost = lost + costs.CUT_OFF + costs.CUT_OFF * (len(own) - len(text)) / len(own)
        else:
            continue
        best = cost if best is None else min(best, cost)
    return best


_TURNS = re.compile(rf"[0-9一二三四五六七八九十]{{0,2}}(?=.{{0,3}}[{''.join(sorted(_CONTRARY))}]).{{1,4}}")


def _turns(text: str, lexicon: Lexicon) -> bool:
    """Whether words, but for a number, are such as turn what they stand before into something else: 1不, 废止."""
    return _TURNS.fullmatch(lexicon.pieces.sub("", text)) is not None and not is_crumb(text, lexicon)


def says_otherwise(text: str, own: str) -> bool:
    """Whether a text has more of what turns words into others than a wording, or the whole wording and less of it."""
    return any(
        text.count(c) > own.count(c) or (len(text) >= len(own) and text.count(c) < own.count(c)) for c in _CONTRARY
    )
