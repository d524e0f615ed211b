"""What a variation is, and what its modules share: picking rows, heads and labels of a draft."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Literal

from ..schemas.form import FormRow
from .draft import Draft, words_of
from .layouts import Line

Stage = Literal["figures", "cells", "tables", "prose", "text"]
STAGES: tuple[Stage, ...] = ("figures", "cells", "tables", "prose", "text")
Apply = Callable[[Draft], bool]


@dataclass(frozen=True, slots=True)
class Variation:
    """Something that is done to a report.

    row: the row of the list of variations that it stands for. level: the lowest difficulty that has it, 0 to 3. part: at most
    one variation of a part is applied to a report.
    """

    name: str
    row: str
    stage: Stage
    level: int
    part: str
    apply: Apply


Variations = dict[str, Variation]


def adding_to(table: Variations) -> Callable[[str, Stage, int, str], Callable[[Apply], Apply]]:
    """A decorator that adds a function, under its own name, to a table of variations."""

    def variation(row: str, stage: Stage, level: int, part: str) -> Callable[[Apply], Apply]:
        def add(apply: Apply) -> Apply:
            name = str(getattr(apply, "__name__", ""))
            table[name] = Variation(name, row, stage, level, part, apply)
            return apply

        return add

    return variation


def some(rng: Random, among: list[str], share: float) -> list[str]:
    """About a share of a list, at least one where it has any."""
    return sorted(rng.sample(among, min(len(among), max(1, round(len(among) * share))))) if among else []


def some_lines(rng: Random, lines: list[Line]) -> list[Line]:
    return rng.sample(lines, rng.randint(1, min(3, len(lines)))) if lines else []


def row_of(draft: Draft, line: Line) -> FormRow | None:
    return draft.form.rows.get(line.path)


def own_heads(draft: Draft) -> list[Line]:
    """The lines of heads of sub-tables that print their own."""
    return [line for line in draft.lines("head") if line.path in draft.form.rows]


def long_labels(draft: Draft, least: int) -> list[Line]:
    return [x for x in draft.labelled_rows() if len(words_of(x.label or "")) >= least]


def applicant_rows(draft: Draft) -> list[list[str]]:
    """The cells of each row of the tables with fixed heads, row by row."""
    rows = [
        r for s in draft.form.sections if s.spec.heads == "fixed" and not s.spec.side_by_side for r in draft.rows_in(s)
    ]
    return [[row.cell(name) for name in draft.columns_of(row)] for row in rows]
