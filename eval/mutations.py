"""Wrong pointing answers, made from right ones: not one of them may give another record that is vouched for.

make mutations
"""

import random
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..pipeline.copy import Values
from ..pipeline.decode import from_text
from ..pipeline.extract import REPORT
from ..pipeline.judge import weigh
from ..pipeline.page import Page, lay_out
from ..pipeline.pointing import ids_of, point, read_claims, read_pointing
from ..pipeline.tie import tie
from ..pipeline.wire import Pointing, Shown, show, wire_rows
from .dataset import SAMPLES, load_dataset

Row = list[int | None]
Rows = dict[str, Row]


@dataclass(frozen=True, slots=True)
class Target:
    """A report, its tables as shown, the answer that is right, and the cells that the right record holds."""

    page: Page
    shown: Shown
    right: Rows
    values: Values
    is_vouched: bool


def target(text: str, gold: Mapping[str, Any]) -> Target:
    """The text of a report and what its cells hold → what its perfect answer is, and what comes of it."""
    page = lay_out(from_text(text, "target"), REPORT)
    shown = show(page.tables, REPORT)
    claims = tie(page, gold, REPORT)
    answer = point(read_claims(page, claims, REPORT, "supplied"), shown, REPORT)
    right: Rows = {n: list(ids_of(run)) if isinstance(run, str) else run for n, run in answer.rows.items()}
    weighed = weigh(page, read_pointing(page, shown, answer, REPORT), REPORT)
    return Target(page, shown, right, weighed.values, not weighed.doubts)


def outcome(target: Target, rows: Mapping[str, Row]) -> str:
    """A mutated answer → "caught", "harmless" (vouched for, the same record) or "silent" (vouched for, another record)."""
    answer = Pointing(rows=dict(rows))
    case = weigh(target.page, read_pointing(target.page, target.shown, answer, REPORT), REPORT)
    if case.doubts:
        return "caught"
    return "harmless" if case.values == target.values else "silent"


# --- Mutations -------------------------------------------------------------------------------------------------------


def off_by_one(rows: Rows, _: Target, rng: random.Random) -> None:
    row = rng.choice(list(rows.values()))
    at = rng.choice([i for i, c in enumerate(row) if c is not None])
    row[at] = (row[at] or 0) + rng.choice([-1, 1])


def run_off_by_one(rows: Rows, _: Target, rng: random.Random) -> None:
    number, step = rng.choice(list(rows)), rng.choice([-1, 1])
    rows[number] = [None if c is None else c + step for c in rows[number]]


def cells_swapped(rows: Rows, _: Target, rng: random.Random) -> None:
    one, other = rng.choice(list(rows.values())), rng.choice(list(rows.values()))
    i, j = rng.randrange(len(one)), rng.randrange(len(other))
    one[i], other[j] = other[j], one[i]


def rows_swapped(rows: Rows, _: Target, rng: random.Random) -> None:
    alike = [n for n in rows if len(rows[n]) > 1]
    one, other = rng.sample(alike, 2)
    rows[one], rows[other] = rows[other], rows[one]


def rows_shifted(rows: Rows, _: Target, rng: random.Random) -> None:
    """From one row on, each row is given the next one's cells, or the one before's."""
    long = [n for n in rows if len(rows[n]) == max(map(len, rows.values()))]
    first = rng.randrange(len(long) - 1)
    step = rng.choice([-1, 1])
    shifted = {long[i]: rows[long[i + step]] for i in range(first, len(long)) if 0 <= i + step < len(long)}
    rows.update({n: list(r) for n, r in shifted.items()})
    if rng.random() < 0.5:
        del rows[long[-1 if step == 1 else first]]


def columns_swapped(rows: Rows, _: Target, rng: random.Random) -> None:
    width = max(map(len, rows.values()))
    i, j = rng.sample(range(width), 2)
    for row in rows.values():
        if len(row) == width:
            row[i], row[j] = row[j], row[i]


def groups_swapped(rows: Rows, _: Target, rng: random.Random) -> None:
    section = next(s for s in REPORT.sections if s.spec.side_by_side)
    own = [w.number for w in wire_rows(REPORT) if w.row in section.rows and w.number in rows]
    if len(own) > 1:
        one, other = rng.sample(own, 2)
        rows[one], rows[other] = rows[other], rows[one]


def row_left_out(rows: Rows, _: Target, rng: random.Random) -> None:
    del rows[rng.choice(list(rows))]


def row_at_strays(rows: Rows, target: Target, rng: random.Random) -> None:
    """A row is pointed at values that belong to no row, or, where there are none, at another row's."""
    used = {c for row in rows.values() for c in row}
    strays = [i for i in range(1, len(target.shown.values) + 1) if i not in used] or sorted(
        i for i in used if i is not None
    )
    number = rng.choice(list(rows))
    rows[number] = [rng.choice(strays) if c is not None else None for c in rows[number]]


def all_zero(rows: Rows, target: Target, rng: random.Random) -> None:
    zeros = [i for i, c in enumerate(target.shown.values, 1) if c.text == "0"] or [1]
    for number, row in rows.items():
        rows[number] = [rng.choice(zeros) for _ in row]


def id_twice(rows: Rows, _: Target, rng: random.Random) -> None:
    row, other = rng.choice(list(rows.values())), rng.choice(list(rows.values()))
    row[rng.randrange(len(row))] = other[rng.randrange(len(other))]


def no_such_id(rows: Rows, target: Target, rng: random.Random) -> None:
    row = rng.choice(list(rows.values()))
    row[rng.randrange(len(row))] = rng.choice([0, len(target.shown.values) + 1, 99999])


def cell_to_null(rows: Rows, _: Target, rng: random.Random) -> None:
    row = rng.choice(list(rows.values()))
    row[rng.randrange(len(row))] = None


def null_moved(rows: Rows, _: Target, rng: random.Random) -> None:
    """A row's blanks change places with its numbers; of a row without blanks, one is dropped and all move up."""
    row = rng.choice(list(rows.values()))
    if None in row:
        rng.shuffle(row)
    else:
        row.append(row.pop(rng.randrange(len(row))))


def other_row_number(rows: Rows, _: Target, rng: random.Random) -> None:
    """A row's cells are given to a row that the report does not have, or to one by other columns."""
    absent = [w.number for w in wire_rows(REPORT) if w.number not in rows]
    number = rng.choice(list(rows))
    rows[rng.choice(absent)] = rows.pop(number)


def unknown_row(rows: Rows, _: Target, rng: random.Random) -> None:
    rows[rng.choice(["0", "77", "x", "-1", ""])] = rows[rng.choice(list(rows))]


Mutation = Callable[[Rows, Target, random.Random], None]
MUTATIONS: tuple[Mutation, ...] = (
    off_by_one, run_off_by_one, cells_swapped, rows_swapped, rows_shifted, columns_swapped, groups_swapped,
    row_left_out, row_at_strays, all_zero, id_twice, no_such_id, cell_to_null, null_moved, other_row_number, unknown_row,
)  # fmt: skip


def mutate(targets: Sequence[Target], count: int, seed: int) -> Iterator[tuple[str, str, Target, Rows]]:
    """`count` mutated answers, each kind in turn over the targets in turn → kind, outcome, target, the answer."""
    rng = random.Random(seed)
    for n in range(count):
        mutation, aim = MUTATIONS[n % len(MUTATIONS)], targets[n // len(MUTATIONS) % len(targets)]
        rows = {number: list(row) for number, row in aim.right.items()}
        for _ in range(rng.choice([1, 1, 1, 2])):
            mutation(rows, aim, rng)
        if rows == aim.right:
            continue
        yield mutation.__name__, outcome(aim, rows), aim, rows


def table(outcomes: Iterable[tuple[str, str]]) -> str:
    """Kind and outcome of each mutated answer → a line for each kind."""
    counts = Counter(outcomes)
    kinds = list(dict.fromkeys(kind for kind, _ in counts))
    lines = [f"{'mutation':<18}{'tried':>8}{'caught':>8}{'harmless':>10}{'silent':>8}"]
    for kind in kinds:
        own = [counts[kind, o] for o in ("caught", "harmless", "silent")]
        lines.append(f"{kind:<18}{sum(own):>8}{own[0]:>8}{own[1]:>10}{own[2]:>8}")
    sums = [sum(n for (_, o), n in counts.items() if o == outcome) for outcome in ("caught", "harmless", "silent")]
    lines.append(f"{'all':<18}{sum(sums):>8}{sums[0]:>8}{sums[1]:>10}{sums[2]:>8}")
    return "\n".join(lines)


def main(datasets: Sequence[str], count: int = 10_000) -> None:
    """Print what became of `count` mutated answers over the samples and the datasets."""
    cases = [case for dataset in (SAMPLES, *datasets) for case in load_dataset(dataset).cases]
    found = list(mutate([target(case.text, case.gold.cells) for case in cases], count, seed=1))
    print(table((kind, outcome) for kind, outcome, _, _ in found))


if __name__ == "__main__":
    main(sys.argv[1:])
