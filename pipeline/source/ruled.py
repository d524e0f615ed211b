"""Tables whose columns a line of dashes rules, as pandoc, tabulate and docutils write them: tabs in the place of its gaps.

Spans with attributes, `[规章]{style="…"}`, lose all but their words. Everything keeps its place: the text stays as long as it is.
"""

import re
from collections.abc import Sequence
from itertools import accumulate

from .width import shown_width

RULE = re.compile(r"^ {0,3}[-=]{2,}(?: +[-=]{2,})+\s*$", re.MULTILINE)
_GROUP = re.compile(r"[-=]+")
_ATTRIBUTES = re.compile(r"\](?:\{[^{}\n]{1,400}\})")
_WIDE = ("WF", "WFA")
"""Characters that take two columns; some tools count those too whose width is open, such as curly quotes."""


def without_attributes(folded: str) -> str:
    """Folded text with spaces for the brackets and the attributes of spans, of the same length.

    [规章]{lang="EN"} → the two characters between spaces.
    """
    if _ATTRIBUTES.search(folded) is None:
        return folded
    lines = folded.split("\n")
    for i, line in enumerate(lines):
        bare = _ATTRIBUTES.sub(lambda m: " " * len(m.group()), line)
        lines[i] = bare.replace("[", " ") if bare != line else line
    return "\n".join(lines)


def with_columns(folded: str, shown: str) -> str:
    """Folded text with a tab before each column of the tables that a line of dashes rules, of the same length.

    shown: the same before it was folded, by whose widths the columns are set. A line that does not stand in the columns is
    left as it is.

        ------- ---
        规章    0     →  规章   ⇥0
    """
    lines = folded.split("\n")
    borders: tuple[int, ...] = ()
    is_after_blank = False
    at = 0
    for i, line in enumerate(lines):
        if RULE.match(line):
            borders = tuple(m.start() for m in _GROUP.finditer(line))[1:]
        elif borders and line.strip():
            cut = _cut(line, shown[at : at + len(line)], borders)
            borders = () if cut is None and is_after_blank else borders
            lines[i] = cut or line
        is_after_blank = not line.strip()
        at += len(line) + 1
    return "\n".join(lines)


def _cut(line: str, shown: str, borders: Sequence[int]) -> str | None:
    """A line with a tab before each of its columns; None where words stand across a border."""
    if "\t" in line or "|" in line:
        return None
    for wide in _WIDE:
        starts = [0, *accumulate(shown_width(c, wide) for c in shown)]
        places = {start: n for n, start in enumerate(starts)}
        found = [places.get(border - 1) for border in borders if border - 1 < starts[-1]]
        if all(n is not None and line[n] == " " for n in found):
            characters = list(line)
            for n in found:
                characters[n or 0] = "\t"
            return "".join(characters)
    return None
