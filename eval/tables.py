"""The tables of a run, as plain text cells: `show` prints them, the page sets them."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from statistics import median

from ..schemas.form import Form
from .coverage import steps
from .percent import NONE, percent, share, silent, under
from .run import Run
from .score import FATES, OUTCOMES, ReportScore, score_reports
from .statistics import bootstrap_ratio, wilson
from .tally import (
    GROUPS,
    TOOLS,
    CellTally,
    FateTally,
    Share,
    Tally,
    broken_found,
    by_row,
    by_section,
    evidence_right,
    fates_by_section,
    grouped,
    right_by_report,
    tally,
    tally_fates,
    use,
    vouched_by_report,
)
from .zeros import score_zeros

_ERRORS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Table:
    """name: what `show --table` calls it. heads: of each column; the first column names the line. note: how to read it."""

    name: str
    title: str
    heads: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]
    note: str = ""

    def is_numeric(self, column: int) -> bool:
        """Whether a column holds figures, which are set to the right."""
        return all(line[column][:1] in (*"0123456789+-", NONE) for line in self.lines)


@dataclass(frozen=True)
class Scored:
    """A run, its reports scored, and the baselines beside it."""

    run: Run
    form: Form

    @cached_property
    def scores(self) -> tuple[ReportScore, ...]:
        return score_reports(self.run.dataset.cases, self.run.answers, self.form)

    @cached_property
    def readers(self) -> dict[str, tuple[ReportScore, ...]]:
        """The run, then the baselines: the rules where the run is not theirs, and the all-zeros reader."""
        cases = self.run.dataset.cases
        manifest = self.run.manifest
        found = {f"this run ({manifest.model or manifest.settings.engine})": self.scores}
        if manifest.settings.engine != "rules":
            found["rules"] = score_reports(cases, self.run.rules, self.form)
        return {**found, "all zeros": score_zeros(cases, self.form)}


def tables_of(scored: Scored, names: Sequence[str] = ()) -> Iterator[Table]:
    """The tables of these names (of all names, where none is given) that have a line."""
    for name, make in TABLES.items():
        if name in names or not names:
            table = make(scored)
            if table.lines:
                yield table


# --- Readers side by side --------------------------------------------------------------------------------------------


def _readers(scored: Scored) -> Table:
    columns = [_measures(scores) for scores in scored.readers.values()]
    lines = tuple((name, *(column[name] for column in columns)) for name in columns[0])
    note = (
        "compared: cells where gold or the record holds a value; non-zero: those whose gold is not 0; exact: no cell"
        " wrong, omitted or invented; reports vouched for: verified or discrepant; silent error: a cell that is vouched for and"
        " wrong, omitted or invented, whatever its report's status; of the cells vouched for, and of the reports with one, with the upper"
        " 95 % bound, over cells as if each were drawn by itself, which those of a report are not; in brackets 95 % intervals"
    )
    return Table("readers", "The run beside its baselines", ("", *scored.readers), lines, note)


def _measures(scores: Sequence[ReportScore]) -> dict[str, str]:
    found = tally(scores)
    return {
        "compared cells right": share(found.cells.right, bootstrap_ratio(*right_by_report(scores))),
        "non-zero cells right": share(
            found.cells.nonzero_right, bootstrap_ratio(*right_by_report(scores, nonzero=True))
        ),
        "reports exact": share(found.exact, wilson(found.exact.part, found.exact.whole)),
        "reports vouched for": share(found.vouched, wilson(found.vouched.part, found.vouched.whole)),
        "cells vouched for": share(found.cells_vouched, bootstrap_ratio(*vouched_by_report(scores))),
        "cells with silent errors": silent(found.silent_cells, 2),
        "reports with silent errors": silent(found.silent),
    }


def _outcomes(scored: Scored) -> Table:
    lines = []
    for name, scores in scored.readers.items():
        cells = tally(scores).cells
        lines.append((name, *(f"{cells.outcomes.get(o, 0):,}" for o in OUTCOMES)))
        lines.append(("  of non-zero cells", *(f"{cells.nonzero.get(o, 0):,}" for o in OUTCOMES[:3]), NONE, NONE))
    note = "omitted: printed, but null in the record; invented: nothing printed, but filled; correctly null is not compared"
    return Table("outcomes", "Cells by outcome", ("", *(o.replace("_", " ") for o in OUTCOMES)), tuple(lines), note)


def _trust(scored: Scored) -> Table:
    lines = []
    for name, scores in scored.readers.items():
        lines.append((name, *_by_fate(tally_fates(scores))))
        lines.append(("  of non-zero cells", *_by_fate(tally_fates(scores, lambda s: s.printed_nonzero))))
    for title, found in fates_by_section(scored.scores, scored.form).items():
        lines.append((title, *_by_fate(found)))
    heads = ("", "vouched, right", "vouched, wrong", "in doubt, right", "in doubt, wrong", "lost", "vouched", "recall")
    return Table("trust", "Cells by trust", heads, tuple(lines), _FATES_NOTE)


_FATES_NOTE = (
    "wrong: wrong, omitted or invented; vouched for and wrong is a silent error; lost: the text tells the cell's value or its place no"
    " more, and nobody vouches for it; vouched: of all these cells; recall: of the printed cells that the text still holds, how"
    " many are right, vouched for or not"
)


def _by_fate(found: FateTally) -> tuple[str, ...]:
    """Counts of each fate, what share is vouched for, and the recall."""
    return (*(f"{found.fates.get(told, 0):,}" for told in FATES), percent(found.vouched), percent(found.held))


# --- Groups of reports, groups of cells --------------------------------------------------------------------------------


def _group(name: str) -> Callable[[Scored], Table]:
    def make(scored: Scored) -> Table:
        heads = (
            name, "reports", "compared right", "non-zero right", "exact", "vouched for", "cells vouched for", "silent errors"
        )  # fmt: skip
        lines = tuple(_reports_line(n, tally(s)) for n, s in grouped(scored.scores, GROUPS[name]).items())
        return Table(name, f"By {name}", heads, lines)

    return make


def _reports_line(name: str, found: Tally) -> tuple[str, ...]:
    shares = (found.cells.right, found.cells.nonzero_right, found.exact, found.vouched, found.cells_vouched)
    return (name, f"{found.exact.whole:,}", *map(percent, shares), silent(found.silent))


def _by_tool(name: str) -> Callable[[Scored], Table]:
    def make(scored: Scored) -> Table:
        heads = (
            name, "texts", "vouched", "cells", "non-zero", "recall", "right", "wrong", "right?", "wrong?", "lost", "silent", "under",
        )  # fmt: skip
        groups = grouped(scored.scores, TOOLS[name])
        if len(groups) > 1:
            groups["all"] = [score for scores in groups.values() for score in scores]
        return Table(name, f"By {name}", heads, tuple(_tool_line(n, s) for n, s in groups.items()), _TOOLS_NOTE)

    return make


_TOOLS_NOTE = (
    "vouched: texts that are vouched for as a whole; cells, non-zero: of their cells; recall: of the printed cells that the text still"
    " holds, how many are right; right, wrong: cells that are vouched for; right?, wrong?: in doubt; lost: by the tool, and not vouched"
    " for; silent: texts with a cell that is vouched for and wrong, of those with one vouched for; under: the upper 95 % bound of that"
)


def _tool_line(name: str, scores: Sequence[ReportScore]) -> tuple[str, ...]:
    reports, cells = tally(scores), tally_fates(scores)
    nonzero = tally_fates(scores, lambda s: s.printed_nonzero)
    shares = (reports.vouched, cells.vouched, nonzero.vouched, cells.held)
    counts = (f"{cells.fates.get(told, 0):,}" for told in FATES)
    return (
        name,
        f"{len(scores):,}",
        *map(percent, shares),
        *counts,
        f"{reports.silent.part:,} of {reports.silent.whole:,}",
        under(reports.silent),
    )


def _sections(scored: Scored) -> Table:
    return _cells("section", "By section", by_section(scored.scores, scored.form).items())


def _rows(scored: Scored) -> Table:
    rows = by_row(scored.scores, scored.form)
    failing = [(f"{scored.form.label(path)} ({path})", found) for path, found in rows.items() if found.errors]
    note = f"{len(rows) - len(failing)} of {len(rows)} rows have no error and are not listed"
    return _cells("row", "By row", failing, note)


def _cells(name: str, title: str, lines: Iterable[tuple[str, CellTally]], note: str = "") -> Table:
    heads = (name, "compared right", "non-zero right", *OUTCOMES[1:4])
    return Table(name, title, heads, tuple(_cells_line(n, found) for n, found in lines), note)


def _cells_line(name: str, found: CellTally) -> tuple[str, ...]:
    errors = (f"{found.outcomes.get(o, 0):,}" for o in OUTCOMES[1:4])
    return (name, percent(found.right), percent(found.nonzero_right), *errors)


# --- What stands behind the verdicts -----------------------------------------------------------------------------------


def _coverage(scored: Scored) -> Table:
    total = len(scored.scores)
    lines = tuple(
        (s.name, percent(Share(s.taken, total)), f"{s.taken:,}", f"{s.wrong:,}", percent(s.right_cells))
        for s in steps(scored.scores)
    )
    heads = ("answers taken", "coverage", "reports", "with an error", "compared cells right")
    return Table(
        "coverage", "Accuracy at coverage", heads, lines, "from the surest answers down to all, each line more"
    )


def _discrepant(scored: Scored) -> Table:
    precision, recall = broken_found(scored.scores)
    lines = (
        ("precision: called discrepant, and broken", share(precision)),
        ("recall: broken, and called discrepant", share(recall)),
    )
    note = "broken: the report as printed, so its gold, does not add up"
    return Table(
        "discrepant", "Reports that do not add up", ("", ""), lines if recall.whole or precision.whole else (), note
    )


def _evidence(scored: Scored) -> Table:
    found = evidence_right(scored.scores)
    known = sum(s.case.line.places is not None for s in scored.scores)
    note = f"the gold of {known:,} of {len(scored.scores):,} reports names places; the others are not scored here"
    lines = ((("numbers of the record at the very place", share(found))),)
    return Table("evidence", "Evidence", ("", ""), lines, note)


def _use(scored: Scored) -> Table:
    took = use(scored.scores)
    seconds = took.seconds
    lines = [("reports asked, none of it from the cache", f"{len(seconds):,} of {len(scored.scores):,}")]
    if seconds:
        slow = seconds[min(len(seconds) - 1, math.ceil(0.95 * len(seconds)) - 1)]
        lines.append(("seconds a report, the cache off: median, 95th percentile", f"{median(seconds):.4f}, {slow:.4f}"))
        lines.append(("seconds of all these", f"{sum(seconds):,.1f}"))
    if took.calls or took.cached:
        lines.append(("requests, of them from the cache", f"{took.calls:,}, {took.cached:,}"))
        lines.append(("tokens in, out", f"{took.input_tokens:,}, {took.output_tokens:,}"))
        lines.append(("tokens in that the endpoint had read before", f"{took.cached_input_tokens:,}"))
        lines.append(("cost", took.cost or "not known"))
    return Table("use", "Requests, tokens, cost, time", ("", ""), tuple(lines))


def _wrong(scored: Scored) -> Table:
    wrong = worst_first(scored.scores)
    lines = tuple((s.case.name, s.status, f"{len(s.errors)}", _briefly(s)) for s in islice(wrong, _ERRORS_SHOWN))
    note = (
        f"the first {_ERRORS_SHOWN} of {len(wrong):,}; nianbao eval page shows more"
        if len(wrong) > _ERRORS_SHOWN
        else ""
    )
    return Table(
        "errors", "Reports with errors, silent ones first", ("report", "status", "cells", "first"), lines, note
    )


def worst_first(scores: Iterable[ReportScore]) -> list[ReportScore]:
    """The reports that are not exact: silent errors, then by how many cells are errors."""
    return sorted((s for s in scores if not s.exact), key=lambda s: (not s.silent, -len(s.errors), s.case.name))


def _briefly(score: ReportScore) -> str:
    if score.kept and score.kept.error:
        return score.kept.error.splitlines()[0][:200]
    return ", ".join(f"{path} {score.cells[path]}" for path in score.errors[:2])


TABLES: Mapping[str, Callable[[Scored], Table]] = {
    "readers": _readers,
    "outcomes": _outcomes,
    "trust": _trust,
    "status": _group("status"),
    "coverage": _coverage,
    "document": _by_tool("document"),
    "tool": _by_tool("tool"),
    "section": _sections,
    "row": _rows,
    "layout": _group("layout"),
    "variation": _group("variation"),
    "difficulty": _group("difficulty"),
    "discrepant": _discrepant,
    "evidence": _evidence,
    "use": _use,
    "errors": _wrong,
}
"""Every table, in the order they are shown."""
