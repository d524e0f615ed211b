"""Tables that a text writes otherwise than in cells with separators → the same text, as long as it was, with tabs between their cells.

A line of dashes rules the columns, as pandoc, tabulate and docutils write them; or every cell is a line, and a row ends in an
empty one. Spans with attributes, `[规章]{style="…"}`, lose all but their words.
"""

import re
from collections.abc import Sequence
from itertools import accumulate

from .width import shown_width

_RULE = re.compile(r"^ {0,3}[-=]{2,}(?: +[-=]{2,})+\s*$", re.MULTILINE)
_GROUP = re.compile(r"[-=]+")
_ATTRIBUTES = re.compile(r"\](?:\{[^{}\n]{1,400}\})")
_FEWEST_CELLS, _MOST_CELLS = 4, 60
_STRUCK = re.compile(r"\]\{[^{}\n]*(?:deletion|line-through|strike|none|hidden)")
"""What is struck or not shown: a mark stays with it, so that it is no number."""
_WIDE = ("WF", "WFA")
"""Characters that take two columns; some tools count those too whose width is open, such as curly quotes."""


def with_grids(folded: str, shown: str) -> str:
    """Folded text with tabs between the cells of its tables. shown: the same before it was folded, by which widths count."""
    folded = without_attributes(folded)
    if "\n\n" not in folded or _RULE.search(folded):
        return with_columns(folded, shown)
    return with_rows(_single_spaced(folded))


def without_attributes(folded: str) -> str:
    """Folded text with spaces for the brackets and the attributes of spans, of the same length.

    [规章]{lang="EN"} → the two characters between spaces.
    """
    if _ATTRIBUTES.search(folded) is None:
        return folded
    lines = folded.split("\n")
    for i, line in enumerate(lines):
        bare = _ATTRIBUTES.sub(lambda m: " " * len(m.group()), line)
        opening = "^" if _STRUCK.search(line) else " "
        lines[i] = bare.replace("[", opening) if bare != line else line
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
        if _RULE.match(line):
            borders = tuple(m.start() for m in _GROUP.finditer(line))[1 : _MOST_CELLS + 1]
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


_LINE_ENDS = re.compile(r"\n[ \n]*")
_FEWEST_PARAGRAPHS = 30
_PARTS_WORDS = re.compile(r"(?<![0-9 \t|])\n(?![0-9 \t|\n])")
_BROKEN_NUMBER = re.compile(r"(?<=[0-9])\n(?=[0-9])")


def _single_spaced(folded: str) -> str:
    """Folded text whose every paragraph ends in an empty line, with one line end behind each: an empty paragraph is an empty line.

    A line end between digits within a paragraph is a mark that makes one number of them that no column holds.
    "规章\\n\\n1\\n\\n\\n\\n2\\n\\n" → "规章 \\n1  \\n\\n2 \\n"
    """
    whole = _BROKEN_NUMBER.sub("^", folded)
    ends = [m for m in _LINE_ENDS.finditer(whole) if m.end() < len(folded) and not _PARTS_WORDS.match(whole, m.start())]
    if len(ends) < _FEWEST_PARAGRAPHS or any(m.group().count("\n") % 2 for m in ends):
        return folded
    return _LINE_ENDS.sub(lambda m: ("\n" * ((m.group().count("\n") + 1) // 2)).rjust(len(m.group())), whole)


_FIRST_CELL = re.compile(r"(?=[^\t|]{1,60}$)[^一-鿿]*[一-鿿]")
"""Words, in one cell."""
_FEWEST_ROWS = 4


def with_rows(folded: str) -> str:
    """Folded text with tabs between the cells of tables that write each on a line of its own, and an empty line behind each row.

    All rows have as many cells, an empty line for an empty one, and none of them first; a merged cell of the first is written out
    in every column that it spans.
    "规章\\n1\\n\\n2\\n\\n规范性文件\\n" → "规章\\t1\\t\\t2\\n\\n规范性文件\\t"
    """
    lines = folded.split("\n")
    empty = [not line.strip() for line in lines]
    first = [_FIRST_CELL.match(line) is not None for line in lines]
    ends = [len(lines)] * (len(lines) + 1)
    for i in reversed(range(len(lines))):
        ends[i] = i if empty[i] else ends[i + 1]
    joined: set[int] = set()
    at = 0
    while at < len(lines):
        cells = ends[at] - at
        is_row = _FEWEST_CELLS <= cells <= _MOST_CELLS
        has_merged = is_row and any(lines[i] == lines[i + 1] for i in range(at, at + cells - 1))
        last = _last_row(empty, first, at, cells + 1) if has_merged else at
        if has_merged and last - at >= (_FEWEST_ROWS - 1) * (cells + 1):
            joined |= {i for i in range(at, last + cells) if (i - at) % (cells + 1) < cells - 1}
            at = last + cells
        at += 1
    return "".join(line + ("\t" if i in joined else "\n") for i, line in enumerate(lines))[:-1] if joined else folded


def _last_row(empty: Sequence[bool], first: Sequence[bool], at: int, step: int) -> int:
    """Where the last of the rows begins that follow each other, each so many lines behind the one before it.

    Behind the heads of a table without labels the row of its numbers is the last.
    """
    while first[at] and at + 2 * step <= len(empty) and empty[at + 2 * step - 1]:
        at += step
    return at
