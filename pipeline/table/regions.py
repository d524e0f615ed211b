"""Where in a text the table of each section stands, told by the table's own words: in lines, or in running text."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from ...schemas.form import Form, FormSection
from .lexicon import lexicon_of, pattern_of

_SHORTEST = 4
"""Shorter wording is as likely to stand in prose."""
_APART = 60
"""Within a table so many characters at most, digits left out, stand between two of its words."""
_BROKEN_APART = 500
"""The same between the two parts of a table that something else stands in."""
_FEWEST = 3
"""Fewer of its words are no table."""
_LONGEST_TITLE = 60
_BEFORE, _AFTER = 120, 3_000
"""How far before its first word and behind its last one a table's numbers may reach."""
_NUMBERS = r"(?:[\s0-9.,|/\\+\-—_:*()一二三四五六七]|无(?!\w)|[万亿]?元|[件项个条]|第\s*[0-9]+\s*页)+"
_LONGEST_REST = 60
_NUMERAL = r"(?:[一二三四五六七八九十]{1,2}\s*[、.,是]\s*|\([一二三四五六七八九十]\)\s*)"


@dataclass(frozen=True, slots=True)
class Region:
    """A half-open stretch of the source that holds a section's table.

    words: how many of the table's words are there. lead: where the text between the section's title and the table begins.
    """

    start: int
    end: int
    words: int
    lead: int


@dataclass(frozen=True, slots=True)
class _Hit:
    section: int
    word: str
    start: int
    end: int
    """In the plain text, without its digits."""


def find_regions(folded: str, form: Form) -> dict[str, tuple[Region, ...]]:
    """Folded text → for each section's path the stretches that hold its table, in the order of the text."""
    plain, places = _letters(folded)
    hits: dict[int, list[_Hit]] = {i: [] for i in range(len(form.sections))}
    pattern, owners = _own_words(form)
    for match in pattern.finditer(plain):
        for section in owners[match.group()]:
            hits[section].append(_Hit(section, match.group(), *match.span()))
    groups = [g for own in hits.values() for g in _tables(own)]
    groups.sort(key=lambda g: g[0].start)
    found: dict[str, list[Region]] = {}
    for i, group in enumerate(groups):
        before = places(groups[i - 1][-1].end - 1) + 1 if i else 0
        after = places(groups[i + 1][0].start) if i + 1 < len(groups) else len(folded)
        region = _region(folded, form, group, places, before, after)
        found.setdefault(form.sections[group[0].section].path, []).append(region)
    return {path: tuple(regions) for path, regions in found.items()}


def _letters(folded: str) -> "tuple[str, _Places]":
    """Folded text → its letters and Chinese characters alone, and how to find where each of them stands."""
    chunks = [(m.start(), m.group()) for m in re.finditer(r"[^\W\d_]+", folded)]
    starts: list[int] = []
    at = 0
    for _, text in chunks:
        starts.append(at)
        at += len(text)
    return "".join(text for _, text in chunks), _Places(tuple(starts), tuple(a for a, _ in chunks))


@dataclass(frozen=True, slots=True)
class _Places:
    plain: tuple[int, ...]
    source: tuple[int, ...]

    def __call__(self, at: int) -> int:
        chunk = bisect_right(self.plain, at) - 1
        return self.source[chunk] + at - self.plain[chunk]


@cache
def _own_words(form: Form) -> tuple[re.Pattern[str], dict[str, tuple[int, ...]]]:
    """The words of tables, without digits, each with the sections that have it."""
    owners: dict[str, set[int]] = {}
    for i, section in enumerate(form.sections):
        for word in _words(section):
            owners.setdefault(word, set()).add(i)
    return pattern_of(frozenset(owners)), {word: tuple(sorted(own)) for word, own in owners.items()}


_NUMERALS = "一二三四五六七八九十"


def _words(section: FormSection) -> Iterator[str]:
    """The words of a section's table that are long enough; of a caption with a number to fill in, with each number."""
    lexicon = lexicon_of(section)
    yield from (w.replace("第项", f"第{n}项") for w in lexicon.groups if w.endswith("第项") for n in _NUMERALS)
    for text in (*lexicon.labels, *lexicon.heads, *lexicon.unders, *lexicon.groups):
        word = "".join(c for c in text if not c.isdigit())
        if len(word) >= _SHORTEST or (section.spec.heads == "printed" and word in lexicon.labels and len(word) > 1):
            yield word


def _tables(hits: Sequence[_Hit]) -> Iterator[list[_Hit]]:
    """The hits of one section → those of each of its tables.

    A word that stands far behind a table does not go on with it where the table has it already, or is none yet.
    """
    group: list[_Hit] = []
    words: set[str] = set()
    for hit in hits:
        is_new = len(words) < _FEWEST or hit.word in words
        if group and hit.start - group[-1].end > (_APART if is_new else _BROKEN_APART):
            yield from _if_table(group)
            group, words = [], set()
        group.append(hit)
        words.add(hit.word)
    yield from _if_table(group)


def _if_table(group: list[_Hit]) -> Iterator[list[_Hit]]:
    if len({h.word for h in group}) >= _FEWEST:
        yield group


def _region(folded: str, form: Form, group: Sequence[_Hit], places: _Places, before: int, after: int) -> Region:
    """The stretch of a table: from the title before it, or its first line, to the title behind it, or its last number."""
    section = form.sections[group[0].section]
    words = [(places(h.start), places(h.end - 1) + 1, h.word) for h in group]
    first = _from_title(folded, section, words)
    last = _to_title(folded, section, form, [w for w in words if w[0] >= first])
    line = folded.rfind("\n", before, first) + 1
    start = line if line > before and first - line <= _BEFORE else first
    titles = [t for t in titles_of(form).finditer(folded, before, last) if t.start() <= first]
    lead = titles[-1].end() if titles and titles[-1].end() <= last else start
    if lead > first or first - lead <= _BEFORE:
        start = lead
    title = titles_of(form).search(folded, last, min(after + _LONGEST_TITLE, last + _AFTER))
    if title:
        end = title.start()
    else:
        tail = _tail(section).match(folded, last, min(after, last + _AFTER))
        end = _with_rest(folded, tail.end() if tail else last)
    return Region(start, max(end, last), len({h.word for h in group}), min(lead, start))


_Words = Sequence[tuple[int, int, str]]
"""The words of a table, each with its half-open stretch of the source."""


def _from_title(folded: str, section: FormSection, words: _Words) -> int:
    """Where a table's words begin: behind the last title of its own that has a table behind it, or with the first of them."""
    starts = [title.start() for title in _own_titles(section).finditer(folded, words[0][0], words[-1][1])]
    whole = [at for at in starts if len({word for place, _, word in words if place >= at}) >= _FEWEST]
    return max(whole, default=words[0][0])


def _to_title(folded: str, section: FormSection, form: Form, words: _Words) -> int:
    """Where a table's words end: before another section's title, behind which there is hardly one that the table has not yet."""
    for title in titles_of(form).finditer(folded, words[0][0], words[-1][1]):
        before = {word: end for start, end, word in words if start < title.start()}
        after = {word for start, _, word in words if start >= title.start()}
        is_own = _own_titles(section).match(folded, title.start())
        if not is_own and len(before) >= _FEWEST > len(after - before.keys()):
            return max(before.values())
    return words[-1][1]


@cache
def _own_titles(section: FormSection) -> re.Pattern[str]:
    exact = "|".join(re.escape(w) for label in section.spec.labels for w in label.wordings)
    return re.compile(f"{_NUMERAL}(?:{exact})")


def _with_rest(folded: str, end: int) -> int:
    """The end of the line, where it is near: what stands beside the last number is of the table."""
    line = folded.find("\n", end)
    rest = (line if line >= 0 else len(folded)) - end
    return end + rest if rest <= _LONGEST_REST else end


@cache
def titles_of(form: Form) -> re.Pattern[str]:
    """The titles of the form's sections, in a line of their own or in running text."""
    specs = [s.spec for s in form.sections] + [p.spec for p in form.proses if p.spec.number]
    exact = "|".join(re.escape(w) for spec in specs for label in spec.labels for w in label.wordings)
    like = "|".join(spec.like.replace(".{0,20}", "[^\n一二三四五六七八九十]{0,12}") for spec in specs)
    return re.compile(f"{_NUMERAL}?(?:{exact})|{_NUMERAL}(?:{like})")


@cache
def _tail(section: FormSection) -> re.Pattern[str]:
    """What may stand behind a table's last long word: numbers, and its short words."""
    lexicon = lexicon_of(section)
    words = sorted((w for w in (*lexicon.heads, *lexicon.labels) if w), key=len, reverse=True)
    return re.compile(f"(?:{_NUMBERS}|{'|'.join(words)})*")
