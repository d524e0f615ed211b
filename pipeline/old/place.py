"""Where cells stand on the page: numbers under each other are of one column, as `pdftotext -layout` sets them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby
from typing import NamedTuple

from ...schemas.form import FormSection
from ..table.words import plain_label, plain_wording, shown_width
from .cut import Cell
from .fit import Candidate
from .order import sub_tables
from .reading import Choice, Draft
from .rows import read_rows

_ASKEW = 1
"""The middles of centred numbers differ by so much at most, in half characters."""
_HEAD_LINES = 8
"""The heads of one table stand on so many lines at most."""
_LONGEST_LINE = 400
_WORD = re.compile(r"\S+")

_Edges = tuple[int, int]
"""Where something begins and ends on its line, in columns of a half character."""


def read_by_place(section: FormSection, cells: Sequence[Cell], folded: str) -> Draft:
    """Rows with fewer numbers than columns, each number under those of full rows, or under the heads.

    An empty draft where there is no such row, or none with a gap that shows that the places are kept.
    """
    draft = read_rows(section, cells, folded) if not section.spec.side_by_side else Draft()
    table = _Table(section, cells, folded, draft.choices)
    draft.choices = [table.placed(choice) for choice in draft.choices]
    return draft if any(c.is_placed and _has_gap(c.candidates[0]) for c in draft.choices) else Draft()


def _has_gap(candidate: Candidate) -> bool:
    """Whether a blank stands before a number: blanks at the end alone may be a row whose numbers were moved together."""
    first = next(i for i, cell in enumerate(candidate) if cell is None)
    return any(cell is not None for cell in candidate[first:])


class _Word(NamedTuple):
    text: str
    line: int
    page: int
    edges: _Edges


@dataclass(frozen=True)
class _Table:
    section: FormSection
    cells: Sequence[Cell]
    folded: str
    choices: Sequence[Choice]

    def placed(self, choice: Choice) -> Choice:
        """A row whose numbers all stand under those of full rows, with the one candidate that this leaves."""
        if len(choice.cells) >= len(choice.paths) or not _in_one_line(choice) or not self._is_beside_words(choice):
            return choice
        columns = list(zip(*(self._full_rows(choice) or self._heads(choice)), strict=True))
        found = [_column(self._edges[cell.id], columns) for cell in choice.cells]
        if None in found or len(set(found)) < len(found):
            return choice
        at = dict(zip(found, choice.cells, strict=True))
        candidate: Candidate = tuple(at.get(i) for i in range(len(choice.paths)))
        return replace(choice, candidates=(candidate,), is_placed=True)

    def _is_beside_words(self, choice: Choice) -> bool:
        """Whether words stand on the line of the numbers, or right above or below: a label may be wrapped around them."""
        return any(abs(line - choice.cells[0].line) <= 1 for line in self._lines_of_words)

    def _full_rows(self, choice: Choice) -> list[list[_Edges]]:
        """Where the numbers of the rows stand that have all of the same columns, under the same heads on the same page."""
        full = (c for c in self.choices if len(c.cells) == len(c.paths) and _names(c) == _names(choice))
        like = (c for c in full if self._table_of(c) == self._table_of(choice))
        return [[self._edges[cell.id] for cell in c.cells] for c in like if _in_one_line(c)]

    def _table_of(self, choice: Choice) -> tuple[int, int]:
        """The sub-table and the page that a row is on: each is set by itself."""
        return self._tables[choice.cells[0].id], choice.cells[0].page

    @cached_property
    def _tables(self) -> Mapping[int, int]:
        """Cell id → its sub-table."""
        if self.section.spec.heads == "fixed":
            return dict.fromkeys((cell.id for cell in self.cells), 0)
        tables = enumerate(sub_tables(self.section, self.cells, self.folded))
        return {cell.id: i for i, table in tables for cell in table}

    def _heads(self, choice: Choice) -> list[list[_Edges]]:
        """Where the heads right above a row stand, each a word of its own; empty where one is missing."""
        row = next(row for row in self.section.rows if row.path == choice.path)
        found: list[_Word] = []
        for column in (c for name in _names(choice) for c in row.columns if c.name == name):
            wordings = {plain_label(w) for label in column.labels for w in label.wordings}
            first = choice.cells[0]
            found += [w for w in self._words if w.line < first.line and w.page == first.page and w.text in wordings][
                -1:
            ]
        lines = [w.line for w in found]
        is_whole = len(found) == len(choice.paths) and max(lines) - min(lines) <= _HEAD_LINES
        return [[w.edges for w in found]] if is_whole else []

    @cached_property
    def _edges(self) -> Mapping[int, _Edges]:
        """Cell id → its edges."""
        edges: dict[int, _Edges] = {}
        for _, line in groupby(self.cells, key=lambda c: c.line):
            at = width = 0
            for cell in line:
                at = at or self.folded.rfind("\n", 0, cell.start) + 1
                width += cell.start - at
                edges[cell.id] = (width, width + shown_width(cell.text))
                at, width = cell.end, edges[cell.id][1]
        return edges

    @cached_property
    def _lines_of_words(self) -> frozenset[int]:
        return frozenset(cell.line for cell in self.cells if cell.kind == "words")

    @cached_property
    def _words(self) -> list[_Word]:
        return [word for cell in self.cells for word in self._words_of(cell)]

    def _words_of(self, cell: Cell) -> Iterator[_Word]:
        """The words of a line that only spaces part."""
        if cell.kind == "words" and cell.fields == 1 and len(cell.text) <= _LONGEST_LINE:
            for match in _WORD.finditer(self.folded, cell.start, cell.end):
                start = self._edges[cell.id][0] + shown_width(cell.text[: match.start() - cell.start])
                width = shown_width(cell.text[match.start() - cell.start : match.end() - cell.start])
                yield _Word(plain_wording(match.group()), cell.line, cell.page, (start, start + width))


def _names(choice: Choice) -> list[str]:
    return [path.rpartition(".")[2] for path in choice.paths]


def _in_one_line(choice: Choice) -> bool:
    """Whether a row's cells are numbers on one line that only spaces part."""
    return len({c.line for c in choice.cells}) == 1 and all(c.fields == 1 and c.kind == "number" for c in choice.cells)


def _column(own: _Edges, columns: Sequence[Sequence[_Edges]]) -> int | None:
    """The column that a number stands in: it meets no other, and lies to its left, its right or its middle."""
    met = [i for i, column in enumerate(columns) if any(_meet(own, other) for other in column)]
    return met[0] if len(met) == 1 and any(_is_under(own, other) for other in columns[met[0]]) else None


def _meet(one: _Edges, other: _Edges) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _is_under(one: _Edges, other: _Edges) -> bool:
    return one[0] == other[0] or one[1] == other[1] or abs(sum(one) - sum(other)) <= 2 * _ASKEW
