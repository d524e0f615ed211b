"""Heads of columns that a table breaks over lines, each under its beginning, or whose ends it cuts off → the heads whole.

    信息内容 | 本年新制 | 本年新公 | 对外公开
             | 作数量   | 开数量   | 总数量

Read line by line this says nothing; read down its columns it says what the form says.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import groupby

from ..schemas.form import FormSection
from .cut import Cell
from .labels import is_all_of_the_form, is_head, wording
from .words import plain_label, plain_wording

_MOST_LINES = 3
_SHORTEST = 2
"""A head that lost its end keeps so many characters at least."""

_Pieces = tuple[tuple[int, str], ...]
"""The pieces of one line: the place of each in it, and its plain words."""


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
    lines = [tuple(_pieces([words[i] for i in own], folded)) for own in at]
    for i, line in enumerate(lines):
        joined = line
        for more in range(i + 1, min(i + _MOST_LINES, len(lines))):
            joined = _under(joined, lines[more])
            if len(joined) > 1 and _are_heads(joined, line, section):
                return WholeHeads(at[i][0], at[more][-1] + 1, tuple(text for _, text in joined))
    return _cut_off([(i, text) for i, cell in enumerate(words) for _, text in _pieces([cell], folded)], section)


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


def _pieces(line: Sequence[Cell], folded: str) -> Iterator[tuple[int, str]]:
    """The words of a line: its fields, or, where only spaces part them, each word, counted from the line's end."""
    if line[0].fields > 1:
        yield from ((cell.field, plain_wording(folded[cell.start : cell.end])) for cell in line)
    else:
        texts = [plain_wording(word) for cell in line for word in folded[cell.start : cell.end].split()]
        yield from zip(range(-len(texts), 0), texts, strict=True)


def _under(above: _Pieces, below: _Pieces) -> _Pieces:
    """Two lines, each piece with what stands under it."""
    joined = dict(above)
    for place, text in below:
        joined[place] = joined.get(place, "") + text
    return tuple(sorted(joined.items()))


def _are_heads(joined: _Pieces, first: _Pieces, section: FormSection) -> bool:
    """Whether all that lines were joined to are whole heads, and nothing but heads stands to the right of the first of them."""
    alone = dict(first)
    changed = [i for i, (place, text) in enumerate(joined) if alone.get(place) != text]
    return bool(changed) and all(is_head(text, section) for _, text in joined[changed[0] :])


@lru_cache(maxsize=1024)
def _completed(texts: tuple[str, ...], section: FormSection) -> tuple[str, ...]:
    """The heads of one form that the last of some texts begin, in its order; () where they are whole, or could be two."""
    found = {
        tuple(wordings[0] for wordings in heads)
        for heads in _heads_of_forms(section)
        if 1 < len(heads) <= len(texts)
        and all(_begins(text, wordings) for text, wordings in zip(texts[-len(heads) :], heads, strict=True))
        and any(text not in wordings for text, wordings in zip(texts[-len(heads) :], heads, strict=True))
    }
    return found.pop() if len(found) == 1 else ()


def _begins(text: str, wordings: tuple[str, ...]) -> bool:
    return len(text) >= _SHORTEST and any(wording.startswith(text) for wording in wordings)


@cache
def _heads_of_forms(section: FormSection) -> frozenset[tuple[tuple[str, ...], ...]]:
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
    return max(map(len, _heads_of_forms(section)))
