"""Scores of many reports → tallies of cells and of reports, which shares and intervals are made from."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..schemas.form import Form
from .documents.tools import NAMES, RECOGNISER, reads
from .score import COMPARED, Fate, Outcome, ReportScore

Group = Callable[[ReportScore], Iterable[str]]
"""A report → the names of the groups that it belongs to."""


@dataclass(frozen=True, slots=True)
class Share:
    """`part` of `whole`."""

    part: int
    whole: int


@dataclass(frozen=True, slots=True)
class CellTally:
    """Cells by outcome, over all cells and over those whose gold is not 0."""

    outcomes: Mapping[Outcome, int]
    nonzero: Mapping[Outcome, int]

    @property
    def right(self) -> Share:
        return _right(self.outcomes)

    @property
    def nonzero_right(self) -> Share:
        return _right(self.nonzero)

    @property
    def errors(self) -> int:
        return self.right.whole - self.right.part


@dataclass(frozen=True, slots=True)
class FateTally:
    """Cells by fate. held: of the cells whose value and place the text still tells, how many are right."""

    fates: Mapping[Fate, int]
    held: Share

    @property
    def vouched(self) -> Share:
        """Of all these cells, how many are vouched for."""
        return Share(self.fates.get("vouched_right", 0) + self.fates.get("silent", 0), sum(self.fates.values()))

    @property
    def silent(self) -> Share:
        """Of those that are vouched for, how many are errors."""
        return Share(self.fates.get("silent", 0), self.vouched.part)


@dataclass(frozen=True, slots=True)
class Tally:
    """Reports by what became of them, and their cells. trusted: the cells that are vouched for, whatever their report's status.

    silent: of the reports with such a cell, how many hold an error in one.
    """

    cells: CellTally
    trusted: CellTally
    exact: Share
    vouched: Share
    silent: Share

    @property
    def silent_cells(self) -> Share:
        """Of the compared cells that are vouched for, how many are errors."""
        return Share(self.trusted.errors, self.trusted.right.whole)

    @property
    def cells_vouched(self) -> Share:
        """Of the cells that are compared, how many are vouched for."""
        return Share(self.trusted.right.whole, self.cells.right.whole)


def tally(scores: Sequence[ReportScore]) -> Tally:
    """Scores → the tally of their cells and reports."""
    return Tally(
        cells=tally_cells(scores),
        trusted=tally_trusted(scores),
        exact=Share(sum(s.exact for s in scores), len(scores)),
        vouched=Share(sum(s.vouched for s in scores), len(scores)),
        silent=Share(sum(s.silent for s in scores), sum(bool(s.trusted) for s in scores)),
    )


def tally_cells(scores: Iterable[ReportScore], paths: Iterable[str] | None = None) -> CellTally:
    """The tally of cells; paths: of these alone."""
    only = None if paths is None else tuple(paths)
    return _tally_cells((score, score.cells if only is None else only) for score in scores)


def tally_trusted(scores: Iterable[ReportScore]) -> CellTally:
    """The tally of the cells that are vouched for."""
    return _tally_cells((score, score.trusted) for score in scores)


def _tally_cells(scores: Iterable[tuple[ReportScore, Iterable[str]]]) -> CellTally:
    """Scores, and the paths of each that count → the tally of these cells."""
    outcomes: Counter[Outcome] = Counter()
    nonzero: Counter[Outcome] = Counter()
    for score, paths in scores:
        outcomes.update(score.cells[p] for p in paths)
        nonzero.update(score.cells[p] for p in score.nonzero.intersection(paths))
    return CellTally(outcomes, nonzero)


def tally_fates(scores: Iterable[ReportScore], only: Callable[[ReportScore], Iterable[str]] | None = None) -> FateTally:
    """Scores → the tally of their cells by fate; only: a report → the paths that count."""
    fates: Counter[Fate] = Counter()
    right = held = 0
    for score in scores:
        paths = frozenset(score.cells if only is None else only(score))
        fates.update(told for path, told in score.fates.items() if path in paths)
        printed = score.held & paths
        held += len(printed)
        right += sum(score.cells[path] == "correct" for path in printed)
    return FateTally(fates, Share(right, held))


def vouched_by_report(scores: Iterable[ReportScore]) -> tuple[list[int], list[int]]:
    """Of each report, how many of the cells that are compared are vouched for, and how many are compared."""
    tallies = [tally([score]).cells_vouched for score in scores]
    return [s.part for s in tallies], [s.whole for s in tallies]


def right_by_report(scores: Iterable[ReportScore], nonzero: bool = False) -> tuple[list[int], list[int]]:
    """Of each report, how many cells are right, and how many are compared; nonzero: of those whose gold is not 0 alone."""
    tallies = [tally_cells([score]) for score in scores]
    shares = [t.nonzero_right if nonzero else t.right for t in tallies]
    return [s.part for s in shares], [s.whole for s in shares]


def grouped(scores: Iterable[ReportScore], group: Group) -> dict[str, list[ReportScore]]:
    """Scores by group, the groups in order of their names; a report may be in several, or in none."""
    found: dict[str, list[ReportScore]] = {}
    for score in scores:
        for name in group(score):
            found.setdefault(name, []).append(score)
    return dict(sorted(found.items()))


GROUPS: Mapping[str, Group] = {
    "status": lambda s: [s.status],
    "layout": lambda s: [s.case.line.layout] if s.case.line.layout and s.case.line.account is None else [],
    "variation": lambda s: s.case.line.done,
    "difficulty": lambda s: [] if s.case.line.difficulty is None else [str(s.case.line.difficulty)],
}
"""The groups of reports that are tallied apart."""


def _tool(score: ReportScore) -> list[str]:
    """The tool that made the text."""
    line = score.case.line
    return [line.layout] if line.layout and line.account is not None else []


def _read_as(score: ReportScore) -> list[str]:
    """What the tool that made the text reads."""
    return [_KINDS[RECOGNISER if tool == RECOGNISER else reads(tool)] for tool in _tool(score) if tool in NAMES]


_KINDS = {"html": "web page", "docx": "DOCX", "pdf": "PDF", RECOGNISER: "pages recognised (OCR)"}
TOOLS: Mapping[str, Group] = {"tool": _tool, "document": _read_as}
"""Of texts that tools made: by tool, and by what the tool reads."""


def broken_found(scores: Sequence[ReportScore]) -> tuple[Share, Share]:
    """The precision and the recall of `discrepant`: of the reports so called, and of those that do not add up as printed."""
    called = [s for s in scores if s.status == "discrepant"]
    broken = [s for s in scores if s.case.broken]
    hits = sum(bool(s.case.broken) for s in called)
    return Share(hits, len(called)), Share(hits, len(broken))


def evidence_right(scores: Iterable[ReportScore]) -> Share:
    """Of the numbers that a record was given places for, how many stand at the very place that the dataset names.

    Only where a dataset knows the places: that a text equals a cell's does not make it the right cell.
    """
    placed = [score.kept.placed for score in scores if score.kept]
    return Share(sum(right for right, _ in placed), sum(whole for _, whole in placed))


@dataclass(frozen=True, slots=True)
class Use:
    """What the answers took. cost: None where none is known. seconds: of the answers that came from no cache."""

    calls: int
    cached: int
    input_tokens: int
    output_tokens: int
    cached_input_tokens: int
    cost: str | None
    seconds: tuple[float, ...]


def use(scores: Iterable[ReportScore]) -> Use:
    """Calls, tokens and cost of a run, and the seconds of each answer that nothing was cached for."""
    kept = [s.kept for s in scores if s.kept]
    models = [k.model for k in kept if k.model]
    costs = [m.cost for m in models if m.cost is not None]
    fresh = (k for k in kept if not (k.model and k.model.cached_calls))
    return Use(
        calls=sum(m.calls for m in models),
        cached=sum(m.cached_calls for m in models),
        input_tokens=sum(m.input_tokens for m in models),
        output_tokens=sum(m.output_tokens for m in models),
        cached_input_tokens=sum(m.cached_input_tokens for m in models),
        cost=str(sum(costs)) if costs else None,
        seconds=tuple(sorted(k.seconds for k in fresh)),
    )


def fates_by_section(scores: Sequence[ReportScore], form: Form) -> dict[str, FateTally]:
    """Tally of each section's cells by fate, by the section's title."""
    own = {s.title: frozenset(row.cell(c.name) for row in s.rows for c in row.columns) for s in form.sections}
    return {title: tally_fates(scores, lambda _, paths=paths: paths) for title, paths in own.items()}  # type: ignore[misc]


def by_section(scores: Sequence[ReportScore], form: Form) -> dict[str, CellTally]:
    """Tally of each section's cells, by the section's title."""
    return {
        section.title: tally_cells(scores, [row.cell(c.name) for row in section.rows for c in row.columns])
        for section in form.sections
    }


def by_row(scores: Sequence[ReportScore], form: Form) -> dict[str, CellTally]:
    """Tally of each row's cells, by the row's path."""
    return {path: tally_cells(scores, [row.cell(c.name) for c in row.columns]) for path, row in form.rows.items()}


def _right(outcomes: Mapping[Outcome, int]) -> Share:
    return Share(outcomes.get("correct", 0), sum(n for o, n in outcomes.items() if o in COMPARED))
