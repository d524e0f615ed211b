"""The form laid over a section's table: rows by their labels, columns by their heads, cells by their place or their order."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import product

from ...schemas.extraction import Finding, finding
from ...schemas.form import Form, FormSection
from ..source.decode import Source
from . import costs
from .alignment import Alignment, Numbers, Way, sums_of
from .fills import Fill, fills_in_order, is_empty, slot_of
from .heads import Heads, fixed_heads, has_characters, printed_heads
from .items import Items, Piece, itemize
from .labels import Found, chain, find_labels
from .lexicon import Lexicon, lexicon_of
from .place import Columns, columns_of, fill_by_place, heads_by_place
from .rows import Own, line_of, own_runs
from .tokens import Token, tokenize
from .regions import Region

_MOST_ORDERS = 64


def align(source: Source, region: Region, section: FormSection, form: Form) -> tuple[Alignment, ...]:
    """A region of the source → the ways to lay the section over it, the likeliest first; () where none of its rows is there."""
    lexicon = lexicon_of(section)
    items = itemize(tokenize(source, region.start, region.end), source.folded, lexicon)
    table = _Table(source, section, form, lexicon, items)
    if section.spec.side_by_side:
        from .groups import align_groups

        return align_groups(table)
    return table.fixed() if section.spec.heads == "fixed" else table.printed()


class _Table:
    """A table while it is aligned: its items, its labels, and the runs that belong to them."""

    def __init__(self, source: Source, section: FormSection, form: Form, lexicon: Lexicon, items: Items) -> None:
        self.source, self.section, self.form, self.lexicon, self.items = source, section, form, lexicon, items
        self.numbers = Numbers(source)
        self.found = find_labels(items, lexicon)
        self.chain = chain(self.found, items, lexicon)
        self.own = own_runs(self.chain, items, lexicon)

    # --- Columns that are the same for all rows ------------------------------------------------------------------------

    def fixed(self) -> tuple[Alignment, ...]:
        if not self.chain:
            return ()
        columns = self.section.rows[0].columns
        above = self.items.pieces[: self.chain[0].first]
        count = self._count(len(columns))
        places = columns_of([o.tokens for o in self.own], count)
        orders: list[Heads] = []
        if places and (by_place := heads_by_place(above, places, columns, self.lexicon, self.source.folded)):
            orders = [by_place]
        orders = orders or [h for h in fixed_heads(above, columns) if len(h.heads) == count]
        if not orders and count == len(columns) and has_characters(above, columns):
            orders = [Heads(fixed_heads((), columns)[0].heads, costs.ORDER_OF_FORM, "form")]
        return tuple(self._fixed(order, places, count) for order in orders) or (self._unread("heads_unreadable"),)

    def _count(self, most: int) -> int:
        """How many cells most rows have."""
        counts = Counter(len([t for t in o.tokens if not is_empty(t)]) for o in self.own if o.tokens)
        full = Counter(len(o.tokens) for o in self.own if o.tokens)
        for number, times in (counts + full).most_common():
            if most - 2 <= number <= most and times > 1:
                return number
        return most

    def _fixed(self, order: Heads, places: Columns | None, count: int) -> Alignment:
        ways, left = [], []
        for own in self.own:
            row = own.found.row
            by_name = {c.name for c in row.columns}
            heads = [h for h in order.heads if h.column.name in by_name]
            paths = tuple(row.cell(h.column.name) for h in heads)
            tokens, rest = line_of(own, count, self.items)
            left += rest
            fills = self._fills(tokens, places, paths)
            ways.append(self._way(own, paths, fills, tokens, [h.places for h in heads]))
        forms = {o.found.label.form for o in self.own} - {None}
        return self._alignment(ways, order.cost, order.by, forms, left)

    def _fills(self, tokens: Sequence[Token], places: Columns | None, paths: Sequence[str]) -> tuple[Fill, ...]:
        if not tokens:
            return ()
        placed = fill_by_place(tokens, places) if places else None
        printed = [t for t in tokens if not is_empty(t)]
        in_order: tuple[Fill, ...] = ()
        if placed is None or len(printed) == len(paths):
            in_order = fills_in_order(tokens, len(paths), sums_of(paths, self.form.identities, self.numbers))
        if placed is None:
            return in_order
        return (placed, *(f for f in in_order if f.slots != placed.slots))

    # --- Columns that each sub-table heads -----------------------------------------------------------------------------

    def printed(self) -> tuple[Alignment, ...]:
        ways, left, forms, findings = [], [], set(), []
        above: Heads | None = None
        before = 0
        for own in self.own:
            pieces = self.items.pieces[before : own.found.first]
            own_heads = printed_heads(pieces, own.found.row, self.section) if pieces else None
            before = own.found.last + 1
            names = {c.name for c in own.found.row.columns}
            if own_heads is not None:
                above = own_heads
            elif above is not None and not all(h.column.name in names for h in above.heads):
                above = None
            if above is None:
                ways.append(self._way(own, (), (), own.tokens, (), "heads_unreadable"))
                continue
            columns = {c.name: c for c in own.found.row.columns}
            paths = tuple(own.found.row.cell(h.column.name) for h in above.heads)
            tokens, rest = line_of(own, len(paths), self.items)
            left += rest
            fills = self._printed_fills(tokens, above, paths)
            units = {p: h.unit for p, h in zip(paths, above.heads, strict=True) if h.unit and columns[h.column.name].kind == "amount"}
            ways.append(self._way(own, paths, fills, tokens, [h.places for h in above.heads], units=units))
            forms |= {h.label.form for h in above.heads} | {own.found.label.form}
        return (self._alignment(ways, 0.0, "heads", forms - {None}, left, findings),) if ways else ()

    def _printed_fills(self, tokens: Sequence[Token], above: Heads, paths: Sequence[str]) -> tuple[Fill, ...]:
        places = _columns_under(above, tokens)
        return self._fills(tokens, places, paths)

    # --- What both share -----------------------------------------------------------------------------------------------

    def _way(self, own, paths, fills, tokens, heads, doubt="", units=None) -> Way:  # type: ignore[no-untyped-def]
        label = tuple((self.items.pieces[i].start, self.items.pieces[i].end) for i in own.found.pieces)
        if not own.tokens:
            doubt = doubt or "label_alone"
        elif not fills:
            doubt = doubt or "cells_do_not_fit"
        elif self._is_doubtful(own.found):
            doubt = doubt or "label_doubtful"
        return Way(own.found.row, paths, tuple(fills), label, tuple(heads), tuple(tokens), own.found.cost, units or {}, doubt)

    def _is_doubtful(self, found: Found) -> bool:
        """Whether the same words could be another row's label, one that stands between the neighbours of this one."""
        order = [row.path for row in self.section.rows]
        at = self.chain.index(found)
        first = order.index(self.chain[at - 1].row.path) if at else -1
        last = order.index(self.chain[at + 1].row.path) if at + 1 < len(self.chain) else len(order)
        return any(first < order.index(path) < last and cost < found.cost + costs.MARGIN for path, cost in found.rivals)

    def _alignment(self, ways, cost, by, forms, left, findings=()) -> Alignment:  # type: ignore[no-untyped-def]
        used = {t.id for way in ways for t in way.tokens}
        known = {t.id for t in left}
        left = [*left, *(t for run in self.items.runs for t in run.tokens if t.kind == "number" and t.id not in used | known)]
        return Alignment(self.section, tuple(ways), cost, by, frozenset(forms), tuple(findings), tuple(left))

    def _unread(self, code: str) -> Alignment:
        ways = [self._way(own, (), (), own.tokens, (), code) for own in self.own]
        return self._alignment(ways, 0.0, code, (), ())


def _columns_under(above: Heads, tokens: Sequence[Token]) -> Columns | None:
    """The columns of the line under heads that stand side by side on a line with cells: each from its head to the next."""
    heads = above.heads
    lines = {t.line for t in tokens}
    if len(lines) != 1 or any(t.layout != "cells" for t in tokens):
        return None
    firsts = [h.first for h in heads]
    if any(a >= b for a, b in zip(firsts, firsts[1:], strict=False)) or firsts[0] == 0:
        return None
    ends = [*(f - 1 for f in firsts[1:]), max(heads[-1].last, max(t.last for t in tokens))]
    return Columns("cells", tuple(zip(firsts, ends, strict=True)))
