"""Heads of columns that a table breaks over lines, each part under the one before, or whose ends it cuts off → the heads whole.

    信息内容 | 本年新制 | 本年新公 | 对外公开
             | 作数量   | 开数量   | 总数量

Read line by line this says nothing; read down its columns it says what the form says.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import groupby
from typing import NamedTuple

from ...schemas.form import FormSection
from ..table.words import plain_label, plain_wording, shown_width
from .cut import Cell
from .labels import is_all_of_the_form, is_head, wording

_MOST_LINES = 3
_SHORTEST = 2
"""A head that lost its end keeps so many characters at least."""

_WORD = re.compile(r"\S+")


class _Piece(NamedTuple):
    """Plain words of a line, and where they begin and end on it: in fields, or in columns of half a character."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class WholeHeads:
    """Heads made whole. first, end: the cells of words that they stand in, half-open. lost: what their ends were lost from."""

    first: int
    end: int
    words: tuple[str, ...]
    lost: str = ""


def words_of(words: Sequence[Cell], folded: str, section: FormSection) -> tuple[list[str], WholeHeads | None]:
    """The plain words of each cell of words, broken heads whole in the first of their cells; and these heads, if any are."""
    found = [wording(cell, folded, section) for cell in words]
    if section.spec.heads != "printed" or len(words) < 2 or is_all_of_the_form("".join(found), section):
        return found, None
    heads = _whole_heads(words, folded, section)
    if heads:
        found[heads.first : heads.end] = ["".join(heads.words), *[""] * (heads.end - heads.first - 1)]
    return found, heads


def _whole_heads(words: Sequence[Cell], folded: str, section: FormSection) -> WholeHeads | None:
    """The heads among cells of words that are broken; None where there are none."""
    at = [list(group) for _, group in groupby(range(len(words)), key=lambda i: words[i].line)]
    lines = [[piece for i in own for piece in _pieces(words[i], folded)] for own in at]
    for i in range(len(lines)):
        for more in range(i + 1, min(i + _MOST_LINES, len(lines))):
            if heads := _down_the_columns(lines[i : more + 1], section) or _around(lines[i : more + 1], section):
                return WholeHeads(at[i][0], at[more][-1] + 1, heads)
    return _cut_off([(i, piece.text) for i, cell in enumerate(words) for piece in _pieces(cell, folded)], section)


def _cut_off(texts: Sequence[tuple[int, str]], section: FormSection) -> WholeHeads | None:
    """Heads that lost their ends, or have them after the last of their beginnings, among the words of numbered cells."""
    for end in range(len(texts), 1, -1):
        found = _completed(tuple(text for _, text in texts[max(0, end - _most_heads(section)) : end]), section)
        if not found:
            continue
        start = end - len(found)
        first = texts[start][0]
        own = [text for _, text in texts[start:end]]
        joined = tuple(text + rest for text, (_, rest) in zip(own, texts[end:], strict=False))
        lost = " ".join(own)
        if len(joined) == len(found) and all(is_head(text, section) for text in joined):
            end, found, lost = end + len(found), joined, ""
        if end == len(texts) or texts[end][0] != texts[end - 1][0]:
            kept = tuple(text for i, text in texts[:start] if i == first)
            return WholeHeads(first, texts[end - 1][0] + 1, (*kept, *found), lost)
    return None


def _pieces(cell: Cell, folded: str) -> Iterator[_Piece]:
    """The words of a field, or, where only spaces part the fields, each of its words."""
    if cell.fields > 1:
        yield _Piece(cell.field, cell.field + 1, plain_wording(folded[cell.start : cell.end]))
        return
    line = folded.rfind("\n", 0, cell.start) + 1
    for match in _WORD.finditer(folded, cell.start, cell.end):
        start = shown_width(folded[line : match.start()])
        yield _Piece(start, start + shown_width(match.group()), plain_wording(match.group()))


def _down_the_columns(lines: Sequence[Sequence[_Piece]], section: FormSection) -> tuple[str, ...]:
    """The words of lines, those that stand under each other joined; () unless these are heads, and nothing but heads follows."""
    columns: list[list[_Piece]] = []
    for line in lines:
        for piece in line:
            met = [c for c in columns if any(piece.start < p.end and p.start < piece.end for p in c)]
            if len(met) > 1:
                return ()
            columns = [c for c in columns if c not in met] + [[*(met[0] if met else ()), piece]]
    columns.sort(key=lambda column: column[0].start)
    joined = ["".join(piece.text for piece in column) for column in columns]
    first = next((i for i, column in enumerate(columns) if len(column) > 1), len(columns))
    is_whole = first < len(columns) > 1 and all(is_head(text, section) for text in joined[first:])
    return tuple(joined) if is_whole else ()


def _around(lines: Sequence[Sequence[_Piece]], section: FormSection) -> tuple[str, ...]:
    """The words of three lines, where heads begin on the first and end on the last, and the others stand on the one between.

    Without their places on the page the heads are those of one form, all of them, each once, in its order; else ().
    """
    above, between, below = ([piece.text for piece in line] for line in lines) if len(lines) == 3 else ([], [], [])
    if not above or len(above) != len(below):
        return ()
    heads = [a + b for a, b in zip(above, below, strict=True)]
    if not all(is_head(text, section) for text in heads):
        return ()
    whole = [text for text in between if is_head(text, section)]
    for form in heads_of_forms(section):
        order = [[i for i, text in enumerate(heads + whole) if text.startswith(wordings)] for wordings in form]
        if sorted(i for found in order for i in found) == list(range(len(heads + whole))) and all(map(len, order)):
            rest = [text for text in between if text not in whole]
            return (*rest, *((heads + whole)[found[0]] for found in order))
    return ()


@lru_cache(maxsize=1024)
def _completed(texts: tuple[str, ...], section: FormSection) -> tuple[str, ...]:
    """The heads of one form that the last of some texts begin, in its order; () where they are whole, or could be two."""
    found = {
        tuple(wordings[0] for wordings in heads)
        for heads in heads_of_forms(section)
        if 1 < len(heads) <= len(texts)
        and all(_begins(text, wordings) for text, wordings in zip(texts[-len(heads) :], heads, strict=True))
        and any(text not in wordings for text, wordings in zip(texts[-len(heads) :], heads, strict=True))
    }
    return found.pop() if len(found) == 1 else ()


def _begins(text: str, wordings: tuple[str, ...]) -> bool:
    return len(text) >= _SHORTEST and any(wording.startswith(text) for wording in wordings)


@cache
def heads_of_forms(section: FormSection) -> frozenset[tuple[tuple[str, ...], ...]]:
    """For each row and each form the heads of its columns, each with its wordings, the official one first."""
    forms = {label.form for row in section.rows for c in row.columns for label in c.labels} - {None}
    found = set()
    for row in section.rows:
        for form in forms:
            labels = [label for c in row.columns for label in c.labels if label.form in (form, None)]
            found.add(tuple(tuple(map(plain_label, label.wordings)) for label in labels))
    return frozenset(found)


@cache
def _most_heads(section: FormSection) -> int:
    return max(map(len, heads_of_forms(section)))
