"""A table whose rows stand side by side in one line of numbers: groups of columns, each under its label, with the same heads."""

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby, pairwise
from operator import itemgetter
from typing import TYPE_CHECKING

from ...schemas.form import FormColumn, FormRow, FormSection
from ..source.decode import Source
from . import costs
from .alignment import Alignment, Way, sums_of
from .fills import Fill, fills_in_order, glued_in, is_empty
from .heads import has_characters, head_at_end
from .items import Piece, Run, Stretch
from .lexicon import pattern_of
from .place import ENDS, Columns, aligned_by, columns_of, extent_of, fill_by_place, is_crowded, stacks_over
from .tokens import Token, by_line
from .words import plain_label

if TYPE_CHECKING:
    from .align import Table


_Named = tuple[object, Stretch]
"""A row, a column or, for a further head, None; and where it is named."""

_ENDS_A_TITLE = "情况"
"""Words of the table's that stand before it are its title's."""


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of the line: the row and the column of the form that it is, and the stretches that say so.

    is_other: whether a note may make it something else.
    """

    row: FormRow
    column: FormColumn
    label: tuple[Stretch, ...] = ()
    head: tuple[Stretch, ...] = ()
    is_other: bool = False

    @property
    def path(self) -> str:
        return self.row.cell(self.column.name)


@dataclass(frozen=True, slots=True)
class _Order:
    """The columns of the line from left to right. cost: of reading them so."""

    columns: tuple[_Column, ...]
    cost: float
    by: str


def align_groups(table: "Table") -> tuple[Alignment, ...]:
    """A table with groups side by side → the ways to lay the section over it."""
    items, section = table.items, table.section
    runs = [run for run in items.runs if any(not is_empty(t) for t in run.tokens)]
    runs = runs or list(items.runs[:1])
    if not runs:
        return ()
    if (apart := _apart(table, [r.tokens for r in runs], [r.after for r in runs])) is not None:
        return (apart,)
    most = max(len(run.tokens) for run in runs)
    runs = runs[next(i for i, run in enumerate(runs) if 2 * len(run.tokens) >= most) :]
    tokens, rest = _line(table, runs)
    lines = {t.line for t in tokens if not is_empty(t)} or {t.line for t in tokens}
    tokens = tuple(t for t in tokens if t.layout != "cells" or t.line in lines)  # no merged cells of the heads above
    above = items.pieces[: runs[0].after]
    whole = sum(len(row.columns) for row in section.rows)
    first, *further = by_line(tokens)
    if first[0].layout == "cells" and {len(line) for line in (first, *further)} == {whole} and further:
        tokens, rest = first, [*map(list, further), *rest]
    found: list[Alignment] = []
    noted = {(p.start, p.end) for p in items.pieces if p.is_noted}
    for order in (_doubted(o, noted) for o in _orders(table, above, tokens, whole)):
        fills = _fills(table, tokens, order)
        if order.by == "form":
            fills = tuple(f for f in fills if not f.cost)
        again = [f for run in rest if len(run) == len(order.columns) for f in _fills(table, run, order)]
        found.append(_alignment(table, tokens, order, fills, again))
    return tuple(found) or (_unread(table, tokens),)


def _line(table: "Table", runs: Sequence[Run]) -> tuple[tuple[Token, ...], list[list[Token]]]:
    """The numbers of the line, all runs that nothing but words of the table parts, and those of the runs behind them.

    A run that is as long as the line before it is another line.
    """
    pieces = table.items.pieces
    printed = [[t for t in run.tokens if not is_empty(t)] for run in runs]
    count = 1
    for one, other in pairwise(runs):
        between = pieces[one.after : other.after]
        if not all(_is_of_table(p.text, table.section) for p in between) or len(printed[count]) == len(printed[0]) > 2:
            break
        count += 1
    return tuple(t for run in runs[:count] for t in run.tokens), printed[count:]


def _doubted(order: _Order, noted: Set[Stretch]) -> _Order:
    """An order whose columns are in doubt where notes stand at what names them."""
    if not noted:
        return order
    columns = [replace(c, is_other=any(stretch in noted for stretch in (*c.label, *c.head))) for c in order.columns]
    return replace(order, columns=tuple(columns))


@cache
def _symbols(section: FormSection) -> tuple[re.Pattern[str], dict[str, object]]:
    """The words of the table → the row or the column that each names, or None for further heads."""
    known: dict[str, object] = {plain_label(w): None for w in section.spec.words}
    known |= {plain_label(w): row for row in section.rows for label in row.labels for w in label.wordings}
    known |= {plain_label(w): c for c in section.rows[0].columns for label in c.labels for w in label.wordings}
    return pattern_of(frozenset(known)), known


def _is_of_table(text: str, section: FormSection) -> bool:
    pattern, _ = _symbols(section)
    return not pattern.sub("", text)


# --- The order of the columns ------------------------------------------------------------------------------------------


def _orders(table: "Table", above: Sequence[Piece], tokens: Sequence[Token], whole: int) -> Iterator[_Order]:
    section = table.section
    printed = [t for t in tokens if not is_empty(t)]
    placed = _by_place(table, above, tokens, whole)
    if placed is not None:
        yield placed
        return
    names, is_clean = _sequence(above, section)
    groups = _group_orders(names, table.source, section)
    orders = (
        [o for order in groups if (o := _in_line(names, order, table.source, section)) is not None] if is_clean else []
    )
    if any(len(o.columns) in (len(printed), whole) for o in orders):
        yield from orders
    elif _is_broken(names, section) and groups in ([list(section.rows)], [[]]):
        if names and not has_characters(above, section.rows[0].columns):
            return
        yield _Order(_form_columns(section), costs.ORDER_OF_FORM, "form")


def _is_broken(names: Sequence[_Named], section: FormSection) -> bool:
    """Whether some head is nowhere whole, so that the others say nothing of the order."""
    return not {n for n, _ in names}.issuperset(section.rows[0].columns)


def _form_columns(section: FormSection) -> tuple[_Column, ...]:
    return tuple(_Column(row, c) for row in section.rows for c in row.columns)


def _sequence(pieces: Sequence[Piece], section: FormSection) -> tuple[list[_Named], bool]:
    """The words above the line → what they name, in order, each with where it stands; and whether from the first on they are all named."""
    pattern, known = _symbols(section)
    text = "".join(p.text for p in pieces)
    first = next((m.start() for m in pattern.finditer(text) if isinstance(known[m.group()], FormColumn)), 0)
    lead = text.rfind(_ENDS_A_TITLE, 0, first)
    at = [p for p in pieces for _ in p.text]
    found: list[_Named] = []
    begin, end = None, 0
    is_clean = True
    for match in pattern.finditer(text, lead + len(_ENDS_A_TITLE) if lead >= 0 else 0):
        is_clean = is_clean and (begin is None or match.start() == end)
        begin, end = match.start() if begin is None else begin, match.end()
        one, other = at[match.start()], at[match.end() - 1]
        found.append((known[match.group()], (one.start, other.end)))
    return found, is_clean and end == len(text)


def _group_orders(names: Sequence[_Named], source: Source, section: FormSection) -> list[list[FormRow]]:
    """The orders in which groups may stand, by their labels; those under a common head in its place.

    A common head that is printed on a line above the groups' beside it does not say on which side of them it stands: where
    its line begins further on, it is behind them.
    """
    order = list(dict.fromkeys(n for n, _ in names if isinstance(n, FormRow)))
    top = section.rows[0]
    tops = [name for name, _ in groupby(n for n, _ in names if n is None or n is top)]
    if top not in order or None not in tops:
        return [order]
    inner = [row for row in order if row is not top]
    if tops[0] is top:
        return [[top, *inner]]
    if tops[:3] == [None, top, None]:
        return [[*inner[:1], top, *inner[1:]]]
    at = [next(place for n, place in names if n is name) for name in (top, None)]
    one, other = (_column_of(start, source) for start, _ in at)
    if one[0] == other[0]:
        return [[*inner, top]]
    if one[1] != other[1]:
        return [[top, *inner] if one[1] < other[1] else [*inner, top]]
    return [[top, *inner], [*inner, top]]


def _column_of(at: int, source: Source) -> tuple[int, int]:
    """A place in the source → where its line begins, and how far into the line it is."""
    start = source.folded.rfind("\n", 0, at) + 1
    return start, at - start


def _in_line(names: Sequence[_Named], groups: Sequence[FormRow], source: Source, section: FormSection) -> _Order | None:
    """Heads in running order, level by level or group by group → the columns; None where they are not those of each group."""
    if len(groups) != len(section.rows):
        return None
    chunks: list[list[tuple[FormColumn, Stretch]]] = [[]]
    for name, place in names:
        if isinstance(name, FormColumn):
            if name in [c for c, _ in chunks[-1]]:
                chunks.append([])
            chunks[-1].append((name, place))
    further, chunks = chunks[: -len(groups)], chunks[-len(groups) :]  # of a merged cell, written out on a line above
    kinds = {tuple(c for c, _ in chunk) for chunk in (*further, *chunks)}
    is_one_line = len({_column_of(place[0], source)[0] for chunk in chunks for _, place in chunk}) == 1
    if len(chunks) != len(groups) or (len(kinds) > 1 and (further or not is_one_line)):
        return None
    labels = {n: place for n, place in names if isinstance(n, FormRow)}
    columns = [
        _Column(row, c, (labels[row],), (place,))
        for row, chunk in zip(groups, chunks, strict=True)
        for c, place in chunk
    ]
    return _Order(tuple(columns), 0.0, "heads")


def _by_place(table: "Table", above: Sequence[Piece], tokens: Sequence[Token], whole: int) -> _Order | None:
    """The columns by the labels and heads that stand over them; None unless each is another cell of the form."""
    section = table.section
    places = _places(tokens, whole)
    if places is None:
        return None
    heads_line = [p.token.fields for p in above if p.text in table.lexicon.heads]
    if not heads_line or heads_line[-1] != tokens[0].fields:
        return None
    stacks = stacks_over(above, places, table.source)
    known = _symbols(section)[1]
    labels = (
        [
            (p.token.first, p.token.line, n, (p.start, p.end))
            for p in above
            if isinstance(n := known.get(p.text), FormRow) and p.token.layout == "cells"
        ]
        if places.layout == "cells"
        else []
    )
    columns: list[_Column] = []
    for (first, _), stack in zip(places.extents, stacks, strict=True):
        head = head_at_end("".join(t for t, _ in stack), section.rows[0].columns)
        over = [x for x in labels if x[0] <= first]
        if head is None or not over:
            return None
        _, _, row, place = max(over, key=itemgetter(0, 1))
        columns.append(_Column(row, head[0], (place,), tuple((p.start, p.end) for _, p in stack[-1:])))
    if len({c.path for c in columns}) < len(columns):
        return None
    return _Order(tuple(columns), 0.0, "place")


def _places(tokens: Sequence[Token], whole: int) -> Columns | None:
    if any(t.layout != "cells" for t in tokens) or not tokens:
        return None
    found = columns_of([tokens], whole)
    if found is None:
        line = [t for t in tokens if t.line == tokens[0].line]
        if len(line) >= whole - 2:
            return Columns("cells", tuple((t.first, t.last) for t in line))
    return found


# --- The cells ---------------------------------------------------------------------------------------------------------


def _fills(table: "Table", tokens: Sequence[Token], order: _Order) -> tuple[Fill, ...]:
    paths = [c.path for c in order.columns]
    places = _places(tokens, len(paths)) or _places_in_space(table, tokens, order)
    placed = fill_by_place(tokens, places) if places is not None and len(places.extents) == len(paths) else None
    printed = [t for t in tokens if not is_empty(t)]
    if placed is not None and len(printed) != len(paths):
        return (placed,)
    failing = sums_of(paths, table.form, table.numbers)
    if is_crowded(printed) and printed[0].layout == "cells":
        return ()
    glued = glued_in(tokens, table.source.folded)
    return fills_in_order(
        tokens, len(paths), failing, glued, lacks_borders=True, has_sums=True, apart=table.items.apart
    )


def _places_in_space(table: "Table", tokens: Sequence[Token], order: _Order) -> Columns | None:
    """The columns that heads set in space take; None unless every number stands right under one, aligned with it as all are."""
    if any(t.layout != "space" for t in tokens) or len({t.line for t in tokens}) != 1:
        return None
    extents = []
    for column in order.columns:
        at = column.head[0] if column.head else (0, 0)
        piece = next((p for p in table.items.pieces if p.start <= at[0] and at[1] <= p.end), None)
        if piece is None or piece.token.layout != "space":
            return None
        extents.append(extent_of(at, piece, table.source))
    extents.sort()
    under = [[(t.first, t.last) for t in tokens if t.first <= b and a <= t.last] for a, b in extents]
    pairs = {i: [(one, extents[i]) for one in own] for i, own in enumerate(under) if own}
    is_sure = sum(map(len, under)) == len(tokens) == len(pairs) and all(a[1] < b[0] for a, b in pairwise(extents))
    if not is_sure or not any(len(aligned_by(end, pairs)) == len(pairs) for end in range(ENDS)):
        return None
    return Columns("space", tuple(extents), keeps_blanks=True)


def _apart(table: "Table", runs: Sequence[Sequence[Token]], after: Sequence[int]) -> Alignment | None:
    """Groups one below the other, each with its label before its own numbers; None where they do not stand so."""
    section, pieces = table.section, table.items.pieces
    columns = section.rows[0].columns
    if len(runs) != len(section.rows):
        return None
    parts: list[tuple[_Order, Sequence[Token]]] = []
    start = 0
    for tokens, end in zip(runs, after, strict=True):
        names, _ = _sequence(pieces[start:end], section)
        rows = list(dict.fromkeys(n for n, _ in names if isinstance(n, FormRow)))
        heads = [(n, place) for n, place in names if isinstance(n, FormColumn)]
        if len(rows) != 1 or len([t for t in tokens if not is_empty(t)]) != len(columns):
            return None
        if not heads and parts:
            heads = [(c.column, c.head[0] if c.head else (0, 0)) for c in parts[0][0].columns]
        if len({n for n, _ in heads}) != len(columns) or len(heads) != len(columns):
            return None
        label = tuple(place for n, place in names if n is rows[0])[-1:]
        parts.append((_Order(tuple(_Column(rows[0], n, label, (place,)) for n, place in heads), 0.0, "heads"), tokens))
        start = end
    if len({order.columns[0].row for order, _ in parts}) != len(parts):
        return None
    ways = [_way(order, _fills(table, tokens, order), tokens) for order, tokens in parts]
    return table.alignment(ways, 0.0, "heads", (), ())


def _alignment(
    table: "Table", tokens: Sequence[Token], order: _Order, fills: Sequence[Fill], again: Sequence[Fill]
) -> Alignment:
    if len(fills) != 1:
        return table.alignment([_way(order, fills, tokens, again)], order.cost, order.by, (), ())
    ways = []
    for row in table.section.rows:
        own = [i for i, c in enumerate(order.columns) if c.row is row]
        if own:
            part = _Order(tuple(order.columns[i] for i in own), order.cost, order.by)
            fill, *more = (replace(f, slots=tuple(f.slots[i] for i in own)) for f in (*fills, *again))
            ways.append(_way(part, (fill,), tokens, more))
    return table.alignment(ways, order.cost, order.by, (), ())


def _is_in_blocks(tokens: Sequence[Token], order: _Order) -> bool:
    """Whether empty lines part the numbers elsewhere than between groups, so that they may stand column by column."""
    lines = [t.line for t in tokens]
    gaps = [b - a for a, b in pairwise(lines)]
    least = min(gaps, default=0)
    far = [i + 1 for i, gap in enumerate(gaps) if gap > least > 0]
    size = len(order.columns[0].row.columns)
    return len(far) > 1 and not all(at % size == 0 for at in far) and not any(map(is_empty, tokens))


def _way(order: _Order, fills: Sequence[Fill], tokens: Sequence[Token], again: Sequence[Fill] = ()) -> Way:
    doubt = "cells_do_not_fit" if not fills else "order_alone" if _is_in_blocks(tokens, order) else ""
    return Way(
        order.columns[0].row,
        tuple(c.path for c in order.columns),
        tuple(fills),
        order.columns[0].label,
        tuple(c.head for c in order.columns),
        tuple(tokens),
        doubt=doubt,
        again=tuple(again),
        unsure=frozenset(c.path for c in order.columns if c.is_other),
    )


def _unread(table: "Table", tokens: Sequence[Token]) -> Alignment:
    order = _Order(_form_columns(table.section), 0.0, "")
    way = _way(order, (), tokens)
    return table.alignment([Way(way.row, way.paths, (), (), (), way.tokens, doubt="heads_unreadable")], 0.0, "", (), ())
