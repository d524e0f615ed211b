"""Wrong pointing answers, made from right ones: not one of them may give a record that is vouched for and is not gold.

make mutations
make mutations MUTATE="FOLDER FILE.jsonl"
"""

import json
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Literal

import click
from nianbao.eval.dataset import EXTRACTED, SAMPLES, load_dataset
from nianbao.eval.mess import make_reports
from nianbao.pipeline.errors import NianbaoError
from nianbao.pipeline.extract import REPORT
from nianbao.pipeline.llm.answer import parse
from nianbao.pipeline.llm.shown import Shown, show
from nianbao.pipeline.llm.wire import BLANK, NO_ROW, Divided, Pointing, Said, line_of, said_in, wire_rows
from nianbao.pipeline.page import Page, lay_out, with_all_text
from nianbao.pipeline.readers.pointing import point, read_pointing
from nianbao.pipeline.readers.rules import Alignments, read_by_rules
from nianbao.pipeline.readers.supplied.tie import same
from nianbao.pipeline.record.paths import cells_of
from nianbao.pipeline.record.weigh import weigh_all
from nianbao.pipeline.source.decode import from_text

from tests.tools.recorded import answer_as_recorded, left_in, load_recorded
from tests.tools.standin import Places, slots_of

Row = list[Said]
Rows = dict[str, Row]
"""What an answer says: a row's number, or that for values of no row → its cells, a whole row that is blank as so many."""

_BUSY = 60
"""Non-zero cells that a made-up report has at least."""


@dataclass(frozen=True, slots=True)
class Target:
    """A report as the rules read it, its tables as shown, its gold by path, and the perfect answer: its rows, and what comes of it."""

    name: str
    page: Page
    alignments: Alignments
    shown: Shown
    gold: Mapping[str, Any]
    right: Rows
    perfect: str
    lost: frozenset[str] = frozenset()
    """Cells that the text does not tell any more: nothing is a right value of them, too."""

    @property
    def is_vouched(self) -> bool:
        """Whether the perfect answer gives gold, vouched for."""
        return self.perfect == "harmless"


def target(
    text: str, gold: Mapping[str, Any], name: str = "target", places: Places | None = None, lost: Iterable[str] = ()
) -> Target:
    """The text of a report and what its cells hold → what its perfect answer is, and what comes of it."""
    laid_out = lay_out(from_text(text, name), REPORT)
    alignments, page = read_by_rules(laid_out, REPORT), with_all_text(laid_out, REPORT)
    shown = show(page, REPORT)
    slots = slots_of(page, alignments, shown, gold, places)
    printed = {path for path, value in gold.items() if value is not None}
    whole = {p.partition(".")[0] for p in printed} - {p.partition(".")[0] for p in printed - slots.keys()}
    answer = point(slots, shown, REPORT, left_in(page, shown, slots.values(), whole))
    return aimed(Target(name, page, alignments, shown, gold, {}, "", frozenset(lost)), answer)


def aimed(target: Target, answer: Pointing) -> Target:
    """A target with what is to be its right answer."""
    widths = {wire.number: len(wire.columns) for wire in wire_rows(REPORT)}
    right: Rows = {}
    for line in answer.rows:
        number, said = said_in(line)
        right[number] = list(said * widths[number] if said == (BLANK,) else said)
    aim = replace(target, right=right)
    return replace(aim, perfect=outcome(aim, answer.model_dump_json()))


def outcome(target: Target, raw: str) -> str:
    """A mutated answer → "caught", "harmless" (vouched for, and gold) or "silent" (a cell is vouched for that is not gold's).

    It is judged as the reader whose record it is to be, and as one beside the rules: neither may vouch for a wrong cell.
    """
    answer = parse(raw, Pointing)
    if answer is None:
        return "caught"
    beside, first = (_judged(target, answer, reader) for reader in ("rules", "model"))
    return "silent" if "silent" in (beside, first) else first


def _judged(target: Target, answer: Pointing, reader: Literal["rules", "model"]) -> str:
    pointed = read_pointing(target.page, target.shown, answer, REPORT)
    weighed = weigh_all(target.page, target.alignments, REPORT, [pointed], reader)
    cells = {path: cell for section in weighed for path, cell in section.cells.items()}
    lost = {path for path in target.lost if path not in cells or cells[path].value is None}
    wrong = {path for path, cell in cells.items() if path not in lost and not same(target.gold.get(path), cell.value)}
    if any(cells[path].is_vouched for path in wrong):
        return "silent"
    findings = [*target.page.findings, *pointed.findings, *(f for section in weighed for f in section.findings)]
    if not all(cell.is_vouched for cell in cells.values()) or any(f.severity == "error" for f in findings):
        return "caught"
    return "harmless" if _rows(cells.keys() - lost) == _rows(target.gold.keys() - lost) else "silent"


def _rows(paths: Iterable[str]) -> set[str]:
    return {path.rpartition(".")[0] for path in paths}


# --- Mutations -------------------------------------------------------------------------------------------------------


def off_by_one(rows: Rows, _: Target, rng: random.Random) -> None:
    row = rng.choice(list(rows.values()))
    at = rng.choice([i for i, c in enumerate(row) if isinstance(c, int)] or [0])
    row[at] = _moved(row[at], rng.choice([-1, 1]))


def _moved(cell: Said, step: int) -> Said:
    return cell + step if isinstance(cell, int) else cell


def run_off_by_one(rows: Rows, _: Target, rng: random.Random) -> None:
    number, step = rng.choice(list(rows)), rng.choice([-1, 1])
    rows[number] = [_moved(c, step) for c in rows[number]]


def run_cut(rows: Rows, _: Target, rng: random.Random) -> None:
    """A row loses its first or its last cell, or gains the one beyond."""
    row = rng.choice(list(rows.values()))
    at, step = rng.choice([(0, -1), (-1, 1)])
    if rng.random() < 0.5 and len(row) > 1:
        del row[at]
    else:
        row.insert(0 if at == 0 else len(row), _moved(row[at], step))


def cells_swapped(rows: Rows, _: Target, rng: random.Random) -> None:
    one, other = rng.choice(list(rows.values())), rng.choice(list(rows.values()))
    i, j = rng.randrange(len(one)), rng.randrange(len(other))
    one[i], other[j] = other[j], one[i]


def rows_swapped(rows: Rows, _: Target, rng: random.Random) -> None:
    alike = [n for n in rows if len(rows[n]) > 1]
    one, other = rng.sample(alike, 2) if len(alike) > 1 else [next(iter(rows))] * 2
    rows[one], rows[other] = rows[other], rows[one]


def rows_shifted(rows: Rows, _: Target, rng: random.Random) -> None:
    """From one row on, each row of its section is given the next one's cells, or the one before's."""
    width = rng.choice([len(row) for number, row in rows.items() if number != NO_ROW])
    long = [n for n in rows if len(rows[n]) == width and n != NO_ROW]
    first = rng.randrange(max(1, len(long) - 1))
    step = rng.choice([-1, 1])
    shifted = {long[i]: rows[long[i + step]] for i in range(first, len(long)) if 0 <= i + step < len(long)}
    rows.update({n: list(r) for n, r in shifted.items()})
    if rng.random() < 0.5:
        del rows[long[-1 if step == 1 else first]]


def columns_swapped(rows: Rows, _: Target, rng: random.Random) -> None:
    width = rng.choice([len(row) for row in rows.values()])
    i, j = rng.sample(range(width), 2) if width > 1 else (0, 0)
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


def row_at_strays(rows: Rows, _: Target, rng: random.Random) -> None:
    """A row is pointed at values that belong to no row, or, where there are none, at another row's."""
    strays = [c for c in rows.get(NO_ROW, ()) if isinstance(c, int)] or sorted(
        c for row in rows.values() for c in row if isinstance(c, int)
    )
    number = rng.choice(list(rows))
    rows[number] = [rng.choice(strays) if c != BLANK and strays else c for c in rows[number]]


def row_to_no_row(rows: Rows, _: Target, rng: random.Random) -> None:
    """The values of a row, or one of them, are said to be of none; what was of none is not."""
    number = rng.choice(list(rows))
    own = [c for c in rows[number] if isinstance(c, int)]
    if number == NO_ROW:
        del rows[number]
    elif own and rng.random() < 0.5:
        one = rng.choice(own)
        rows[NO_ROW] = [*rows.get(NO_ROW, ()), one]
        rows[number] = [BLANK if c == one else c for c in rows[number]]
    elif own:
        rows[NO_ROW] = [*rows.get(NO_ROW, ()), *own]
        del rows[number]


def row_to_blank(rows: Rows, _: Target, rng: random.Random) -> None:
    """A row is told all blank, and its values left or of none."""
    number = rng.choice(list(rows))
    if number != NO_ROW and rng.random() < 0.5:
        rows[NO_ROW] = [*rows.get(NO_ROW, ()), *(c for c in rows[number] if isinstance(c, int))]
    rows[number] = [BLANK] * len(rows[number])


def all_of_none(rows: Rows, target: Target, rng: random.Random) -> None:
    """Whatever no row is pointed at is said to be of none, and so is another row."""
    del rows[rng.choice(list(rows))]
    used = {c.id if isinstance(c, Divided) else c for row in rows.values() for c in row}
    rows[NO_ROW] = [i for i, t in enumerate(target.shown.values, 1) if i not in used and t.kind == "number"]


def border_moved(rows: Rows, target: Target, rng: random.Random) -> None:
    """Digits that are divided are divided elsewhere; where none are, a value of several is."""
    divided = [(row, i) for row in rows.values() for i, c in enumerate(row) if isinstance(c, Divided)]
    if divided:
        row, i = rng.choice(divided)
        cell = row[i]
        assert isinstance(cell, Divided)
        parts = list(cell.parts)
        at = rng.randrange(max(1, len(parts) - 1))
        both = "".join(parts[at : at + 2])
        cut = rng.randrange(1, max(2, len(both)))
        parts[at : at + 2] = [both[:cut], both[cut:]]
        row[i] = Divided(cell.id, tuple(parts))
        return
    number = rng.choice(list(rows))
    long = [
        (i, c) for i, c in enumerate(rows[number]) if isinstance(c, int) and len(target.shown.values[c - 1].text) > 1
    ]
    if long:
        i, c = rng.choice(long)
        text = target.shown.values[c - 1].text
        cut = rng.randrange(1, len(text))
        rows[number][i : i + 2] = [Divided(c, (text[:cut], text[cut:]))]


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
    row[rng.randrange(len(row))] = BLANK


def null_moved(rows: Rows, _: Target, rng: random.Random) -> None:
    """A row's blanks change places with its numbers; of a row without blanks, one is dropped and all move up."""
    row = rng.choice(list(rows.values()))
    if BLANK in row:
        rng.shuffle(row)
    else:
        row.append(row.pop(rng.randrange(len(row))))


def other_row_number(rows: Rows, _: Target, rng: random.Random) -> None:
    """A row's cells are given to a row that the report does not have, or to one by other columns."""
    absent = [w.number for w in wire_rows(REPORT) if w.number not in rows]
    number = rng.choice(list(rows))
    rows[rng.choice(absent)] = rows.pop(number)


def unknown_row(rows: Rows, _: Target, rng: random.Random) -> None:
    rows[rng.choice(["77", "x", "-1", ""])] = rows[rng.choice(list(rows))]


def garbled(rows: Rows, _: Target, rng: random.Random) -> str:
    """The text of the answer with a character lost, doubled or replaced, or its end cut off."""
    text = as_text(rows)
    at = rng.randrange(len(text))
    kept = rng.choice(["", text[at] * 2, rng.choice('0123456789-,"[]{}=|空? ')])
    return text[:at] if rng.random() < 0.1 else text[:at] + kept + text[at + 1 :]


Mutation = Callable[[Rows, Target, random.Random], str | None]
"""Changes the rows of an answer, or returns its text, changed."""
MUTATIONS: tuple[Mutation, ...] = (
    off_by_one, run_off_by_one, run_cut, cells_swapped, rows_swapped, rows_shifted, columns_swapped, groups_swapped, row_left_out,
    row_at_strays, row_to_no_row, row_to_blank, all_of_none, border_moved, all_zero, id_twice, no_such_id, cell_to_null, null_moved, other_row_number, unknown_row, garbled,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Try:
    """A mutated answer and what came of it. outcome: as `outcome` returns it."""

    kind: str
    outcome: str
    target: Target
    raw: str


def mutate(targets: Sequence[Target], count: int, seed: int) -> Iterator[Try]:
    """`count` answers that are not right, each kind in turn over the targets in turn, each judged."""
    return islice(_mutate(targets, seed), count)


def _mutate(targets: Sequence[Target], seed: int) -> Iterator[Try]:
    rng = random.Random(seed)
    while True:
        for aim in targets:
            for mutation in MUTATIONS:
                raw = _mutated(aim, mutation, rng)
                if raw != as_text(aim.right):
                    yield Try(mutation.__name__, outcome(aim, raw), aim, raw)


def _mutated(aim: Target, mutation: Mutation, rng: random.Random) -> str:
    """The text of a right answer, mutated once, or, one time in four, twice."""
    rows = {number: list(row) for number, row in aim.right.items()}
    text = None
    for _ in range(rng.choice([1, 1, 1, 2])):
        if text is None and all(rows.values()) and len(rows) > 1:
            text = mutation(rows, aim, rng)
    return as_text(rows) if text is None else text


def as_text(rows: Rows) -> str:
    """Rows → an answer's text."""
    lines = [line_of(number, row) for number, row in rows.items() if row]
    return json.dumps({"rows": lines}, ensure_ascii=False, separators=(",", ":"))


def said(rows: Rows) -> Pointing:
    """Rows → the answer."""
    return Pointing.model_validate_json(as_text(rows))


# --- Figures ---------------------------------------------------------------------------------------------------------


def made_up(count: int, seed: int, difficulty: int) -> list[Target]:
    """The first `count` made-up reports with many non-zero cells that a perfect reader would read, as the judge sees it."""
    return list(islice(_busy(seed, difficulty), count))


def _busy(seed: int, difficulty: int) -> Iterator[Target]:
    for made in make_reports(sys.maxsize, seed, difficulty):
        gold = cells_of(made.gold, REPORT)
        if not made.lost and sum(value not in (0, None) for value in gold.values()) >= _BUSY:
            aim = target(made.text, gold, made.name, made.places)
            if aim.perfect != "caught":
                yield aim


def recorded(folder: str) -> list[Target]:
    """A folder of recorded readings with gold → its texts, each with what was read there as the answer that is changed."""
    gold = {case.name: case for case in load_dataset(folder).cases}
    found = []
    for one in load_recorded(folder):
        case = gold[one.source.name]
        aim = target(case.text, case.gold.cells, case.name)
        found.append(aimed(aim, answer_as_recorded(aim.page, aim.shown, one)))
    return found


def by_tools(count: int) -> list[Target]:
    """So many texts that real tools took from made-up documents, spread over the corpus."""
    cases = load_dataset(EXTRACTED).cases if count else []
    chosen = cases[:: max(1, len(cases) // max(1, count))][:count]
    return [target(c.text, c.gold.cells, c.name, c.line.places, c.line.lost) for c in chosen]


def table(found: Iterable[tuple[str, str]]) -> str:
    """Kind and outcome of each mutated answer → a line for each kind."""
    counts = Counter(found)
    kinds = list(dict.fromkeys(kind for kind, _ in counts))
    lines = [f"{'mutation':<18}{'tried':>8}{'caught':>8}{'harmless':>10}{'silent':>8}"]
    for kind in kinds:
        own = [counts[kind, o] for o in ("caught", "harmless", "silent")]
        lines.append(f"{kind:<18}{sum(own):>8,}{own[0]:>8,}{own[1]:>10,}{own[2]:>8,}")
    sums = [sum(n for (_, o), n in counts.items() if o == outcome) for outcome in ("caught", "harmless", "silent")]
    lines.append(f"{'all':<18}{sum(sums):>8,}{sums[0]:>8,}{sums[1]:>10,}{sums[2]:>8,}")
    return "\n".join(lines)


def _perfect(targets: Sequence[Target]) -> str:
    counts = Counter(aim.perfect for aim in targets)
    told = {"harmless": "vouched for, and gold", "caught": "not vouched for", "silent": "vouched for, and not gold"}
    return "; ".join(f"{counts[outcome]} {words}" for outcome, words in told.items() if counts[outcome])


@click.command()
@click.argument("datasets", nargs=-1)
@click.option("--count", default=10_000, show_default=True, help="Mutated answers.")
@click.option("--made-up", "more", default=40, show_default=True, help="Made-up reports beside the samples.")
@click.option("--difficulty", default=0, show_default=True, type=click.IntRange(0, 3), help="Of the made-up reports.")
@click.option(
    "--readings", multiple=True, metavar="FOLDER", help="Recorded readings with gold: what was read is changed."
)
@click.option("--of-tools", default=0, show_default=True, help="Texts of real tools, spread over their corpus.")
@click.option("--seed", default=1, show_default=True)
def main(
    datasets: tuple[str, ...],
    count: int,
    more: int,
    difficulty: int,
    readings: tuple[str, ...],
    of_tools: int,
    seed: int,
) -> None:
    """Try wrong answers on the samples, on made-up reports, and on DATASETS; exit status 1 where one is silent.

    harmless: vouched for, and the record is gold. silent: a cell is vouched for that is not gold's.
    """
    try:
        cases = [case for dataset in (SAMPLES, *datasets) for case in load_dataset(dataset).cases]
        read = [aim for folder in readings for aim in recorded(folder)]
    except NianbaoError as error:
        raise click.ClickException(str(error)) from None
    targets = [*(target(c.text, c.gold.cells, c.name, c.line.places) for c in cases), *made_up(more, seed, difficulty)]
    targets += [*read, *by_tools(of_tools)]
    kinds = f"{more} of them made up, {len(read)} with a recorded reading, {of_tools} by real tools"
    print(f"{len(targets)} reports, {kinds}; their right answers: {_perfect(targets)}")
    found = list(mutate([aim for aim in targets if aim.right], count, seed))
    print(table((tried.kind, tried.outcome) for tried in found))
    silent = [tried for tried in found if tried.outcome == "silent"]
    for aim in targets:
        if aim.perfect == "silent":
            print(f"silent: {aim.name}: the right answer")
    for tried in silent:
        print(f"silent: {tried.target.name}: {tried.kind}: {tried.raw}")
    sys.exit(bool(silent) or any(aim.perfect == "silent" for aim in targets))


if __name__ == "__main__":
    main()
