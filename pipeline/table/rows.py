"""Labels and runs → which run belongs to which row: the one behind its label, or the one that the label stands around."""

from collections.abc import Sequence
from dataclasses import dataclass

from .fills import MOST_SURPLUS, is_empty, is_piece
from .items import Items, Piece
from .labels import Found
from .lexicon import Lexicon, is_crumb, label_costs
from .tokens import Token, by_line


@dataclass(frozen=True, slots=True)
class Own:
    """A row's label and the run that is its own; no tokens where it has none."""

    found: Found
    tokens: tuple[Token, ...]


def own_runs(chain: Sequence[Found], items: Items, lexicon: Lexicon) -> tuple[Own, ...]:
    """A chain of labels → each with the run behind it, or, where there is none, with one between its head and itself."""
    ends = [*(found.first for found in chain[1:]), len(items.pieces)][: len(chain)]
    own = [_own(found, end, items, lexicon) for found, end in zip(chain, ends, strict=True)]
    after = {
        t.id for o, other in zip(own, chain[1:], strict=False) if _is_on_line_of(other, o, items) for t in o.tokens
    }
    own = [Own(o.found, ()) if o.tokens and o.tokens[0].id in after else o for o in own]
    taken = {t.id for o in own for t in o.tokens}
    labels = {at for at, p in enumerate(items.pieces) if p.text in lexicon.labels and p.text not in lexicon.heads}
    found = []
    for o in own:
        before = () if o.tokens else _before(o.found, items, taken, lexicon)
        is_own = bool(before) and (before[0].id in after or o.found.first - 1 not in labels)
        found.append(Own(o.found, before) if is_own else o)
    return tuple(found)


def _is_on_line_of(other: Found, own: Own, items: Items) -> bool:
    """Whether a row's run stands on the line of the next label, before it, and on none of its own label's lines."""
    lines = {t.line for t in own.tokens if not is_empty(t)}
    mine = {items.pieces[i].token.line for i in own.found.pieces}
    return own.found.inside is None and lines == {items.pieces[other.first].token.line} and not lines & mine


def runs_before(chain: Sequence[Found], items: Items, lexicon: Lexicon) -> tuple[Own, ...]:
    """A chain of labels → each with the run right before it, but for one on the line of the label before."""
    found = []
    for before, label in zip((None, *chain), chain, strict=False):
        run = _before(label, items, set(), lexicon)
        led = {items.pieces[i].token.line for i in before.pieces} if before else set()
        own = {items.pieces[i].token.line for i in label.pieces}
        found.append(Own(label, () if {t.line for t in run} & (led - own) else run))
    return tuple(found)


def _before(found: Found, items: Items, taken: set[int], lexicon: Lexicon) -> tuple[Token, ...]:
    """The run before a label, and before the group's label that leads it."""
    at = found.first
    while at and not items.runs_at(at) and _leads(items.pieces[at - 1].text, found, lexicon):
        at -= 1
    runs = items.runs_at(at)
    return next(
        (run.tokens for run in runs if not all(map(is_empty, run.tokens)) and run.tokens[0].id not in taken), ()
    )


def _leads(text: str, found: Found, lexicon: Lexicon) -> bool:
    """Whether words are the label of a group, or of a row that the form may print in parts, one of which a label is."""
    return text in lexicon.groups or any(found.row.path in w.row.parts for w in lexicon.labels.get(text, ()))


_MOST_BETWEEN = 40
"""So many pieces at most stand between a label and its numbers."""


def run_behind(found: Found, end: int, items: Items, lexicon: Lexicon) -> Own:
    """A label by itself → it and the run behind it, up to the piece where the next one begins."""
    return _own(found, end, items, lexicon)


def _own(found: Found, end: int, items: Items, lexicon: Lexicon) -> Own:
    if found.inside is not None:
        return Own(found, found.inside.tokens)
    spare: tuple[Token, ...] = ()
    tokens: list[Token] = []
    at = found.last + 1
    while at <= min(end, found.last + _MOST_BETWEEN):
        for run in items.runs_at(at):
            if all(map(is_empty, run.tokens)):
                spare = spare or run.tokens
            else:
                tokens += run.tokens
        if at == end or not _is_transparent(items.pieces[at], found, lexicon):
            break
        if tokens and not _goes_on(items, at + 1):
            break
        if spare and spare[0].layout == "cells" and items.pieces[at].text in lexicon.groups:
            break  # the next row's group: the row's own cells are empty
        at += 1
    return Own(found, tuple(tokens) or spare)


def _goes_on(items: Items, at: int) -> bool:
    return any(not all(map(is_empty, run.tokens)) for run in items.runs_at(at))


def _is_transparent(piece: Piece, found: Found, lexicon: Lexicon) -> bool:
    """Whether words between a label and its numbers are none of a row's: a group's label, a head again, the label's own end."""
    text = piece.text
    if found.row.path not in lexicon.rows_of.get(text, (found.row.path,)):
        return False
    if text in lexicon.groups or text in lexicon.unders or (text in lexicon.heads and not label_costs(text, lexicon)):
        return True
    return (
        len(text) == 1 or is_crumb(text, lexicon) or any(text in w.text for w in lexicon.wordings if w.row is found.row)
    )


def line_of(own: Own, count: int, items: Items) -> tuple[tuple[Token, ...], frozenset[int], tuple[Token, ...]]:
    """A row's run → its own, for so many cells; which of its numbers may be none of the row's; and what is left over.

    Where the line of the label, or one line alone, has as many numbers as there are cells, the other lines may have none of them.
    """
    lines = by_line(own.tokens)
    if len(lines) < 2:
        return own.tokens, items.apart, ()
    label = {items.pieces[i].token.line for i in own.found.pieces}
    full = [line for line in lines if len([t for t in line if not is_empty(t)]) == count]
    at_label = [line for line in full if line[0].line in label and (count > 1 or line[0].layout != "order")]
    in_cells = [line for line in lines if line[0].line in label and len(line) >= count and line[0].layout == "cells"]
    chosen = at_label or in_cells or (full if count > 1 else [])
    if len(chosen) != 1:
        return own.tokens, items.apart, ()
    rest = tuple(t for line in lines if line is not chosen[0] for t in line if t.kind == "number")
    is_cut_off = not at_label and bool(in_cells) and not any(map(is_piece, (*chosen[0], *rest)))
    if len(rest) > MOST_SURPLUS or is_cut_off:
        return chosen[0], items.apart, rest
    return tuple(sorted((*chosen[0], *rest), key=lambda t: t.id)), items.apart.union(t.id for t in rest), ()


def without_margin(own: Sequence[Own], counts: Sequence[int], *, has_sums: bool) -> tuple[Own, ...]:
    """Rows without the empty cells that every full row has at its end, beyond its columns. counts: of the columns of each.

    Where cells are lines, those behind a row's last one may be merged cells left of the next row's label, if sums can tell.
    """
    if has_sums and _stand_at_labels(own, counts):
        return tuple(Own(o.found, o.tokens[:count]) for o, count in zip(own, counts, strict=True))
    margins = {
        len(o.tokens) - count
        for o, count in zip(own, counts, strict=True)
        if len([t for t in o.tokens if not is_empty(t)]) == count
    }
    margin = margins.pop() if len(margins) == 1 else 0
    if margin <= 0:
        return tuple(own)
    return tuple(
        Own(o.found, o.tokens[:-margin]) if len(o.tokens) > count and all(map(is_empty, o.tokens[-margin:])) else o
        for o, count in zip(own, counts, strict=True)
    )


def _stand_at_labels(own: Sequence[Own], counts: Sequence[int]) -> bool:
    """Whether every row has its cells, each a line, right behind its label, and nothing but a few empty lines behind these."""
    rest = [o.tokens[count:] for o, count in zip(own, counts, strict=True)]
    are_empty = all(len(tokens) <= MOST_SURPLUS and all(t.kind == "gap" for t in tokens) for tokens in rest)
    are_full = all(len(o.tokens) >= count > 0 for o, count in zip(own, counts, strict=True))
    is_led = any(tokens and o.tokens[0].kind == "number" for o, tokens in zip(own, rest, strict=True))
    return are_empty and are_full and is_led and not any(map(_may_end_early, own, counts))


def _may_end_early(own: Own, count: int) -> bool:
    """Whether the last of a row's cells may be an empty line behind it instead, one of the others having left no trace."""
    is_blank = count > 1 and all(t.kind == "gap" for t in own.tokens)
    return len(own.tokens) == count and own.tokens[-1].kind == "gap" and not is_blank
