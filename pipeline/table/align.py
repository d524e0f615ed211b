"""The form laid over a section's table: rows by their labels, columns by their heads, cells by their place or their order."""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import replace
from itertools import pairwise, product

from ...schemas.form import Form, FormSection
from ...schemas.report import Unit
from ..errors import InputError
from ..source.decode import Source
from . import costs
from .alignment import Alignment, Numbers, Way, has_sums, sums_of
from .fills import Fill, fills_in_order, fills_with_lost, fills_with_surplus, glued_in, is_empty
from .groups import align_groups
from .heads import UNITS, Head, Heads, are_broken, fixed_heads, printed_heads, units_in, units_stated
from .items import Items, Piece, itemize
from .labels import Found, chain, find_labels, text_of, without_groups
from .lexicon import Lexicon, lexicon_of
from .place import (
    ENDS,
    Columns,
    Placed,
    aligned_by,
    columns_of,
    columns_under,
    end_alike,
    fill_beside,
    fill_by_place,
    heads_by_place,
    is_beside,
    is_crowded,
    keeps_blanks,
)
from .rows import Own, line_of, own_runs, run_behind, runs_before, without_margin
from .tokens import Token
from .torn import fill_of, labels_there, torn_orders
from .words import plain_label

MOST_PIECES = 4_000
"""More words than the table of any report has; a text with more is refused."""
_LONGEST_SENTENCE = 120
_SCALED = re.compile(r"单位[^\n|]{0,4}[十百千万亿]+(?:[件项条个次宗份起部篇户人笔]|[^\w]|$)", re.MULTILINE)
"""A unit that makes counts others than they are printed: 单位:万件."""
_NOTE_BEHIND = re.compile(r"(?:\s*\(?(?:备?注|说明)[^\n]*)+")
_MONEY = re.compile("[十百千万亿]*元")


def align(
    source: Source, tokens: Sequence[Token], section: FormSection, form: Form, lead: int = -1
) -> tuple[Alignment, ...]:
    """The tokens of a table → the ways to lay the section over it, the likeliest first; () where none of its rows is there.

    lead: where the text between the section's title and the table begins.
    """
    lead = lead if lead >= 0 else tokens[0].start if tokens else 0
    end = tokens[-1].end if tokens else 0
    notes = _NOTE_BEHIND.match(source.folded, end)
    end = notes.end() if notes else end
    lexicon = lexicon_of(section)
    found = _aligned(Table(source, section, form, lexicon, itemize(tokens, source.folded, lexicon), lead, end))
    is_one_a_line = not any(t.kind == "number" and t.fields > 1 for t in tokens)
    if is_one_a_line and sum(t.kind == "gap" for t in tokens) > 1 and not _is_exact(found):
        items = itemize(tokens, source.folded, lexicon, with_gaps=True)
        gapped = Table(source, section, form, lexicon, items, lead, end)
        with_gaps = _aligned(gapped)
        if _is_exact(with_gaps) and not any(map(gapped.breaks_sums, with_gaps[0].ways)):
            return with_gaps
    return found


def _aligned(table: "Table") -> tuple[Alignment, ...]:
    """The ways to lay the form over a table: numbers behind their labels, and where some are left, before them, or torn from them."""
    if table.section.spec.side_by_side:
        return align_groups(table)
    read = table.fixed if table.section.spec.heads == "fixed" else table.printed
    found = read(table.own, 0.0)
    if found and not _has_gaps(found[0]):
        return found
    before = read(runs_before(table.chain, table.items, table.lexicon), costs.BEHIND)
    torn = table.torn() if table.section.spec.heads == "fixed" else ()
    return (
        *found,
        *(a for a in before if not _has_gaps(a)),
        *(a for a in torn if not _has_gaps(a) and _keeps(found, a)),
    )


def _keeps(found: Sequence[Alignment], other: Alignment) -> bool:
    """Whether another alignment has every row that stands whole at its label as it stands there."""
    theirs = {way.row.path: way for way in other.ways}
    return all(
        way.row.path in theirs and {t.id for t in way.tokens} == {t.id for t in theirs[way.row.path].tokens}
        for way in (found[0].ways if found else ())
        if len(way.fills) == 1 and way.fills[0].cost == 0 and not way.doubt
    )


def _has_gaps(alignment: Alignment) -> bool:
    return bool(alignment.left_over) or any(not way.tokens for way in alignment.ways)


def _is_exact(found: Sequence[Alignment]) -> bool:
    """Whether each row is filled as it stands."""
    return bool(found) and all(len(way.fills) == 1 and way.fills[0].cost == 0 for way in found[0].ways)


class Table:
    """A table while it is aligned: its items, its labels, and the runs that belong to them."""

    def __init__(
        self, source: Source, section: FormSection, form: Form, lexicon: Lexicon, items: Items, lead: int, end: int
    ) -> None:
        self.source, self.section, self.form, self.lexicon, self.items = source, section, form, lexicon, items
        if len(items.pieces) > MOST_PIECES:
            raise InputError(
                f"{source.name}: more than {MOST_PIECES:,} words in one table; this is no single report, split it"
            )
        self.numbers = Numbers(source)
        self.lead, self.end = lead, end
        runs = [run for run in items.runs if not all(map(is_empty, run.tokens))]
        self.lacks_borders = 2 * sum(bool(glued_in(run.tokens, source.folded)) for run in runs) >= len(runs)
        self.found = without_groups(find_labels(items, lexicon), items)
        self.chain = chain(self.found, items, lexicon)
        self.again = self._again()
        own = own_runs(self.chain, items, lexicon)
        own = tuple(o for o in own if not o.found.row.parts or not all(map(is_empty, o.tokens)))
        there = {o.found.row.path for o in own}
        elsewhere = [o for path, rows in self.again.items() if path not in there for o in rows[:1]]
        own = tuple(sorted((*own, *elsewhere), key=lambda o: o.found.first))
        self.again = {path: rows if path in there else rows[1:] for path, rows in self.again.items()}
        there = {o.found.row.path for o in own}
        self.own = tuple(o for o in own if o.tokens or not there.intersection(o.found.row.parts))

    def _again(self) -> dict[str, list[Own]]:
        """Rows whose labels stand in the table once more, with numbers of their own: path → those runs."""
        taken = {i for found in self.chain for i in found.pieces}
        again: dict[str, list[Own]] = {}
        firsts = sorted({f.first for f in self.found if f.cost < costs.MISPRINT})
        for found in self.found if not self.section.spec.side_by_side else ():
            text = text_of([self.items.pieces[i] for i in found.pieces])
            if found.cost < costs.MISPRINT and text not in self.lexicon.heads and not taken.intersection(found.pieces):
                at = bisect_right(firsts, found.last)
                end = firsts[at] if at < len(firsts) else len(self.items.pieces)
                own = run_behind(found, end, self.items, self.lexicon)
                if any(not is_empty(t) for t in own.tokens):
                    again.setdefault(found.row.path, []).append(own)
        return again

    # --- Columns that are the same for all rows ------------------------------------------------------------------------

    def fixed(self, rows: Sequence[Own], cost: float) -> tuple[Alignment, ...]:
        if not rows:
            return ()
        columns = self.section.rows[0].columns
        above = [p for p in self.items.pieces[: self.chain[0].first] if p.text not in self.lexicon.groups]
        by_heads = fixed_heads(above, columns)
        count = _count({len(columns), *(len(h.heads) for h in by_heads)}, rows)
        rows = without_margin(rows, [count] * len(rows), has_sums=True)
        runs = [o.tokens for o in rows]
        places = columns_of(runs, count) or (columns_under(by_heads[0], runs) if by_heads else None)
        if places is None and end_alike(runs, count):
            rows = [Own(o.found, o.tokens[-count:]) for o in rows]
        orders: list[Heads] = []
        if places and (by_place := heads_by_place(above, places, columns, self.source)):
            orders = [by_place]
            places = replace(places, keeps_blanks=keeps_blanks(places, runs))
        elif places and not places.near:
            places = None
        orders = orders or [h for h in by_heads if len(h.heads) == count]
        if not orders and count == len(columns) and are_broken(above, columns):
            orders = [Heads(fixed_heads((), columns)[0].heads, costs.ORDER_OF_FORM, "form")]
        is_ordered = count < len(columns) and any(order.by != "place" for order in orders)
        if is_ordered and self._has_short_rows(count):
            return (self._unread(rows),)  # whether a head is lost, or its column, too, cannot be known
        if any(self._are_headed_otherwise(order) for order in orders[:1]):
            return (self._unread(rows),)
        return tuple(self._fixed(rows, order, places, count, cost) for order in orders) or (self._unread(rows),)

    def _are_headed_otherwise(self, order: Heads) -> bool:
        """Whether heads that stand again within the table, as on its next page, have another order there."""
        own = [h.column for h in order.heads if h.column.under]
        named = {plain_label(w): c.name for c in own for label in c.labels for w in label.wordings}
        chunks: list[list[str]] = [[]]
        for piece in self.items.pieces[self.chain[0].first :]:
            if (name := named.get(piece.text)) is not None and piece.text not in self.lexicon.labels:
                chunks += [[]] if name in chunks[-1] else []
                chunks[-1].append(name)
        usual = [c.name for c in own]
        return any(chunk != [name for name in usual if name in chunk] for chunk in chunks)

    def torn(self) -> tuple[Alignment, ...]:
        """The rows that the table's labels name, in the form's order, filled with all its numbers in theirs."""
        in_form = labels_there(self.found, self.section.rows)
        if not in_form:
            return ()
        columns = in_form[0].row.columns
        above = self.items.pieces[: min(label.first for label in in_form)]
        heads = [h for h in fixed_heads(above, columns) if len(h.heads) == len(columns)]
        if not heads and are_broken(above, columns):
            heads = [Heads(fixed_heads((), columns)[0].heads, costs.ORDER_OF_FORM, "form")]
        found = []
        printed = tuple(sorted(in_form, key=lambda f: f.first))
        for order, there in product(heads[:1], dict.fromkeys((in_form, printed))):
            for lines in torn_orders(self.items, len(columns), len(there)):
                ways = [
                    self._way(Own(label, tokens), order.heads, (fill_of(tokens),), tokens, is_sure=True)
                    for label, tokens in zip(there, lines, strict=True)
                ]
                forms = {label.label.form for label in there} - {None}
                found.append(self.alignment(ways, order.cost + costs.TORN, "torn", forms, ()))
        return tuple(found)

    def _fixed(self, rows: Sequence[Own], order: Heads, places: Columns | None, count: int, cost: float) -> Alignment:
        ways: list[Way] = []
        left: list[Token] = []
        for own in rows:
            row = own.found.row
            by_name = {c.name for c in row.columns}
            heads = [h for h in order.heads if h.column.name in by_name]
            paths = tuple(row.cell(h.column.name) for h in heads)
            tokens, apart, rest = line_of(own, count, self.items)
            left += rest
            fills = self._fills(tokens, places, paths, apart)
            ways.append(self._way(own, heads, fills, tokens))
        forms = {o.found.label.form for o in rows} - {None}
        return self.alignment(ways, cost + order.cost, order.by, forms, left)

    def _fills(
        self, tokens: Sequence[Token], places: Columns | None, paths: Sequence[str], apart: Set[int]
    ) -> tuple[Fill, ...]:
        """The ways to fill a row's cells with its run: by their place, where that is known, and in order."""
        if not tokens:
            return ()
        words = self.items.words_on({t.line for t in tokens})
        placed = fill_by_place(tokens, places, words) if places else None
        printed = [t for t in tokens if not is_empty(t)]
        in_order: tuple[Fill, ...] = ()
        if placed is None or len(printed) == len(paths):
            in_order = self._in_order(tokens, paths, apart)
        if placed is None and (places is not None or self._has_short_rows(len(paths))) and is_crowded(printed):
            return tuple(replace(f, cost=f.cost + costs.MARGIN) for f in in_order)
        if placed is None:
            if places is not None and places.layout == "cells" and len(printed) < len(tokens):
                failing = sums_of(paths, self.form, self.numbers)
                inside = [t for t in tokens if not is_empty(t) or t.first >= places.extents[0][0]]
                more = self._in_order(inside, paths, apart) if len(inside) < len(tokens) else ()
                has_lost = tokens[0].fields < (places.fields or 0) and self._is_alone(tokens[0].fields)
                in_order = (
                    *(in_order if not (has_lost and more) else ()),
                    *more,
                    *fills_with_lost(tokens, len(paths), failing),
                    *fill_beside(tokens, places),
                )
            return in_order
        if places is not None and len(printed) < len(paths):
            in_space = places.layout == "space" and not (places.keeps_blanks or self._adds_up(placed, paths))
            if in_space or (places.layout == "cells" and is_beside(tokens, places)):
                return (placed, *fills_with_lost(tokens, len(paths), lambda _: 0))
        return (placed, *(f for f in in_order if f.slots != placed.slots))

    def _is_alone(self, fields: int) -> bool:
        """Whether no more than one row has so many cells on its line: it has lost some, where the others have merged ones."""
        return sum(any(t.fields == fields for t in o.tokens) for o in self.own) < 2

    def _has_short_rows(self, count: int) -> bool:
        """Whether blanks leave no trace in the table: some of its rows have fewer numbers than there are columns."""
        return any(o.tokens and len([t for t in o.tokens if not is_empty(t)]) < count for o in self.own)

    def _adds_up(self, fill: Fill, paths: Sequence[str]) -> bool:
        """Whether the row's own sums hold with its blanks as 0: where space alone places its cells, nothing else says so."""
        return not sums_of(paths, self.form, self.numbers, blank=0)(fill.slots)

    def _in_order(
        self, tokens: Sequence[Token], paths: Sequence[str], apart: Set[int] = frozenset()
    ) -> tuple[Fill, ...]:
        failing = sums_of(paths, self.form, self.numbers)
        glued = glued_in(tokens, self.source.folded)
        return fills_in_order(
            tokens,
            len(paths),
            failing,
            glued,
            lacks_borders=self.lacks_borders,
            has_sums=has_sums(paths, self.form),
            apart=apart,
        )

    # --- Columns that each sub-table heads -----------------------------------------------------------------------------

    def printed(self, rows: Sequence[Own], cost: float) -> tuple[Alignment, ...]:
        heads = self._heads_of(rows)
        rows = without_margin(rows, [len(above.heads) if above else -1 for above in heads], has_sums=False)
        in_space = _set_in_space(rows, heads)
        ways: list[Way] = []
        left: list[Token] = []
        forms: set[str | None] = set()
        for i, (own, above) in enumerate(zip(rows, heads, strict=True)):
            if above is None:
                ways.append(self._way(own, (), (), own.tokens, "heads_unreadable"))
                continue
            paths = tuple(own.found.row.cell(h.column.name) for h in above.heads)
            tokens, apart, rest = line_of(own, len(paths), self.items)
            left += rest
            has_lost = any(t.layout == "cells" and t.fields < above.heads[-1].fields for t in tokens)
            if has_lost:
                tokens = tuple(t for t in tokens if t.text.strip()) or tokens
            under = _columns_in_space(above) if i in in_space else None
            places = replace(under, keeps_blanks=True) if under else _columns_under(above, tokens)
            fills = self._fills(tokens, places, paths, apart)
            if any(t.layout == "cells" and t.fields > above.heads[-1].fields > 1 for t in tokens):
                failing = sums_of(paths, self.form, self.numbers)
                fills = (*fills, *fills_with_surplus(tokens, len(paths), failing))  # a longer one has gained a cell
            units, is_contrary = self._units(own, above, paths)
            doubt = "unit_doubtful" if is_contrary else ""
            doubt = "cells_do_not_fit" if self._may_be_divided(tokens, above) else doubt
            doubt = "cells_do_not_fit" if has_lost and all(map(is_empty, tokens)) else doubt
            doubt = "cells_do_not_fit" if fills and min(f.cost for f in fills) >= costs.BLANK_LOST else doubt
            ways.append(self._way(own, above.heads, fills, tokens, doubt, units))
            forms |= {h.label.form for h in above.heads} | {own.found.label.form}
        return (self.alignment(ways, cost, "heads", forms - {None}, left),) if ways else ()

    def _may_be_divided(self, tokens: Sequence[Token], above: Heads) -> bool:
        """Whether as many numbers as cells may be more, run together, in a table that lacks borders, and there is no sum to tell.

        One number for one head that stands there whole is none but its own.
        """
        printed = [t for t in tokens if not is_empty(t)]
        has_long = any(t.kind == "number" and len(t.text) > 1 for t in printed)
        is_glued = self.lacks_borders and bool(glued_in(tokens, self.source.folded))
        is_alone = len(above.heads) == 1 and above.by == "heads"
        return is_glued and has_long and len(printed) == len(above.heads) and not is_alone

    def _units(self, own: Own, above: Heads, paths: Sequence[str]) -> tuple[dict[str, Unit], bool]:
        """The unit of each amount of a row, by its head, its label, or a line above the table; and whether several are stated."""
        amounts = [(p, h) for p, h in zip(paths, above.heads, strict=True) if h.column.kind == "amount"]
        if not amounts:
            return {}, False
        after = self.items.pieces[own.found.last + 1 : own.found.last + 2]
        if any(_MONEY.fullmatch(piece.text) for piece in after):
            return {}, True
        folded, pieces = self.source.folded, self.items.pieces
        tokens = [pieces[i].token for i in own.found.pieces]
        first = own.found.first - next(
            (n for n, p in enumerate(reversed(pieces[: own.found.first])) if p.text in self.lexicon.labels),
            own.found.first,
        )
        stated = set(units_in("".join(folded[t.start : t.end] for t in tokens)))
        stated |= units_in(folded[self.lead : pieces[self.own[0].found.first].start])
        stated |= units_in(folded[pieces[first].start : pieces[own.found.first].start])
        stated |= units_stated(folded[max(t.end for t in (*tokens, *own.tokens)) : self.end])
        units: dict[str, Unit] = {}
        for path, head in amounts:
            own_units = stated | ({head.unit} if head.unit else set())
            if len(own_units) > 1 or not own_units <= UNITS.keys():
                return {}, True
            units |= dict.fromkeys((path for _ in own_units), UNITS[next(iter(own_units), "元")])
        return units, False

    def _heads_of(self, rows: Sequence[Own]) -> list[Heads | None]:
        """For each row the heads above it: those printed since the row before, or else those of that row."""
        found: list[Heads | None] = []
        above: Heads | None = None
        before = 0
        for own in rows:
            pieces = self.items.pieces[before : own.found.first]
            before = own.found.last + 1
            names = {c.name for c in own.found.row.columns}
            if pieces and (heads := printed_heads(pieces, own.found.row, self.section)) is not None:
                above = heads
            elif above is not None and (pieces or not all(h.column.name in names for h in above.heads)):
                above = (
                    above
                    if all(h.column.name in names for h in above.heads) and not _has_head(pieces, self.lexicon)
                    else None
                )
            found.append(above)
        return found

    def breaks_sums(self, way: Way) -> bool:
        """Whether a row whose first cell is an empty line breaks its own sums: that line may be none of its cells."""
        slots = way.fills[0].slots
        is_led = slots[0] is not None and slots[0].start == slots[0].end
        return is_led and bool(sums_of(way.paths, self.form, self.numbers)(slots))

    # --- What both share -----------------------------------------------------------------------------------------------

    def _way(
        self,
        own: Own,
        heads: Sequence[Head],
        fills: Sequence[Fill],
        tokens: Sequence[Token],
        doubt: str = "",
        units: Mapping[str, Unit] | None = None,
        *,
        is_sure: bool = False,
    ) -> Way:
        label = tuple((self.items.pieces[i].start, self.items.pieces[i].end) for i in own.found.pieces)
        if not own.tokens:
            doubt = doubt or "label_alone"
        elif not fills or min(f.cost for f in fills) >= costs.MARGIN:
            doubt = doubt or "cells_do_not_fit"
        elif not is_sure and self._is_doubtful(own.found):
            doubt = doubt or "label_doubtful"
        elif self._is_shared(own.found):
            doubt = doubt or "order_alone"
        paths = tuple(own.found.row.cell(h.column.name) for h in heads)
        return Way(
            own.found.row,
            paths,
            tuple(fills),
            label,
            tuple(h.places for h in heads),
            tuple(tokens),
            own.found.cost,
            units or {},
            doubt,
            tuple(f for o in self.again.get(own.found.row.path, ()) for f in self._in_order(o.tokens, paths)),
            frozenset(path for path, head in zip(paths, heads, strict=True) if head.is_other),
        )

    def _is_shared(self, found: Found) -> bool:
        """Whether one cell, or line, of words holds the label of another row, too, and no number is between them."""
        tokens = {self.items.pieces[i].token for i in found.pieces}
        return any(
            other is not found and any(self.items.pieces[i].token in tokens for i in other.pieces)
            for other in self.chain
        )

    def _is_doubtful(self, found: Found) -> bool:
        """Whether the same words could be none, or another row's label, one that stands between the neighbours of this one."""
        if found.is_other:
            return True
        order = [row.path for row in self.section.rows]
        if found not in self.chain:
            return False
        at = self.chain.index(found)
        first = order.index(self.chain[at - 1].row.path) if at else -1
        last = order.index(self.chain[at + 1].row.path) if at + 1 < len(self.chain) else len(order)
        return any(first < order.index(path) < last and cost < found.cost + costs.MARGIN for path, cost in found.rivals)

    def alignment(
        self, ways: Sequence[Way], cost: float, by: str, forms: Iterable[str | None], left: Sequence[Token]
    ) -> Alignment:
        used = {t.id for way in ways for t in way.tokens} | {
            t.id for o in self.again.values() for x in o for t in x.tokens
        }
        known = {t.id for t in left}
        left = [
            *left,
            *self.items.led,
            *(t for run in self.items.runs for t in run.tokens if t.kind == "number" and t.id not in used | known),
        ]
        if _SCALED.search(self.source.folded, self.lead, self.end):
            ways = [way if self._are_amounts(way) else replace(way, doubt=way.doubt or "unit_doubtful") for way in ways]
        last = max((t.end for way in ways for t in way.tokens), default=self.end)
        left = tuple(t for t in left if not self._is_of_prose(t, last))
        return Alignment(self.section, tuple(ways), cost, by, frozenset(f for f in forms if f), left, self.items.apart)

    def _are_amounts(self, way: Way) -> bool:
        return all(self.form.columns[path].kind == "amount" for path in way.paths)

    def _is_of_prose(self, token: Token, last: int) -> bool:
        """Whether a number stands in a sentence before the table's first label, or behind its last number: a full stop ends it."""
        first = self.items.pieces[self.chain[0].first].start if self.chain else self.end
        end = first if token.start < first else self.end if token.start >= last else token.start
        return "。" in self.source.folded[token.start : min(end, token.start + _LONGEST_SENTENCE)].partition("\n")[0]

    def _unread(self, rows: Sequence[Own]) -> Alignment:
        ways = [self._way(own, (), (), own.tokens, "heads_unreadable") for own in rows]
        return self.alignment(ways, 0.0, "", (), ())


def _count(possible: set[int], rows: Sequence[Own]) -> int:
    """How many cells the rows have: the number that most of them show, of those that the heads leave possible."""
    counts = Counter(len([t for t in o.tokens if not is_empty(t)]) for o in rows if o.tokens)
    counts += Counter(len(o.tokens) for o in rows if o.tokens)
    return max(possible, key=lambda number: (counts[number], number))


def _has_head(pieces: Sequence[Piece], lexicon: Lexicon) -> bool:
    return any(p.text in lexicon.heads and p.text not in lexicon.labels for p in pieces)


def _columns_under(above: Heads, tokens: Sequence[Token]) -> Columns | None:
    """The columns of the line under heads that stand side by side on a line with cells: each from its head to the next."""
    heads = above.heads
    lines = {t.line for t in tokens}
    if len(lines) != 1 or any(t.layout != "cells" for t in tokens):
        return None
    firsts = [h.first for h in heads]
    if any(a >= b for a, b in pairwise(firsts)) or firsts[0] == 0:
        return None
    ends = [*(f - 1 for f in firsts[1:]), max(heads[-1].last, max(t.last for t in tokens))]
    return Columns("cells", tuple(zip(firsts, ends, strict=True)), None, tuple((h.first, h.last) for h in heads))


def _set_in_space(rows: Sequence[Own], heads: Sequence[Heads | None]) -> Set[int]:
    """The rows, by their place among the rows, whose numbers all stand right under their heads, aligned with them as in most tables.

    () where no number of theirs stands behind a blank: then blanks may have left no room.
    """
    under: dict[int, list[Placed]] = {}
    gaps: set[int] = set()
    for i, (own, above) in enumerate(zip(rows, heads, strict=True)):
        places = _columns_in_space(above) if above else None
        printed = [t for t in own.tokens if not is_empty(t)]
        fill = fill_by_place(own.tokens, places) if places and printed else None
        if places and fill:
            under[i] = [
                ((t.first, t.last), e) for t in printed for e in places.extents if t.first <= e[1] and e[0] <= t.last
            ]
            gaps |= {i} if None in fill.slots[: len(printed)] else set()
    aligned = max((aligned_by(end, under) for end in range(ENDS)), key=len)
    return aligned if gaps & aligned else set()


def _columns_in_space(above: Heads) -> Columns | None:
    """The columns that heads set in space on one line take."""
    extents = tuple((h.first, h.last) for h in above.heads)
    is_one = len({h.line for h in above.heads}) == 1 and all(h.layout == "space" for h in above.heads)
    is_apart = all(a[1] < b[0] for a, b in pairwise(extents))
    return Columns("space", extents) if is_one and is_apart else None
