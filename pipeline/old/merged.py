"""Tables in which a cell that spans several columns is written once for each of them, as python-docx and pandas give them.

    信息内容 | 本年处理决定数量 | 本年处理决定数量 | 本年处理决定数量
    行政许可 | 141              | 141              | 141

The cells → each cell once.
"""

from collections.abc import Sequence
from itertools import groupby, pairwise

from ...schemas.form import FormSection
from ..table.words import plain_wording
from .broken_heads import heads_of_forms
from .cut import Cell
from .labels import has_heads

_SHORTEST = 4
"""Shorter words may stand beside each other for themselves: 结果 | 结果, each the beginning of another head."""

_Spans = Sequence[tuple[int, int]]
"""First and last field of each cell that spans several."""


def each_once(cells: tuple[Cell, ...], folded: str, section: FormSection) -> tuple[Cell, ...]:
    """The cells of a section, those that repeat the one before them because both are one left out.

    Only where the table shows that it repeats cells: a title or a label, no head of a column, stands in fields beside each
    other. A number is left out only under a head that is repeated in the same fields, and where it is the same in all.
    """
    if not any(a.text == b.text and a.kind == "words" and a.line == b.line for a, b in pairwise(cells)):
        return cells
    lines = [list(line) for _, line in groupby(cells, key=lambda c: c.line)]
    if not any(_repeats(line, folded, section) for line in lines):
        return cells
    kept: list[Cell] = []
    spans: _Spans = ()
    for line in lines:
        repeated = _spans(line, folded)
        if not any(c.kind == "number" for c in line) and line[0].fields > 1:
            repeated = spans = repeated if _is_whole(line, repeated, folded, section) else ()
        out = _rest(repeated) | {field for span in spans if _is_one(line, span) for field in _rest([span])}
        kept += [c for c in line if c.fields == 1 or c.field not in out]
    return tuple(kept)


def _repeats(line: Sequence[Cell], folded: str, section: FormSection) -> bool:
    """Whether a line repeats words that are no head of a column."""
    starts = {first for first, _ in _spans(line, folded)}
    return any(c.field in starts and not has_heads(_words(c, folded), section) for c in line)


def _spans(line: Sequence[Cell], folded: str) -> _Spans:
    """The fields of a line that hold the same words, beside each other."""
    if len(line) < 2 or line[0].fields == 1:
        return ()
    found: list[tuple[int, int]] = []
    for a, b in pairwise(line):
        if a.kind == b.kind == "words" and b.field == a.field + 1 and len(words := _words(a, folded)) >= _SHORTEST:
            if words != _words(b, folded):
                continue
            first = found.pop()[0] if found and found[-1][1] == a.field else a.field
            found.append((first, b.field))
    return found


def _is_whole(line: Sequence[Cell], spans: _Spans, folded: str, section: FormSection) -> bool:
    """Whether the heads of columns on a line, each once, are those of a form: a head may be printed twice by mistake."""
    out = _rest(spans)
    heads = [words for c in line if c.field not in out and has_heads(words := _words(c, folded), section)]
    return (
        not heads
        or section.spec.heads == "fixed"
        or any(len(form) == len(heads) and all(map(str.startswith, heads, form)) for form in heads_of_forms(section))
    )


def _rest(spans: _Spans) -> set[int]:
    return {field for first, last in spans for field in range(first + 1, last + 1)}


def _is_one(line: Sequence[Cell], span: tuple[int, int]) -> bool:
    """Whether the fields of a span hold one cell each, and all the same."""
    inside = [c for c in line if span[0] <= c.field <= span[1] and c.fields > 1]
    return len(inside) == span[1] - span[0] + 1 and len({(c.kind, c.text) for c in inside}) == 1


def _words(cell: Cell, folded: str) -> str:
    return plain_wording(folded[cell.start : cell.end])
