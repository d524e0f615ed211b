"""Labels and runs → which run belongs to which row: the one behind its label, or the one that the label stands around."""

from collections.abc import Sequence
from dataclasses import dataclass

from .alignment import by_line
from .fills import is_empty
from .items import Items, Piece, Run
from .labels import Found
from .lexicon import Lexicon, label_costs
from .tokens import Token


@dataclass(frozen=True, slots=True)
class Own:
    """A row's label and the run that is its own; no tokens where it has none. out: words between them that are not the form's."""

    found: Found
    tokens: tuple[Token, ...]
    is_strange: bool = False


def own_runs(chain: Sequence[Found], items: Items, lexicon: Lexicon) -> tuple[Own, ...]:
    """A chain of labels → each with its run."""
    ends = [*(found.first for found in chain[1:]), len(items.pieces)]
    return tuple(_own(found, end, items, lexicon) for found, end in zip(chain, ends, strict=True))


def _own(found: Found, end: int, items: Items, lexicon: Lexicon) -> Own:
    if found.inside is not None:
        return Own(found, found.inside.tokens)
    spare: tuple[Token, ...] = ()
    tokens: list[Token] = []
    is_strange = False
    at = found.last + 1
    while at <= end:
        for run in items.runs_at(at):
            if all(map(is_empty, run.tokens)):
                spare = spare or run.tokens
            else:
                tokens += run.tokens
        if at == end or not _is_transparent(items.pieces[at], found, lexicon):
            break
        if tokens and not _goes_on(items, at + 1):
            break
        at += 1
    return Own(found, tuple(tokens) or spare, is_strange)


def _goes_on(items: Items, at: int) -> bool:
    return any(not all(map(is_empty, run.tokens)) for run in items.runs_at(at))


def _is_transparent(piece: Piece, found: Found, lexicon: Lexicon) -> bool:
    """Whether words between a label and its numbers are none of a row's: a group's label, a head again, the label's own end."""
    text = piece.text
    if text in lexicon.groups or text in lexicon.unders or (text in lexicon.heads and not label_costs(text, lexicon)):
        return True
    return len(text) == 1 or any(text in w.text for w in lexicon.wordings if w.row is found.row)


def line_of(own: Own, count: int, items: Items) -> tuple[tuple[Token, ...], tuple[Token, ...]]:
    """A row's run → what is its own of it, for so many cells, and what is left over on lines of its own.

    Where the line of the label, or one line alone, has as many numbers as there are cells, the other lines have none of them.
    """
    lines = by_line(own.tokens)
    if len(lines) < 2:
        return own.tokens, ()
    label = {items.pieces[i].token.line for i in own.found.pieces}
    full = [line for line in lines if len([t for t in line if not is_empty(t)]) == count]
    at_label = [line for line in full if line[0].line in label and (count > 1 or line[0].layout != "order")]
    chosen = at_label or (full if count > 1 else [])
    empty_at_label = [line for line in lines if line[0].line in label and len(line) >= count and line[0].layout == "cells"]
    if not chosen and len(empty_at_label) == 1 and not all(map(is_empty, empty_at_label[0])):
        chosen = empty_at_label
    if len(chosen) != 1:
        return own.tokens, ()
    return chosen[0], tuple(t for line in lines if line is not chosen[0] for t in line if not is_empty(t))


def runs_without_label(own: Sequence[Own], items: Items) -> tuple[Run, ...]:
    """The runs that belong to no label of the chain."""
    taken = {t.id for o in own for t in o.tokens}
    return tuple(
        run
        for run in items.runs
        if not all(map(is_empty, run.tokens)) and not any(t.id in taken for t in run.tokens)
    )
