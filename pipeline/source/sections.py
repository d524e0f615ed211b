"""Source → the sections 一 to 六: which stretch of the text belongs to which part of the form.

A heading is a short line that bears a section's title, whatever its number. Of several lines with a similar title, a
table's heading is the one that its table follows: the one with most of the table's own wording before the next heading.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache

from ...schemas.form import Form, FormSection
from ..table.words import plain

_LONGEST_HEADING = 60
_LONGEST_ROW = 400
_OWN = 5
"""Wording of at least so many characters is a table's own."""
_RIVAL = 0.6
"""A stretch with more than this share of the wording of a table's own stretch holds the table again."""
_NUMBER = r"(?:第?[一二三四五六七八九十]{1,3}(?:部分|章)?[、,.:：是]?|\([一二三四五六七八九十]\)|\d[、,.])?"


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open stretch of the source: characters start to end."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """A section as found: its heading's line (empty where the heading is missing) and the text that follows it.

    rivals: how many other stretches could hold the same table.
    """

    heading: Span
    body: Span
    rivals: int = 0


@dataclass(frozen=True, slots=True)
class _Heading:
    path: str
    line: Span
    rivals: int = 0


def find_sections(folded: str, form: Form) -> Mapping[str, Stretch]:
    """Path of a section of the form → its stretch, in the order of the text; sections that are not there are left out."""
    headings = _headings(folded, form)
    chosen = sorted(_choose(headings, folded, form), key=lambda h: h.line.start)
    ends = [*(h.line.start for h in chosen), len(folded)][1:]
    found = {h.path: Stretch(h.line, Span(h.line.end, end), h.rivals) for h, end in zip(chosen, ends, strict=False)}
    whole = plain(folded)
    for section in form.sections:
        if section.path in found:
            found[section.path] = _with_rivals(section, found[section.path], folded, whole)
    return found


def _with_rivals(section: FormSection, stretch: Stretch, folded: str, whole: str) -> Stretch:
    """A table's stretch, with one rival at least where the rest of the text holds as good as all of the table's own wording."""
    if stretch.rivals:
        return stretch
    body = plain(folded[stretch.body.start : stretch.body.end])
    own = [word for word in _wording(section) if word in body]
    again = sum(whole.count(word) > body.count(word) for word in own)
    return replace(stretch, rivals=int(again > _RIVAL * len(own)))


def heads_elsewhere(folded: str, section: FormSection, form: Form, first: int, lead: int) -> bool:
    """Whether a table is one of an annex: its section's heading, or the report's last ones, stand elsewhere than before it.

    An annex stands before the report's first heading, or behind its last ones; a table of contents before the first table.
    first: where the text's first table begins. lead: where this one does.
    """
    headings = _headings(folded, form)
    proses = [prose.path for prose in form.proses]
    own = [h.line.start for h in headings if h.path == section.path]
    firsts = [h.line.start for h in headings if h.path in proses[:1]]
    lasts = [h.line.start for h in headings if h.path in proses[1:] and first < h.line.start < lead]
    if lasts:
        return any(at < lasts[-1] for at in own) or any(lasts[-1] < at < lead for at in firsts)
    return bool(firsts) and firsts[0] >= lead and any(at > firsts[0] for at in own)


@lru_cache(maxsize=4)
def _headings(folded: str, form: Form) -> "tuple[_Heading, ...]":
    """Every line that could be a heading, in the order of the text."""
    pattern, found, start = _heading_pattern(form), [], 0
    for line in folded.split("\n"):
        end = start + len(line)
        if line and not line.isdigit() and len(squeezed := "".join(line[:_LONGEST_ROW].split())) <= _LONGEST_HEADING:
            match = pattern.fullmatch(squeezed)
            if match and match.lastgroup:
                found.append(_Heading(match.lastgroup.replace("__", "."), Span(start, end)))
        start = end + 1
    return tuple(found)


@cache
def _heading_pattern(form: Form) -> re.Pattern[str]:
    titled = [(s.path, s.spec.labels, s.spec.like) for s in form.sections]
    titled += [(p.path, p.spec.labels, p.spec.like) for p in form.proses if p.spec.number]
    choices = []
    for path, labels, like in titled:
        wordings = [re.escape(w) for label in labels for w in label.wordings]
        choices.append(f"(?P<{path.replace('.', '__')}>{'|'.join([*wordings, like])})")
    return re.compile(rf"[#*>|]{{0,12}}{_NUMBER}(?:{'|'.join(choices)})(?:\([^()]{{0,20}}\))?[:：。*#|]*")


def _choose(headings: Sequence[_Heading], folded: str, form: Form) -> list[_Heading]:
    tables = _in_their_places([h for section in form.sections if (h := _table_heading(section, headings, folded))])
    first = min((h.line.start for h in tables), default=len(folded))
    last = max((h.line.start for h in tables), default=-1)
    chosen = list(tables)
    for prose in form.proses:
        own = [h for h in headings if h.path == prose.path]
        before = [h for h in own if h.line.start < first]
        after = [h for h in own if h.line.start > last]
        if prose is form.proses[0] and before:
            chosen.append(before[0])
        elif after and prose is not form.proses[0]:
            chosen.append(after[0])
    return chosen


def _in_their_places(tables: list[_Heading]) -> list[_Heading]:
    """Tables in the form's order, without those that have no heading and stand elsewhere: an annex may be of another year."""
    headed = [h.line.start for h in tables if h.line.end > h.line.start]
    kept = []
    for i, heading in enumerate(tables):
        before = [h.line.start for h in tables[:i] if h.line.start in headed]
        after = [h.line.start for h in tables[i + 1 :] if h.line.start in headed]
        is_there = max(before, default=-1) <= heading.line.start <= min(after, default=heading.line.start)
        if heading.line.start in headed or is_there:
            kept.append(heading)
    return kept


def _table_heading(section: FormSection, headings: Sequence[_Heading], folded: str) -> _Heading | None:
    """The heading that the section's table follows, or, where none is, the line where the table's own wording begins."""
    scores: dict[_Heading, int] = {}
    follows: dict[_Heading, str] = {}
    for i, heading in enumerate(headings):
        if heading.path == section.path:
            end = headings[i + 1].line.start if i + 1 < len(headings) else len(folded)
            follows[heading] = folded[heading.line.end : end]
            text = plain(follows[heading])
            scores[heading] = sum(word in text for word in _wording(section))
    best = max(scores, key=lambda h: scores[h], default=None)
    if best is None or not scores[best]:
        for could_be in (_could_be_bare, _could_be_broken):
            if found := [heading for heading, text in follows.items() if could_be(section, text)]:
                return found[-1]
        return _without_heading(section, folded)
    rivals = sum(score > _RIVAL * scores[best] for score in scores.values()) - 1
    return replace(best, rivals=rivals)


def _could_be_bare(section: FormSection, text: str) -> bool:
    """Whether text holds nothing but the numbers of a table: as many as its rows have cells, side by side."""
    if not section.spec.side_by_side:
        return False
    printed = [word for word in re.split(r"[\s|]+", text) if word.strip("-:")]
    return len(printed) == sum(len(row.columns) for row in section.rows)


def _could_be_broken(section: FormSection, text: str) -> bool:
    """Whether text holds the numbers of a table whose rows stand side by side, under labels that are broken over lines."""
    numbers = sum(word.isdigit() for word in re.split(r"[\s|]+", text)) if section.spec.side_by_side else 0
    there = set(text)
    return numbers == sum(len(row.columns) for row in section.rows) > 0 and all(
        any(there.issuperset(wording) for label in row.labels for wording in label.wordings) for row in section.rows
    )


def _without_heading(section: FormSection, folded: str) -> _Heading | None:
    """The line where a table's own wording begins, or the first of the lines of its words that lead there."""
    start, wording = 0, re.compile("|".join(_wording(section)))
    first = None
    for line in folded.split("\n"):
        if len(line) < _LONGEST_ROW and not line.isdigit():
            text = plain(line)
            if wording.search(text):
                return _Heading(section.path, Span(*(start if first is None else first,) * 2))
            if text and not _all_words(section).fullmatch(text):
                first = None
            elif text and first is None:
                first = start
        else:
            first = None
        start += len(line) + 1
    return None


@cache
def _all_words(section: FormSection) -> re.Pattern[str]:
    return re.compile(f"(?:{'|'.join(_words_of(section))})+")


@cache
def _wording(section: FormSection) -> tuple[str, ...]:
    """Wording that little but the section's own table has."""
    return tuple(word for word in _words_of(section) if len(word) >= _OWN)


@cache
def _words_of(section: FormSection) -> tuple[str, ...]:
    """Everything that the section's table prints but its numbers, the longest first."""
    labels = [label for row in section.rows for label in row.labels]
    labels += [label for row in section.rows for column in row.columns for label in column.labels]
    words = {plain(wording) for label in labels for wording in label.wordings} | {plain(w) for w in section.spec.words}
    return tuple(sorted((w for w in words if len(w) > 1), key=len, reverse=True))
