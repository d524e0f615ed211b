"""What the rows of a table leave over: numbers that are in none of its cells, and rows that it does not print."""

from collections.abc import Iterator, Mapping, Sequence, Set
from functools import cached_property
from itertools import groupby

from ...schemas.extraction import Finding, finding
from ...schemas.form import FormRow
from ..source.decode import Source
from ..table.fills import Fill, Slot
from ..table.items import Stretch
from ..table.lexicon import label_costs, lexicon_of
from ..table.tokens import Token
from ..table.words import plain
from .solve import Solved
from .weighed import Cell

_SHOWN = 8


class Rest:
    """What is left of a table, once a fill is chosen for each of its rows.

    aside: numbers that another reader says are of no row, in a table that has all its rows, and whose sums hold without them; where
    there are no sums, below words that are no row's. left: numbers that nothing explains. has_more: whether there are any, or a row that is given up has more than its cells.
    """

    def __init__(
        self,
        source: Source,
        solved: Solved,
        chosen: Sequence[Fill | None],
        tokens: Sequence[Token],
        aside: Set[Stretch] = frozenset(),
        *,
        may_have_pages: bool,
    ) -> None:
        self.source, self.alignment, self.tokens = source, solved.alignment, tokens
        self.section = solved.alignment.section
        ways = solved.alignment.ways
        are_pages = may_have_pages and solved.holds and not self.missing
        self.pages = self.alignment.apart if are_pages else frozenset()
        slots = [s for fill in chosen if fill is not None for s in fill.slots if s is not None]
        whole = {s.start for s in slots}
        dropped = {
            t.id: (t, way)
            for way, fill in zip(ways, chosen, strict=True)
            if fill is not None and fill.basis == "inferred"
            for t in way.tokens
            if t.kind == "number" and t.start not in whole and not _is_in(t, slots)
        }
        self.strays = [
            (t, way) for t, way in dropped.values() if any(t.line == x.line and t.id != x.id for x in way.tokens)
        ]
        alone = [t for t, way in dropped.values() if (t, way) not in self.strays]
        self.beside = tuple({t.id: t for t in (*self.alignment.left_over, *alone)}.values())
        self.own_rows = self._rows_of_its_own()
        of_own_rows = {t.id for _, numbers in self.own_rows for t in numbers}
        self.aside = [t for t in self.beside if (t.start, t.end) in aside] if not self.missing else []
        if not (may_have_pages and solved.holds):
            self.aside = [t for row in self._led_by_words() if set(row) <= set(self.aside) for t in row]
        explained = self.pages | of_own_rows | {t.id for t in self.aside}
        self.left = [t for t in self.beside if t.id not in explained]
        crowded = [
            way
            for way, fill in zip(ways, chosen, strict=True)
            if fill is None and len(way.tokens) > len(way.row.columns)
        ]
        self.has_more = bool(self.left or crowded)

    def findings(self, cells: Mapping[str, Cell]) -> Iterator[Finding]:
        """What is to be said of them. cells: those of the record."""
        yield from self._numbers(cells)
        yield from self._too_many(cells)

    def _rows_of_its_own(self) -> list[tuple[str, list[Token]]]:
        """Lines with words that are no row's of the form, and as many numbers as the rows above have: label and numbers of each."""
        if self.section.spec.heads != "printed" or self.missing:
            return []
        ways = [way for way in self.alignment.ways if way.tokens]
        found = []
        for _, numbers in groupby(self.beside, key=lambda t: t.line):
            own = list(numbers)
            start = self.source.folded.rfind("\n", 0, own[0].start) + 1
            words = [t for t in self.tokens if start <= t.start < own[0].start and t.kind == "words"]
            label = "".join(self.source.folded[t.start : t.end] for t in words)
            above = [way for way in ways if way.tokens[-1].end <= own[0].start]
            is_row = len(words) == 1 and bool(above) and not self.source.folded[start : words[0].start].strip("| \t")
            if is_row and len(own) == len(above[-1].paths) and not label_costs(plain(label), lexicon_of(self.section)):
                found.append((label, own))
        return found

    def _led_by_words(self) -> Iterator[list[Token]]:
        """Numbers that are left, as many as the cells of the row before, right below words that are no row's of the form."""
        rows = {len(way.paths) for way in self.alignment.ways if way.tokens}
        label: Token | None = None
        for is_words, group in groupby((t for t in self.tokens if t.kind != "gap"), key=lambda t: t.kind == "words"):
            run = list(group)
            if is_words:
                label = run[-1]
            elif len(run) in rows and run[0] in self.beside and label is not None:
                words = plain(self.source.folded[label.start : label.end])
                if not label_costs(words, lexicon_of(self.section)):
                    yield run

    def _numbers(self, cells: Mapping[str, Cell]) -> Iterator[Finding]:
        used = {(c.slot.start, c.slot.end) for c in cells.values() if c.slot is not None}
        left = [t for t in self.left if (t.start, t.end) not in used]
        pages = [t for t in self.beside if t.id in self.pages]
        title = self.section.title
        for label, numbers in self.own_rows:
            shown = "、".join(t.text for t in numbers)
            yield finding("row_of_its_own", f"{title}：“{label}”一行（{shown}）不属于官方格式", self.section.path)
        if pages:
            shown = "、".join(f"“{t.text}”" for t in pages[:_SHOWN])
            yield finding("page_number", f"{title}：{shown}独占一行，各行不缺数字，是页码", self.section.path)
        if left:
            shown = "、".join(f"“{t.text}”（第 {self.source.place(t.start, t.end)[0]} 字）" for t in left[:_SHOWN])
            rest = f"等 {len(left)} 个" if len(left) > _SHOWN else ""
            yield finding("numbers_left_over", f"{title}：{shown}{rest}无法解释", self.section.path)

    def _too_many(self, cells: Mapping[str, Cell]) -> Iterator[Finding]:
        """Numbers too many in rows whose own sums say which these are."""
        for token, way in self.strays:
            if all(cells[p].is_vouched for p in way.paths if p in cells):
                at = self.source.place(token.start, token.end)[0]
                yield finding("stray_cell", f"“{way.row.label}”一行多出“{token.text}”（第 {at} 字）", way.row.path)

    @cached_property
    def missing(self) -> list[FormRow]:
        """The rows that the table should have, and has not."""
        ways = self.alignment.ways
        there = {p.rpartition(".")[0] for way in ways for p in (f"{way.row.path}.", *way.paths)}
        return [row for row in self.section.rows if row.path not in there and self.is_due(row, there)]

    def is_due(self, row: FormRow, there: set[str]) -> bool:
        """Whether a report of this form has the row. A row that the form may split is there whole or in its parts."""
        if row.parts:
            return not there.intersection(row.parts)
        whole = next((r for r in self.section.rows if row.path in r.parts), None)
        if whole is not None:
            return bool(there.intersection(whole.parts))
        return row.form is None or self.alignment.forms == {row.form}


def _is_in(token: Token, slots: Sequence[Slot]) -> bool:
    return any(s.start < token.end and token.start < s.end for s in slots)
