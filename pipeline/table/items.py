"""Tokens → items in reading order: pieces of the form's wording, and the numbers and blanks between them."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import groupby, pairwise

from .fills import is_empty
from .lexicon import Lexicon, pieces_of
from .tokens import PAGE_BREAK, Token, by_line
from .words import plain_places

Stretch = tuple[int, int]
"""A half-open stretch of the source that is shown."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of words, plain, as it stands on its line. token: the one it is cut from.

    is_noted: whether a note in brackets follows it that may make it something else: 行政处罚(上年).
    """

    text: str
    start: int
    end: int
    token: Token
    is_noted: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """Numbers and blanks with no words between them. after: how many pieces stand before it."""

    tokens: tuple[Token, ...]
    after: int


@dataclass(frozen=True)
class Items:
    """A table's pieces of words, and its runs of numbers, each in reading order."""

    pieces: tuple[Piece, ...]
    runs: tuple[Run, ...]
    pages: tuple[Token, ...]
    led: tuple[Token, ...] = ()
    """Numbers left of the words of their line, in cells: no numbers of the row above."""
    apart: frozenset[int] = frozenset()
    """The ids of numbers that stand apart, as a page's number does."""

    def words_on(self, lines: set[int]) -> tuple[Token, ...]:
        """The words on some lines, each token once."""
        return tuple(dict.fromkeys(p.token for line in lines for p in self._pieces_by_line.get(line, ())))

    @cached_property
    def _pieces_by_line(self) -> dict[int, list[Piece]]:
        found: dict[int, list[Piece]] = {}
        for piece in self.pieces:
            found.setdefault(piece.token.line, []).append(piece)
        return found

    def runs_at(self, after: int) -> tuple[Run, ...]:
        """The run that stands behind so many pieces, if there is one."""
        return self._by_place.get(after, ())

    @cached_property
    def _by_place(self) -> dict[int, tuple[Run, ...]]:
        return {run.after: (run,) for run in self.runs}


def itemize(tokens: Sequence[Token], folded: str, lexicon: Lexicon, *, with_gaps: bool = False) -> Items:
    """Tokens of a table → its items. with_gaps: empty lines are empty cells.

    Empty cells left of the words of a line belong to its labels, and are none of its numbers.
    """
    pieces: list[Piece] = []
    runs: list[Run] = []
    pages: list[Token] = []
    led: list[Token] = []
    open_run: list[Token] = []
    leads = _leads(tokens)

    def close() -> None:
        if open_run and not _counts_columns(open_run):
            runs.append(Run(tuple(open_run), len(pieces)))
        open_run.clear()

    for token in tokens:
        if token.kind == "page":
            pages.append(token)
        elif token.kind != "words":
            is_led = token.first < leads.get(token.line, -1)
            if is_led and token.kind == "number":
                led.append(token)
                if open_run and is_empty(open_run[-1]):
                    open_run.append(token)
            if not is_led and (token.kind != "gap" or with_gaps):
                open_run.append(token)
        else:
            found = _pieces(folded[token.start : token.end], lexicon)
            is_beside_label = bool(pieces) and pieces[-1].token.line == token.line and pieces[-1].text in lexicon.labels
            if not found and token.layout == "cells" and is_beside_label:
                open_run.append(token._replace(kind="number"))  # a year, where a number belongs
            if found:
                close()
            for text, start, end, is_noted in found:
                pieces.append(Piece(text, token.start + start, token.start + end, token, is_noted))
    close()
    return Items(
        tuple(pieces),
        tuple(runs),
        tuple(pages),
        tuple(led),
        _apart(tokens, with_gaps=with_gaps).union(t.id for t in led),
    )


def _counts_columns(run: Sequence[Token]) -> bool:
    """Whether a run is a line that numbers the columns: 1 2 3 4 5, or from 0 on; of few columns, where it numbers all of a line's."""
    printed = [t.text for t in run if not is_empty(t)]
    is_long = len(printed) > _FEW or (
        run[0].layout == "cells" and run[0].first == 0 and run[0].fields == len(printed) > 1
    )
    return is_long and printed in ([str(i + first) for i in range(len(printed))] for first in (0, 1))


def _apart(tokens: Sequence[Token], *, with_gaps: bool) -> frozenset[int]:
    """The ids of numbers that may be their page's: short ones, each alone on its line, where most numbers stand on their labels',
    or below a line of several, or farther from what is above and below it than the table's lines are, or at a page's edge.
    """
    lines = by_line([t for t in tokens if (with_gaps or t.kind != "gap") and not is_empty(t)])
    kinds = [{t.kind for t in line} for line in lines]
    are_level = sum(k >= {"words", "number"} for k in kinds) > sum("number" in k and "words" not in k for k in kinds)
    gaps = [other[0].line - one[0].line for one, other in pairwise(lines)]
    usual = Counter(gaps).most_common(1)[0][0] if gaps else 0
    found = []
    for line, above, before, after in zip(lines, [(), *lines], [usual + 1, *gaps], [*gaps, usual + 1], strict=False):
        is_alone = len(line) == 1 and not (line[0].layout == "cells" and line[0].fields > 1)
        if is_alone and line[0].kind == "number" and _PAGE_NUMBER.fullmatch(line[0].text):
            is_far = usual < min(before, after) or max(before, after) >= PAGE_BREAK
            is_below = are_level or sum(t.kind != "words" for t in above) > 1
            if {t.kind for t in above} >= {"words", "number"} or ((is_far or is_below) and line[0].text != "0"):
                found.append(line[0].id)
    return frozenset(found)


_FEW = 4
_PAGE_NUMBER = re.compile("0|[1-9][0-9]{0,2}")


def _leads(tokens: Sequence[Token]) -> dict[int, int]:
    """The column of the last words before the numbers of each line with cells: one number at most stands before them all."""
    found: dict[int, int] = {}
    for line, group in groupby((t for t in tokens if t.layout == "cells"), key=lambda t: t.line):
        numbers = 0
        for token in group:
            if token.kind == "words" and (numbers == 0 or (numbers == 1 and line not in found)):
                found[line] = token.first
            elif token.kind == "number" or token.text.strip():
                numbers += token.kind != "words"
    return found


@lru_cache(maxsize=8192)
def _pieces(text: str, lexicon: Lexicon) -> tuple[tuple[str, int, int, bool], ...]:
    """Folded words → their pieces, plain, each with its half-open stretch of the words, and whether a note follows it.

    A note in brackets is left out where all else is the form's: 行政许可(指办件量) → 行政许可.
    """
    plain, places = plain_places(text)
    pieces = tuple((plain[a:b], places[a], places[b - 1] + 1, False) for a, b in pieces_of(plain, lexicon))
    if all(_is_known(piece[0], lexicon) for piece in pieces):
        return tuple((*piece[:3], "%" in text[piece[2] :][:3]) for piece in pieces) if "%" in text else pieces
    notes = list(_NOTE.finditer(text))
    bare = _pieces(_NOTE.sub(lambda m: " " * len(m.group()), text), lexicon) if notes else ()
    if not bare or not all(_is_known(piece[0], lexicon) for piece in bare):
        return pieces
    ends = {
        max((p[2] for p in bare if p[2] <= n.start()), default=0) for n in notes if not EXPLANATION.match(n.group())
    }
    return tuple((*piece[:3], piece[2] in ends) for piece in bare)


_NOTE = re.compile(r"\((?![一二三四五六七八九十]\))[^()元]*\)")
EXPLANATION = re.compile(
    r"\((?![^()]*[百千万亿])(?:指|不?含|包[括含]|即|如|注|详?见|按|计|单位|区分|数量|[件宗项个条份次篇部户人]{1,2}\)|(?:19|20)[0-9]{2}年?度?\))"
)
"""A note that says what a label means anyway."""


def _is_known(text: str, lexicon: Lexicon) -> bool:
    return text in lexicon.labels or text in lexicon.heads or text in lexicon.groups or text in lexicon.unders
