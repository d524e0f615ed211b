"""How pages are printed: the ways in which real extractions write the tables of these reports."""

import html
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from .tables import DISCLOSURE, Block, Cell, Page, Table

Line = list[Cell | None]
"""A row of a table, a cell a column; None where a neighbour covers the place, or nothing stands there."""


@dataclass(frozen=True, slots=True)
class Layout:
    """A way to print a page; `write` writes a table, `between` stands between tables, titles and prose.

    blanks: an empty cell leaves its place behind. lines: a row is a line (or more) of its own, so that a page breaks
    between rows only. fixed: every column keeps its place on the page. parted: something stands between two cells; spaces:
    nothing but spaces. torn: labels and numbers stand apart. by_columns: what follows a number is the number below it. order_free: nothing says whether the numbers of section 二
    run by rows or by columns.
    """

    about: str
    write: Callable[[Table], str]
    between: str = "\n"
    blanks: bool = False
    lines: bool = False
    fixed: bool = False
    parted: bool = True
    spaces: bool = False
    torn: bool = False
    by_columns: bool = False
    order_free: bool = False

    def print(self, page: Page) -> str:
        """The page as text: title, prose, the tables' titles and the tables."""
        if self.write is _html:
            return "<html><body>\n" + "\n".join(_html_block(b) for b in page.blocks) + "\n</body></html>\n"
        return self.between.join(b if isinstance(b, str) else self.write(b) for b in page.blocks) + "\n"


def lines(table: Table) -> Iterator[Line]:
    """The rows of a table, each as far as its cells reach."""
    for at in range(table.height):
        cells = {c.column: c for c in table.row(at)}
        end = max((c.end for c in table.cells if c.row <= at < c.row + c.rows), default=0)
        yield [cells.get(column) for column in range(end)]


def note_in(line: Line) -> Cell | None:
    """The note (a page's number, a remark) that a line holds and nothing else."""
    cells = [c for c in line if c]
    return cells[0] if len(cells) == 1 and cells[0].part == "note" else None


def _each(between: str, before: str = "", after: str = "") -> Callable[[Table], str]:
    """A line for a row, something between its fields; a covered place is an empty field."""

    def write(table: Table) -> str:
        return "\n".join(
            note.text if (note := note_in(line)) else before + between.join(c.text if c else "" for c in line) + after
            for line in lines(table)
        )

    return write


def _markdown(table: Table) -> str:
    first, *rest = _each(" | ", "| ", " |")(table).split("\n")
    return "\n".join([first, "|" + " --- |" * table.width, *rest])


def _html(table: Table) -> str:
    rows = ("".join(f"<td{_spans(c)}>{html.escape(c.text)}</td>" for c in table.row(at)) for at in range(table.height))
    return "<table>\n" + "\n".join(f"<tr>{row}</tr>" for row in rows) + "\n</table>"


def _html_block(block: Block) -> str:
    return f"<p>{html.escape(block)}</p>" if isinstance(block, str) else _html(block)


def _spans(cell: Cell) -> str:
    return "".join(f' {name}="{n}"' for name, n in (("rowspan", cell.rows), ("colspan", cell.columns)) if n > 1)


def _cells(between: str) -> Callable[[Table], str]:
    """The cells in order; a blank leaves nothing."""
    return lambda table: between.join(c.text for c in table.in_order() if c.text)


def _words(table: Table) -> str:
    return "\n".join(text for line in lines(table) if (text := " ".join(c.text for c in line if c and c.text)))


def _bars_alone(table: Table) -> str:
    return "\n".join("\n|\n".join(c.text for c in line if c) for line in lines(table) if any(line))


def width(text: str) -> int:
    """Columns that a text takes on a page: two for a Chinese character."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _set_in_space(table: Table) -> str:
    """As `pdftotext -layout`: labels from the left, heads and values in the middle of their columns."""
    wide = [4] * table.width
    for cell in sorted(table.cells, key=lambda c: c.columns):
        if cell.part != "note":
            lack = width(cell.text) + 2 - sum(wide[cell.column : cell.end])
            wide[cell.end - 1] += max(lack, 0)
    left = [sum(wide[:i]) for i in range(table.width + 1)]
    return "\n".join(_set(line, left) for line in lines(table))


def _set(line: Line, left: list[int]) -> str:
    text = ""
    for cell in line:
        if cell and cell.text:
            room = left[min(cell.end, len(left) - 1)] - left[cell.column] - width(cell.text)
            into = 0 if cell.part in ("label", "group", "note") else max(room // 2, 0)
            text += " " * max(left[cell.column] + into - width(text), 2 if text else 0) + cell.text
    return text


def parts(table: Table) -> Iterator[Table]:
    """The sub-tables of a table, each from its caption to the next."""
    starts = [0, *(c.row for c in table.cells if c.part == "caption" and c.row), table.height]
    for first, last in pairwise(sorted(starts)):
        yield Table(table.section, tuple(c for c in table.cells if first <= c.row < last))


def _torn(by_columns: bool, heads_on_top: bool = False) -> Callable[[Table], str]:
    """A cell a line: heads, then labels, then the numbers alone; or labels, then column by column with its head on top."""

    def write(table: Table) -> str:
        order: list[Cell] = []
        for part in parts(table):
            cells = [c for c in part.in_order() if c.part != "note"]
            left = min((c.column for c in cells if c.part == "value"), default=0)
            top = [
                c for c in cells if c.part == "caption" or (c.part == "head" and (c.column < left or not heads_on_top))
            ]
            stub = [c for c in cells if c.part in ("group", "label")]
            numbers = [c for c in cells if c not in top and c not in stub]
            order += [*top, *stub, *(sorted(numbers, key=lambda c: (c.column, c.row)) if by_columns else numbers)]
        notes = {c.id: c for c in table.cells if c.part == "note"}
        texts = (x.text for c in order for x in (c, notes.get(f"more {c.id}")) if x and x.text)
        return "\n".join(texts)

    return write


LAYOUTS = {
    "tabs": Layout("fields parted by tabs", _each("\t"), blanks=True, lines=True),
    "bars": Layout("| a | b |", _each(" | ", "| ", " |"), blanks=True, lines=True),
    "markdown": Layout("a Markdown table", _markdown, blanks=True, lines=True),
    "html": Layout("HTML with rowspan and colspan", _html, blanks=True, lines=True),
    "space": Layout(
        "set in space, as pdftotext -layout", _set_in_space, blanks=True, lines=True, fixed=True, spaces=True
    ),
    "bars_alone": Layout("`|` alone on lines", _bars_alone, blanks=True, lines=True),
    "words": Layout("a row a line, parted by single spaces", _words, lines=True, spaces=True),
    "cells": Layout("one cell a line", _cells("\n")),
    "cells_apart": Layout("one cell a line, blank lines between", _cells("\n\n"), between="\n\n"),
    "one_line": Layout("the whole page on one line, parted by single spaces", _cells(" "), between=" ", spaces=True),
    "glued": Layout("the whole page on one line, nothing between cells", _cells(""), between="", parted=False),
    "torn_rows": Layout("heads, labels, then the numbers row by row", _torn(by_columns=False), torn=True),
    "torn_columns": Layout(
        "labels, then column by column under its head",
        _torn(by_columns=True, heads_on_top=True),
        torn=True,
        by_columns=True,
    ),
    "torn_numbers": Layout(
        "heads, labels, then the numbers column by column",
        _torn(by_columns=True),
        torn=True,
        by_columns=True,
        order_free=True,
    ),
}


def order_free(page: Page) -> set[str]:
    """The cells of section 二's sub-tables of several rows and columns: there numbers alone could run either way."""
    table = page.tables[DISCLOSURE]
    values = [[c for c in part.cells if c.part == "value"] for part in parts(table)]
    return {c.id for v in values if len({c.row for c in v}) > 1 and len({c.column for c in v}) > 1 for c in v}
