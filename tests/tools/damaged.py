"""Damaged records, made from gold, held against the text: none may be accepted unless what comes out equals gold.

    python -m tests.tools.damaged [DATASET...] [--count 1000]

"named": of the damaged cells that the text has a place for, how many a finding names, where the record is not accepted.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import click
from nianbao.eval.dataset import SAMPLES, Case, load_dataset
from nianbao.pipeline.cli.console import write
from nianbao.pipeline.extract import REPORT
from nianbao.pipeline.readers.supplied.check_record import hear, refused
from nianbao.pipeline.readers.supplied.differences import disagreeing
from nianbao.pipeline.readers.supplied.record import Supplied, read_supplied
from nianbao.pipeline.record.paths import build_nested
from nianbao.pipeline.source.decode import Source, from_text
from nianbao.schemas.extraction import Extraction, Finding

FEWEST_CELLS = 20
"""A report with fewer cells has too little that could be damaged."""

TWICE = 0.3
"""How many records are damaged in the same way twice."""

NAMES = frozenset(("cell_differs", "zero_for_blank", "blank_for_zero", "gap_filled"))
"""The findings that name a cell, or the row of one, in which a record and what was read differ."""

Cells = dict[str, Any]
Damage = Callable[[Cells, random.Random], None]


@dataclass(frozen=True, slots=True)
class Heard:
    """What became of a damaged record. placed, named: of its damaged cells, where it was not accepted.

    outcome: "refused", "gold" (accepted, and what comes out equals gold) or "silent" (accepted, and it does not).
    """

    report: str
    kind: str
    outcome: str
    damaged: frozenset[str] = frozenset()
    placed: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()


# --- Damage ----------------------------------------------------------------------------------------------------------


def digit_changed(cells: Cells, rng: random.Random) -> None:
    path = rng.choice([p for p, value in cells.items() if value is not None])
    cells[path] = _other_digit(cells[path], rng)


def amount_scaled(cells: Cells, rng: random.Random) -> None:
    """An amount in 万元 is taken for one in 元, or the other way round."""
    paths = [p for p, value in cells.items() if isinstance(value, str | Mapping)]
    if not paths:
        return
    path = rng.choice(paths)
    if isinstance(cells[path], str):
        cells[path] = str(Decimal(cells[path]) * 10_000)
    else:
        figure, unit = cells[path]["figure"], cells[path].get("unit")
        cells[path] = {"figure": figure, "unit": "元" if unit == "万元" else "万元"}


def cells_swapped(cells: Cells, rng: random.Random) -> None:
    paths = [p for p, value in cells.items() if isinstance(value, int)]
    one = rng.choice(paths)
    other = rng.choice([p for p in paths if cells[p] != cells[one]] or [one])
    cells[one], cells[other] = cells[other], cells[one]


def rows_shifted(cells: Cells, rng: random.Random) -> None:
    """From one row on, each row is given the next one's values, or the one before's."""
    rows = _long_rows(cells)
    first, step = rng.randrange(len(rows)), rng.choice([-1, 1])
    old = dict(cells)
    for i in range(first, len(rows)):
        if 0 <= i + step < len(rows):
            for to, value in zip(rows[i], (old.get(p) for p in rows[i + step]), strict=True):
                cells[to] = value


def columns_swapped(cells: Cells, rng: random.Random) -> None:
    rows = _long_rows(cells)
    i, j = rng.sample(range(len(rows[0])), 2)
    for row in rows:
        cells[row[i]], cells[row[j]] = cells.get(row[j]), cells.get(row[i])


def zeros_for_blanks(cells: Cells, rng: random.Random) -> None:
    """Some cells that print nothing, or that the report's form has not, are given as 0."""
    blanks = [p for p, c in REPORT.columns.items() if cells.get(p) is None and c.kind != "amount"]
    for path in rng.sample(blanks, min(len(blanks), rng.choice([1, 1, 3, len(blanks)]))):
        cells[path] = 0


def blanks_for_zeros(cells: Cells, rng: random.Random) -> None:
    zeros = [p for p in cells if cells[p] == 0]
    for path in rng.sample(zeros, min(len(zeros), rng.choice([1, 1, 3, len(zeros)]))):
        cells[path] = None


def row_missing(cells: Cells, rng: random.Random) -> None:
    row = rng.choice(sorted({p.rpartition(".")[0] for p, value in cells.items() if value is not None}))
    for path in [p for p in cells if p.rpartition(".")[0] == row]:
        del cells[path]


def _long_rows(cells: Cells) -> list[list[str]]:
    """The paths of the rows with the most columns that have a value."""
    rows = [[row.cell(c.name) for c in row.columns] for row in REPORT.rows.values()]
    there = [row for row in rows if any(cells.get(p) is not None for p in row)]
    return [row for row in there if len(row) == max(map(len, there))]


def _other_digit(value: Any, rng: random.Random) -> Any:
    if isinstance(value, Mapping):
        return {**value, "figure": _other_digit(value["figure"], rng)}
    text = str(value)
    at = rng.choice([i for i, c in enumerate(text) if c.isdigit()])
    text = text[:at] + rng.choice("0123456789".replace(text[at], "")) + text[at + 1 :]
    return text if isinstance(value, str) else int(text)


DAMAGES: tuple[Damage, ...] = (
    digit_changed, amount_scaled, cells_swapped, rows_shifted, columns_swapped, zeros_for_blanks, blanks_for_zeros,
    row_missing,
)  # fmt: skip


# --- What comes of it ------------------------------------------------------------------------------------------------


def damage(case: Case, count: int, seed: int) -> Iterator[Heard]:
    """A report with gold → what becomes of `count` damaged records, each kind in turn."""
    if sum(value is not None for value in case.gold.cells.values()) < FEWEST_CELLS:
        return
    rng = random.Random(f"{seed} {case.name}")
    source, gold = from_text(case.text, case.name), _supplied(case.gold.cells)
    tried = 0
    for n in range(10 * count):
        kind, cells = DAMAGES[n % len(DAMAGES)], dict(gold.cells)
        kind(cells, rng)
        if rng.random() < TWICE:
            kind(cells, rng)
        if tried < count and any(cells.get(p) != gold.cells.get(p) for p in REPORT.columns):
            tried += 1
            yield outcome(case, source, gold, _supplied(cells), kind.__name__)


def outcome(case: Case, source: Source, gold: Supplied, damaged: Supplied, kind: str) -> Heard:
    """A damaged record → what becomes of it where nobody else reads."""
    heard = hear(source, damaged)
    if heard.accepted is not None:
        return Heard(case.name, kind, "gold" if equals(gold, heard.accepted) else "silent")
    paths = {p for p in REPORT.columns if damaged.cells.get(p) != gold.cells.get(p)}
    placed = paths & set(heard.tied.evidence)
    found = [f for f in refused(heard).findings if f.code in NAMES]
    named = {p for p in placed if any(_names(f, p) for f in found)}
    return Heard(case.name, kind, "refused", frozenset(paths), frozenset(placed), frozenset(named))


def _names(finding: Finding, path: str) -> bool:
    """Whether a finding is about a cell, about its row, or about rows of its section with this one among them."""
    row = path.rpartition(".")[0]
    return finding.path in (path, row) or (
        finding.path == path.partition(".")[0] and f"“{REPORT.rows[row].label}”" in finding.message
    )


def equals(gold: Supplied, found: Extraction) -> bool:
    """Whether each cell of an extraction is what gold says, and each that gold has not is null."""
    everywhere = Supplied({p: gold.cells.get(p) for p in REPORT.columns}, {})
    return not any(disagreeing(everywhere, found, with_nulls=True))


def is_accepted(case: Case) -> bool:
    """Whether gold itself is accepted, and comes out as gold."""
    gold = _supplied(case.gold.cells)
    accepted = hear(from_text(case.text, case.name), gold).accepted
    return accepted is not None and equals(gold, accepted)


def _supplied(cells: Mapping[str, Any]) -> Supplied:
    return read_supplied(build_nested(cells), "damaged", REPORT)


def table(name: str, heard: Iterable[tuple[str, Heard]]) -> str:
    """Group and outcome of each damaged record → a line for each group, and one for all."""
    groups: dict[str, list[Heard]] = {}
    for group, one in heard:
        groups.setdefault(group, []).append(one)
    heads = ("tried", "refused", "= gold", "silent", "damaged", "placed", "named")
    lines = [f"{name:<44}" + "".join(f"{head:>9}" for head in heads)]
    groups["all"] = [h for own in groups.values() for h in own]
    for group, own in groups.items():
        counts = Counter(h.outcome for h in own)
        cells = [sum(len(getattr(h, part)) for h in own) for part in ("damaged", "placed", "named")]
        numbers = (len(own), counts["refused"], counts["gold"], counts["silent"], *cells)
        lines.append(f"{group:<44}" + "".join(f"{n:>9,}" for n in numbers))
    return "\n".join(lines)


@click.command()
@click.argument("datasets", nargs=-1)
@click.option("--count", default=1000, show_default=True, help="Damaged records for each report.")
def main(datasets: Sequence[str], count: int) -> None:
    """Print what becomes of damaged records, over the samples and the datasets."""
    cases = [case for dataset in (SAMPLES, *datasets) for case in load_dataset(dataset).cases]
    heard = [h for case in cases for h in damage(case, count, seed=1)]
    for case in cases:
        write(f"{case.name:<44}gold {'accepted' if is_accepted(case) else 'refused'}")
    write("\n" + table("report", ((h.report, h) for h in heard)))
    write("\n" + table("damage", ((h.kind, h) for h in heard)))


if __name__ == "__main__":
    main()
