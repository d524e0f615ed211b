"""Two runs over the same gold, held against each other report by report."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice

from ..pipeline.errors import InputError
from .percent import NONE, counted
from .score import ReportScore
from .statistics import Interval, bootstrap_difference, mcnemar
from .tables import Scored, Table
from .tally import right_by_report, vouched_by_report

_SHOWN = 40

PROPERTIES: Mapping[str, Callable[[ReportScore], bool]] = {
    "exact": lambda s: s.exact,
    "vouched for": lambda s: s.vouched,
    "silent error": lambda s: s.silent,
}
"""What a report may be in one run and not in the other."""

Pairs = Sequence[tuple[ReportScore, ReportScore]]


def compare_tables(one: Scored, other: Scored) -> Iterator[Table]:
    """The tables of a comparison; raises InputError where the runs are over different gold."""
    pairs = paired(one, other)
    names = (_called(one, "one"), _called(other, "other"))
    tables = (
        _reports(pairs, names),
        _cells(pairs, names),
        _flipped_reports(pairs, names),
        _flipped_cells(pairs, names),
    )
    yield from (table for table in tables if table.lines)


def paired(one: Scored, other: Scored) -> Pairs:
    """Each report's two scores; raises InputError where the runs are over different gold."""
    hashes = [scored.run.dataset.sha256 for scored in (one, other)]
    if hashes[0] != hashes[1]:
        told = " and ".join(f"{s.run.name} (gold {h[:12]})" for s, h in zip((one, other), hashes, strict=True))
        raise InputError(f"{told}: runs over different gold cannot be compared; give --gold DATASET for both")
    by_name = {s.case.name: s for s in other.scores}
    return [(s, by_name[s.case.name]) for s in one.scores]


def _called(scored: Scored, which: str) -> str:
    return f"{which}: {scored.run.name}"


def _reports(pairs: Pairs, names: tuple[str, str]) -> Table:
    lines = []
    for name, has in PROPERTIES.items():
        one, other = [[int(has(pair[side])) for pair in pairs] for side in (0, 1)]
        only_one, only_other = (sum(a > b for a, b in zip(x, y, strict=True)) for x, y in ((one, other), (other, one)))
        wholes = [1] * len(pairs)
        within = bootstrap_difference(one, wholes, other, wholes)
        gain = _gain((sum(other) - sum(one)) / len(pairs), within)
        p = f"{mcnemar(only_one, only_other):.3g}"
        lines.append((name, *(f"{n:,}" for n in (sum(one), sum(other), only_one, only_other)), gain, p))
    heads = ("reports", *names, "only one", "only other", "other minus one, points", "p (McNemar)")
    note = f"of {len(pairs):,} reports; p: McNemar's exact test on the reports that flipped; in brackets 95 %, over reports"
    return Table("reports", "Reports", heads, tuple(lines), note)


def _cells(pairs: Pairs, names: tuple[str, str]) -> Table:
    lines = []
    for name, by_report in (("compared cells right", right_by_report), ("cells vouched for", vouched_by_report)):
        one, other = (by_report([pair[side] for pair in pairs]) for side in (0, 1))
        shares = [sum(parts) / max(1, sum(wholes)) for parts, wholes in (one, other)]
        gain = _gain(shares[1] - shares[0], bootstrap_difference(*one, *other))
        lines.append((name, *(f"{sum(parts):,} of {sum(wholes):,}" for parts, wholes in (one, other)), gain))
    return Table("cells", "Cells", ("", *names, "other minus one, points"), tuple(lines))


def _gain(difference: float, within: Interval | None) -> str:
    between = f" ({within.low * 100:+.2f} to {within.high * 100:+.2f})" if within else ""
    return f"{difference * 100:+.2f}{between}" if difference or within else "0"


def _flipped_reports(pairs: Pairs, names: tuple[str, str]) -> Table:
    flipped = [
        (one.case.name, *(_become(s) for s in (one, other)))
        for one, other in pairs
        if any(has(one) != has(other) for has in PROPERTIES.values())
    ]
    return Table("flipped", "Reports that flipped", ("report", *names), tuple(flipped[:_SHOWN]), _note(len(flipped)))


def _become(score: ReportScore) -> str:
    return f"{score.status}, {'exact' if score.exact else counted(len(score.errors), 'cell') + ' in error'}"


def _flipped_cells(pairs: Pairs, names: tuple[str, str]) -> Table:
    found = (
        (one.case.name, path, *(s.cells[path].replace("_", " ") for s in (one, other)))
        for one, other in pairs
        for path in one.cells
        if one.cells[path] != other.cells[path]
    )
    shown = tuple(islice(found, _SHOWN))
    count = len(shown) + sum(1 for _ in found)
    return Table("flipped cells", "Cells that flipped", ("report", "cell", *names), shown, _note(count))


def _note(count: int) -> str:
    return f"the first {_SHOWN} of {count:,}" if count > _SHOWN else NONE if not count else f"{count:,} in all"
