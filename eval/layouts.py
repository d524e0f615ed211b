"""How the lines of a table are written: one function a layout, lines → text.

Nothing here knows what a number means. A field may hold the marks that mess.py puts around a cell; `width` leaves them out.
"""

import html
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

FIRST_MARK, LAST_MARK = "\ue000", "\uf8ff"
MARKS = re.compile(f"[{FIRST_MARK}-{LAST_MARK}]")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a table: groups and label to the left, values to the right.

    None is a field that a spanning neighbour covers, "" an empty one. wide: how many columns groups and label take.
    A "note" (page number, remark) is a line of its own in every layout; so is a "caption" where nothing draws its cell.
    """

    kind: Literal["caption", "head", "row", "note"]
    label: str | None
    values: tuple[str | None, ...] = ()
    groups: tuple[str | None, ...] = ()
    wide: int = 1
    path: str = ""

    @property
    def lead(self) -> tuple[str | None, ...]:
        """The fields before the values."""
        named = (*self.groups, self.label) if self.label is not None or self.groups else ()
        return (*named, *[None] * (self.wide - len(named)))

    @property
    def fields(self) -> tuple[str | None, ...]:
        return (*self.lead, *self.values)

    @property
    def seen(self) -> list[str]:
        """The fields that are there, without those that a neighbour covers."""
        return [f for f in self.fields if f is not None]


Table = Sequence[Line]


@dataclass(frozen=True, slots=True)
class Layout:
    """A way to write tables. level: its difficulty, 0 to 3. blanks: whether an empty cell still has its place.

    grid: whether a line of the table is one line of the text. parted: whether something stands between two cells.
    """

    about: str
    level: int
    write: Callable[[Table, Random], str]
    blanks: bool = True
    grid: bool = True
    parted: bool = True


def width(text: str) -> int:
    """Columns that a text takes on a page, two for a Chinese character, none for a mark."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in MARKS.sub("", text))


def _each(between: str, before: str = "", after: str = "") -> Callable[[Table, Random], str]:
    """A line for a line: its fields, covered ones empty, with something between, before and after them."""

    def write(table: Table, _: Random) -> str:
        return "\n".join(
            (line.label or "") if line.kind == "note" else before + between.join(f or "" for f in line.fields) + after
            for line in table
        )

    return write


def _tabs(table: Table, rng: Random) -> str:
    if rng.random() < 0.5:
        return _each("\t")(table, rng)
    return "\n".join("\t".join(line.seen) for line in table)


def _markdown(table: Table, rng: Random) -> str:
    lines = _each(" | ", "| ", " |")(table, rng).split("\n")
    columns = max((len(line.fields) for line in table if line.kind != "note"), default=1)
    return "\n".join([lines[0], "|" + " --- |" * columns, *lines[1:]])


def _html(table: Table, rng: Random) -> str:
    rows = list(_html_rows(table))
    style = rng.choice(("", ' border="1"', ' class="MsoNormalTable" cellspacing="0"'))
    return f"<table{style}><tbody>\n" + "\n".join(rows) + "\n</tbody></table>"


def _html_rows(table: Table) -> Iterator[str]:
    for at, line in enumerate(table):
        if line.kind == "note":
            yield f"</tbody></table>\n<p>{html.escape(line.label or '')}</p>\n<table><tbody>"
            continue
        above = table[at - 1].fields if at and line.kind == "head" else ()
        below = table[at + 1 :]
        heads = below[: next((n for n, other in enumerate(below) if other.kind != "head"), len(below))]
        cells = [
            f"<td{_span('rowspan', _below(below, i))}>{_escape(f)}</td>"
            if i < len(line.groups)
            else f"<td{_span('rowspan', _below(heads, i) if line.kind == 'head' else 0)}"
            f"{_span('colspan', _beside(line.fields, i, above))}>{_escape(f)}</td>"
            for i, f in enumerate(line.fields)
            if f is not None
        ]
        yield "<tr>" + "".join(cells) + "</tr>"


def _beside(fields: Sequence[str | None], at: int, above: Sequence[str | None]) -> int:
    """How many fields after one it covers: those that are covered, unless what stands above covers them."""
    covered = [f is None and (i >= len(above) or above[i] is None) for i, f in enumerate(fields)][at + 1 :]
    return covered.index(False) if False in covered else len(covered)


def _below(lines: Table, at: int) -> int:
    """How many lines below a field it covers."""
    covered = [len(line.fields) > at and line.fields[at] is None for line in lines]
    return covered.index(False) if False in covered else len(covered)


def _span(name: str, more: int) -> str:
    return f' {name}="{more + 1}"' if more else ""


def _escape(text: str) -> str:
    return html.escape(text).replace("&amp;nbsp;", "&nbsp;").replace("\n", "<br>")


def _cells(between: str, after: str = "") -> Callable[[Table, Random], str]:
    """A line for a cell."""

    def write(table: Table, _: Random) -> str:
        return between.join(field + after for line in table for field in line.seen)

    return write


def _bars_alone(table: Table, _: Random) -> str:
    return "\n".join(
        (line.label or "") if line.kind == "note" else "\n|\n".join(f or "" for f in line.seen) for line in table
    )


def _trailing(table: Table, rng: Random) -> str:
    more = " |" * rng.randint(1, 3)
    return _each(" | ", "| ", " |" + more)(table, rng)


def _aligned(table: Table, rng: Random) -> str:
    """As `pdftotext -layout`: labels padded, heads and values above each other, long labels on two lines."""
    label = max((min(width(lead), 44) for line in table if (lead := _lead(line))), default=0) + rng.randint(2, 8)
    head = max((width(f or "") for line in table if line.kind != "note" for f in line.values), default=0)
    column = max(min(head, 16), 3) + rng.randint(2, 4)
    return "\n".join(text for line in table for text in _aligned_line(line, label, column, rng))


def _lead(line: Line) -> str:
    return "" if line.kind in ("caption", "note") else "  ".join(f for f in line.lead if f)


def _aligned_line(line: Line, label: int, column: int, rng: Random) -> Iterator[str]:
    if line.kind in ("caption", "note"):
        yield " " * rng.randint(4, 30) + (line.label or "")
        return
    lead = _lead(line)
    if width(lead) > label - 2:
        half = len(lead) // 2
        yield lead[:half]
        lead = lead[half:]
        if rng.random() < 0.3:
            yield lead
            lead = ""
    yield (_padded(lead, label) + "".join(_padded(f or "", column) for f in line.values)).rstrip(" ")


def _padded(text: str, columns: int) -> str:
    return text + " " * max(columns - width(text), 2 if text else 0)


def _in_columns(table: Table, rng: Random) -> str:
    """As pdftotext without options: a cell a line; some runs of rows number by number, column by column, then their labels."""
    parts: list[str] = []
    at = 0
    while at < len(table):
        rows = [] if rng.random() < 0.6 else _alike(table[at : at + rng.choice((2, 3, 4, 5, 6, 8, 9, 10))])
        if len(rows) > 1 and len(rows) != len(rows[0].values):
            columns = zip(*(line.values for line in rows), strict=True)
            parts += ["\n".join(v or "" for v in column) for column in columns]
            parts += [line.label or "" for line in rows]
            at += len(rows)
        else:
            parts += table[at].seen
            at += 1
    return "\n\n".join(parts)


def _alike(lines: Sequence[Line]) -> list[Line]:
    """The rows at the beginning that have as many values as the first, without group labels between them."""
    rows: list[Line] = []
    for line in lines:
        if line.kind != "row" or len(line.values) < 2 or line.label is None or any(line.groups):
            break
        if rows and len(line.values) != len(rows[0].values):
            break
        rows.append(line)
    return rows


LAYOUTS = {
    "tabs": Layout("fields parted by tabs", 0, _tabs),
    "bars": Layout("| a | b |", 0, _each(" | ", "| ", " |")),
    "cells": Layout("one cell per line", 0, _cells("\n"), grid=False),
    "cells_apart": Layout("one cell per line, blank lines between", 0, _cells("\n\n"), grid=False),
    "bare_bars": Layout("a | b", 1, _each(" | ")),
    "markdown": Layout("a markdown table", 1, _markdown),
    "html": Layout("the page's HTML source", 1, _html),
    "spaces": Layout("fields parted by spaces", 1, lambda table, rng: _spaced(table, rng), blanks=False),
    "bars_alone": Layout("`|` alone on lines", 1, _bars_alone, grid=False),
    "cell_and_bar": Layout("every cell ends with ` |` on its own line", 1, _cells("\n", " |"), grid=False),
    "trailing_columns": Layout("trailing empty columns `| | |`", 1, _trailing),
    "aligned": Layout("laid out in space, as pdftotext -layout", 2, _aligned),
    "columns": Layout(
        "columns emitted one after another (pdftotext default)", 3, _in_columns, blanks=False, grid=False
    ),
    "run_together": Layout("no separators (cells run together) `规章000`", 3, _each(""), blanks=False, parted=False),
}


def _spaced(table: Table, rng: Random) -> str:
    return "\n".join(rng.choice((" ", "  ", "   ")).join(line.seen) for line in table)
