"""The labels of rows in a table: each found in the pieces of its words, whole or damaged, and all of them in the form's order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from ...schemas.form import FormRow, Label
from . import costs
from .items import Items, Piece, Run
from .lexicon import Lexicon, is_crumb, label_costs
from .words import plain_label

_MOST_PIECES = 6
_GAIN = 20.0
_GAIN_OF_A_CHARACTER = 2.0
_GAIN_OF_NUMBERS = 10.0
_WEIGHT = 4.0


@dataclass(frozen=True, slots=True)
class Found:
    """A row's label as found. pieces: the places of its pieces. inside: the run that it stands around.

    rivals: what it would cost to take the same words for another row's label. is_other: whether they may be none of any row.
    """

    row: FormRow
    label: Label
    cost: float
    pieces: tuple[int, ...]
    inside: Run | None = None
    length: int = 0
    rivals: tuple[tuple[str, float], ...] = ()
    is_other: bool = False

    @property
    def first(self) -> int:
        return self.pieces[0]

    @property
    def last(self) -> int:
        return self.pieces[-1]


def find_labels(items: Items, lexicon: Lexicon) -> tuple[Found, ...]:
    """Every stretch of pieces that may be a row's label, in the order of their ends."""
    found = [f for start in range(len(items.pieces)) for f in _from(start, items, lexicon)]
    return tuple(sorted(found, key=lambda f: (f.last, f.first)))


def _from(start: int, items: Items, lexicon: Lexicon) -> Iterator[Found]:
    """The labels that begin with one piece: with it alone, or with those that follow."""
    pieces = items.pieces
    text = pieces[start].text
    if text in lexicon.groups or text in lexicon.unders:
        return
    used = [start]
    inside: Run | None = None
    yield from _as_label(text, used, inside, items, lexicon, None)
    named = _rows_of(text, lexicon)
    at = start + 1
    while at < len(pieces) and len(used) < _MOST_PIECES and len(text) < _longest(lexicon):
        for run in items.runs_at(at):
            if any(t.kind == "number" or t.text for t in run.tokens):
                if inside is not None:
                    return
                inside = run
        piece = pieces[at]
        at += 1
        if piece.text in lexicon.groups:
            continue
        if text + piece.text not in _beginnings(lexicon):
            if is_crumb(piece.text, lexicon):
                continue
            if not _may_go_on(text + piece.text, lexicon):
                return
        text += piece.text
        used.append(at - 1)
        named = named if named is not None else _rows_of(piece.text, lexicon)
        yield from _as_label(text, used, inside, items, lexicon, named)


def _rows_of(text: str, lexicon: Lexicon) -> frozenset[str] | None:
    """The paths of the rows that bear a whole label; None where it is none."""
    return frozenset(w.row.path for w in lexicon.labels[text]) if text in lexicon.labels else None


def _as_label(
    text: str, used: Sequence[int], inside: Run | None, items: Items, lexicon: Lexicon, named: frozenset[str] | None
) -> Iterator[Found]:
    """The rows that a text may name. named: the rows of a whole label in it; it is a damaged one of theirs, or another whole one."""
    known = {
        path: found
        for path, found in label_costs(text, lexicon, with_more=len(used) == 1).items()
        if named is None or path in named or found.cost < costs.MISPRINT
    }
    extra = costs.SPLIT * (len(used) - 1) + (costs.AROUND if inside is not None else 0.0)
    for path, (cost, label, is_other) in known.items():
        rivals = tuple((rival, match.cost) for rival, match in known.items() if rival != path)
        row = next(r for r in lexicon.section.rows if r.path == path)
        other = costs.WORDS_ADDED if cost and _has_another_number(items.pieces, used[0], text, row) else 0.0
        is_other = is_other or any(items.pieces[i].is_noted for i in used)
        yield Found(row, label, cost + extra + other, tuple(used), inside, len(text), rivals, is_other)


def _has_another_number(pieces: Sequence[Piece], first: int, text: str, row: FormRow) -> bool:
    """Whether a number that is none of a row's stands right before its label."""
    if first == 0 or pieces[first - 1].token is not pieces[first].token or not pieces[first - 1].text.isdigit():
        return False
    return not any(plain_label(w) == pieces[first - 1].text + text for label in row.labels for w in label.wordings)


@cache
def _longest(lexicon: Lexicon) -> int:
    return max(len(w.text) for w in lexicon.wordings)


@cache
def _beginnings(lexicon: Lexicon) -> frozenset[str]:
    texts = {t for w in lexicon.wordings for t in (w.text, w.text[w.core :])}
    return frozenset(t[:n] for t in texts for n in range(1, len(t) + 1))


def _may_go_on(text: str, lexicon: Lexicon) -> bool:
    """Whether text may be the beginning of a label: as it stands, or but for misprints after its first characters."""
    starts = _beginnings(lexicon)
    return text in starts or (len(text) >= 6 and text[:3] in starts)


def without_groups(found: Sequence[Found], items: Items) -> tuple[Found, ...]:
    """Labels without those of a row that stand right beside one of its parts': there they are the label of the group."""
    whole = [f for f in found if f.cost < costs.MISPRINT]

    def is_group(one: Found) -> bool:
        parts = [f for f in whole if f.row.path in one.row.parts and f.first != one.first]
        return (
            (bool(parts) and one.cost > 0)
            or any(f.first == one.last + 1 and not items.runs_at(f.first) for f in parts)
            or any(f.last + 1 == one.first and not items.runs_at(one.first) for f in parts)
        )

    return tuple(f for f in found if not f.row.parts or not is_group(f))


def chain(found: Sequence[Found], items: Items, lexicon: Lexicon) -> tuple[Found, ...]:
    """Of all labels found, those that explain the table best in the form's order, no piece twice."""
    order = {row.path: i for i, row in enumerate(lexicon.section.rows)}
    totals: list[tuple[float, int]] = [(0.0, -1)] * len(found)
    by_row: list[tuple[float, int]] = [(0.0, -1)] * (len(order) + 1)
    ended = 0
    for i in sorted(range(len(found)), key=lambda i: (found[i].first, found[i].last)):
        while ended < len(found) and found[ended].last < found[i].first:
            at = order[found[ended].row.path] + 1
            by_row[at] = max(by_row[at], (totals[ended][0], ended))
            ended += 1
        total, before = max(by_row[: order[found[i].row.path] + 1])
        totals[i] = (total + _gain(found[i], items), before)
    at = max(range(len(found)), key=lambda i: totals[i][0], default=-1)
    taken: list[Found] = []
    while at >= 0:
        taken.append(found[at])
        at = totals[at][1]
    return tuple(reversed(taken))


def _gain(found: Found, items: Items) -> float:
    has_numbers = found.inside is not None or any(True for _ in items.runs_at(found.last + 1))
    gain = _GAIN + _GAIN_OF_A_CHARACTER * found.length - _WEIGHT * found.cost
    return gain + (_GAIN_OF_NUMBERS if has_numbers else 0.0)


def text_of(pieces: Sequence[Piece]) -> str:
    return "".join(p.text for p in pieces)
