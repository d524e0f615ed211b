"""What a model is shown of a report: the text of its tables, where every value, printed blank and empty cell has an id.

The ids of a run stand before it, as «52-58», or «52» where it is one. Bars part the cells; cells that stand one a line are
shown on one line. An empty cell is shown as □. Nothing that holds a digit is left out.

    规章\\n0\\n\\u3000\\n3    →  规章
                             «1-3»0|□|3
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby, pairwise

from ...schemas.form import Form
from ..page import Page
from ..source.sections import Span
from ..source.width import shown_width
from ..table.tokens import Token

LONG_RUN = 8
"""A longer run is marked in parts."""
_PART = 5
EMPTY = "□"
_DIGITS = re.compile("([0-9]+)")
_FAR = 40
"""Words that stand so many characters from any digit, and from the ends of their cell, are left out."""


@dataclass(frozen=True, eq=False)
class Shown:
    """The tables as a model sees them. values: the tokens that have ids; the n-th has id n, counted from 1 over all sections."""

    parts: Mapping[str, str]
    """Path of a section → how its tables are shown, below its title."""
    values: tuple[Token, ...]
    paragraphs: tuple[Span, ...] = ()
    """Of the prose, where it is asked for; the n-th has number n."""
    beginnings: tuple[str, ...] = ()
    """How each of them begins."""

    @cached_property
    def ids(self) -> Mapping[tuple[int, int], int]:
        """The half-open stretch of a token → its id."""
        return {(token.start, token.end): i for i, token in enumerate(self.values, 1)}

    def text(self, sections: Collection[str] | None = None) -> str:
        """All that is shown, or the tables of these sections alone, and the paragraphs."""
        parts = [part for path, part in self.parts.items() if sections is None or path in sections]
        return "\n".join([*parts, *(f"¶{i} {beginning}" for i, beginning in enumerate(self.beginnings, 1))])


def show(page: Page, form: Form) -> Shown:
    """The tokens of a page's tables → what a model sees of them, with ids."""
    values = tuple(t for section in form.sections for t in page.tokens(section.path) if is_value(t))
    ids = {token.id: i for i, token in enumerate(values, 1)}
    parts: dict[str, str] = {}
    for section in form.sections:
        lines = [f"## {section.title}"]
        for i, table in enumerate(page.tables.get(section.path, ())):
            lines += ["### 又一处"] if i else []
            lines += _lines(table.tokens, ids)
        parts |= {section.path: "\n".join(lines)} if len(lines) > 1 else {}
    return Shown(parts, values)


def is_value(token: Token) -> bool:
    """Whether a token has an id: numbers, marks that stand for a blank, and empty cells."""
    return token.kind in ("number", "blank")


def _lines(tokens: Sequence[Token], ids: Mapping[int, int]) -> Iterator[str]:
    """The lines that are shown: values that stand one a line together on one, and empty lines where order alone places what is about."""
    usual = _empty_lines(tokens)
    run: list[Token] = []
    empty, is_order = 0, False
    for _, group in groupby(tokens, key=lambda t: t.line):
        line = list(group)
        if line[0].kind == "gap":
            empty += 1
            continue
        is_alone = len(line) == 1 and is_value(line[0]) and line[0].layout == "order"
        if run and (not is_alone or empty > usual):
            yield _shown(run, ids)
            run = []
        if empty > usual and is_order and line[0].layout == "order":
            yield f"（空{empty}行）"
        empty, is_order = 0, line[0].layout == "order"
        run += line if is_alone else []
        if not is_alone:
            yield _shown(line, ids)
    if run:
        yield _shown(run, ids)


def _shown(line: Sequence[Token], ids: Mapping[int, int]) -> str:
    """A line: cells with bars between them; what stands in space where it stood, or as near to it as the ids leave room."""
    told = ""
    last: Token | None = None
    for token, mark in zip(line, _marks(line, ids), strict=True):
        if token.layout == "space":
            told += " " * max(token.first - shown_width(told) - shown_width(mark), 1 if last else 0)
        elif last is not None:
            told += "|" if token.layout == "cells" or (is_value(last) and is_value(token)) else " "
        told += mark + _text(token)
        last = token
    return told


def _marks(line: Sequence[Token], ids: Mapping[int, int]) -> Iterator[str]:
    """The ids before each token of a line: those of the run that begins there; of a long one, of its next part."""
    for is_run, group in groupby(line, key=is_value):
        run = list(group)
        part = _PART if len(run) > LONG_RUN else LONG_RUN
        for i, token in enumerate(run):
            last = run[min(i + part, len(run)) - 1]
            is_first = is_run and i % part == 0
            yield (
                ""
                if not is_first
                else f"«{ids[token.id]}-{ids[last.id]}»"
                if last is not token
                else f"«{ids[token.id]}»"
            )


def _empty_lines(tokens: Sequence[Token]) -> int:
    """How many empty lines stand between any two lines at least: 0, or 1 in a text of double spacing."""
    lines = [list(group) for _, group in groupby(tokens, key=lambda t: t.line)]
    is_empty = [line[0].kind == "gap" for line in lines]
    between = [len(list(group)) for empty, group in groupby(is_empty) if empty]
    is_doubled = not any(not one and not other for one, other in pairwise(is_empty))
    return min(between, default=0) if is_doubled else 0


def _text(token: Token) -> str:
    """A token's text on one line, without marks of its own; of long words without a digit the middle is left out."""
    text = " ".join(token.text.split()).replace("«", "《").replace("»", "》")
    if token.kind != "words":
        return text or EMPTY
    pieces = _DIGITS.split(text)
    return "".join(p if len(p) <= 2 * _FAR + 1 else f"{p[:_FAR]}…{p[-_FAR:]}" for p in pieces)
