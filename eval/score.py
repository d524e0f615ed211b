"""An answer against gold: one outcome for each cell, and what that makes of the report.

A cell is one of: `correct`; `wrong` (both hold a value, not the same); `omitted` (printed, but null in the record);
`invented` (nothing printed, but filled); `correctly_null` (null in both). The cells that are *compared* are the first four.
A report without an answer has all its printed cells omitted. An error in a cell that is vouched for is a silent one.

What became of a cell, by trust, is its *fate*: `vouched_right`; `silent` (vouched for, and an error); `doubted_right`;
`doubted_wrong`; or `lost`, where the text tells its value or its place no more, and nobody vouches for it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal, get_args

from ..pipeline.record.paths import cells_of
from ..schemas.extraction import Extraction, ModelUse
from ..schemas.findings import Severity
from ..schemas.form import Form
from .answers import Answer
from .dataset import Case

Outcome = Literal["correct", "wrong", "omitted", "invented", "correctly_null"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
COMPARED: frozenset[Outcome] = frozenset(OUTCOMES) - {"correctly_null"}
NO_ANSWER = "no answer"
VOUCHED = ("verified", "discrepant")
_ABSENT = ("row_absent",)

Fate = Literal["vouched_right", "silent", "doubted_right", "doubted_wrong", "lost"]
FATES: tuple[Fate, ...] = get_args(Fate)

Cells = Mapping[str, Any]
"""Cell path → what is printed there: int, an amount, or None. A path that is not in it is null."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of an answer beside its cells.

    status: `no answer` where there was none, and then `error` says why. doubts: how many findings of each severity.
    placed: of the numbers that were given places, how many stand where the dataset says, and how many that could be told of.
    trusted: paths of the cells that are vouched for, also of those that are vouched for as absent.
    """

    status: str
    error: str | None
    seconds: float
    doubts: Mapping[Severity, int]
    model: ModelUse | None
    placed: tuple[int, int]
    trusted: frozenset[str] = frozenset()


@dataclass(frozen=True)
class ReportScore:
    """A report's cells by outcome, in the form's order; `kept` None where the reader was never asked."""

    case: Case
    kept: Kept | None
    cells: Mapping[str, Outcome]

    @property
    def status(self) -> str:
        return self.kept.status if self.kept else NO_ANSWER

    @property
    def answered(self) -> bool:
        return self.status != NO_ANSWER

    @property
    def vouched(self) -> bool:
        """Whether the reader vouches for all of it: `verified` or `discrepant`."""
        return self.status in VOUCHED

    @property
    def trusted(self) -> frozenset[str]:
        """Paths of the cells that the reader vouches for."""
        return self.kept.trusted if self.kept else frozenset()

    @cached_property
    def errors(self) -> tuple[str, ...]:
        """Paths of the cells that are wrong, omitted or invented."""
        return tuple(p for p, outcome in self.cells.items() if outcome not in ("correct", "correctly_null"))

    @property
    def exact(self) -> bool:
        """Whether there is an answer, and no cell of it is an error."""
        return self.answered and not self.errors

    @cached_property
    def silent_cells(self) -> tuple[str, ...]:
        """Paths of the silent errors: vouched for, and yet wrong, omitted or invented."""
        return tuple(path for path in self.errors if path in self.trusted)

    @property
    def silent(self) -> bool:
        """Whether a cell of it is a silent error, whatever its status."""
        return bool(self.silent_cells)

    @cached_property
    def fates(self) -> Mapping[str, Fate]:
        """Path → fate of every cell that is compared, or that the document printed and the text lost."""
        lost = frozenset(self.case.line.lost)
        found = ((p, fate(outcome, p in self.trusted, p in lost)) for p, outcome in self.cells.items())
        return {path: told for path, told in found if told is not None}

    @property
    def held(self) -> frozenset[str]:
        """Paths that the document printed and of which the text still tells value and place."""
        printed = (path for path, value in self.case.gold.cells.items() if value is not None)
        return frozenset(printed) - frozenset(self.case.line.lost)

    @cached_property
    def printed_nonzero(self) -> frozenset[str]:
        """Paths where the document printed a number other than 0, whether or not the text still does."""
        return self.nonzero.union(path for path, printed in self.case.gold.gone.items() if is_nonzero(printed))

    @cached_property
    def nonzero(self) -> frozenset[str]:
        """Paths whose gold is a number other than 0."""
        return frozenset(p for p, printed in self.case.gold.cells.items() if is_nonzero(printed))


def score_reports(cases: Iterable[Case], answers: Mapping[str, Answer], form: Form) -> tuple[ReportScore, ...]:
    """Every case with its answer → its score; a case without an answer is scored as having none."""
    return tuple(score_report(case, answers.get(case.name), form) for case in cases)


def score_report(case: Case, answer: Answer | None, form: Form) -> ReportScore:
    """A case and its answer → the score."""
    record = answer.extraction.report if answer and answer.extraction else None
    given = cells_of(record.model_dump(), form) if record is not None else {}
    return ReportScore(case, keep(case, answer, form) if answer else None, compare(case.gold.cells, given, form))


def keep(case: Case, answer: Answer, form: Form) -> Kept:
    """An answer to a case → what is kept of it."""
    found = answer.extraction
    if found is None:
        return Kept(NO_ANSWER, answer.error, answer.seconds, {}, None, (0, 0))
    doubts = Counter(finding.severity for finding in found.findings)
    placed = _placed(found, case.line.places)
    return Kept(found.status, None, answer.seconds, doubts, found.model, placed, _trusted(found, form))


def _trusted(extraction: Extraction, form: Form) -> frozenset[str]:
    """Absent cells are vouched for where the report is, or a finding says of them that the report does not print them."""
    if extraction.status in VOUCHED:
        return frozenset(form.columns)
    absent = tuple(f"{f.path}." for f in extraction.findings if f.code in _ABSENT and f.path)
    told = {p for p in form.columns if p not in extraction.evidence and f"{p}.".startswith(absent)} if absent else set()
    doubted = {path for doubt in extraction.doubts for path in doubt.paths}
    return frozenset((told | {p for p, e in extraction.evidence.items() if e.trust == "vouched"}) - doubted)


def _placed(extraction: Extraction, places: Mapping[str, tuple[int, int]] | None) -> tuple[int, int]:
    """Blanks are not counted, as a dataset names no place for them."""
    if places is None:
        return 0, 0
    found = {p: (e.start, e.end) for p, e in extraction.evidence.items() if e.start is not None and e.basis != "blank"}
    return sum(place == places.get(path) for path, place in found.items()), len(found)


def compare(gold: Cells, given: Cells, form: Form) -> dict[str, Outcome]:
    """The outcome of every cell of the form."""
    return {path: outcome(gold.get(path), given.get(path)) for path in form.columns}


def outcome(printed: Any, given: Any) -> Outcome:
    """What gold says is printed in a cell, and what the record holds there → the outcome."""
    if printed is None:
        return "correctly_null" if given is None else "invented"
    if given is None:
        return "omitted"
    return "correct" if _same(printed, given) else "wrong"


def fate(outcome: Outcome, is_vouched: bool, is_lost: bool) -> Fate | None:
    """A cell's outcome, and whether it is vouched for and the text lost it → its fate; None where there is nothing to say."""
    if is_lost and (outcome == "correctly_null" or not is_vouched):
        return "lost"
    if outcome == "correctly_null":
        return None
    if is_vouched:
        return "vouched_right" if outcome == "correct" else "silent"
    return "doubted_right" if outcome == "correct" else "doubted_wrong"


def _same(printed: Any, given: Any) -> bool:
    """Amounts are the same in figure, unit and yuan; where gold gives yuan alone, in yuan (in figure, without a unit)."""
    if not isinstance(given, dict):
        return bool(printed == given)
    if isinstance(printed, str):
        return Decimal(printed) == Decimal(given["yuan"] or given["figure"])
    return all(_number(printed.get(k)) == _number(given[k]) for k in ("figure", "yuan")) and (
        printed.get("unit") == given["unit"]
    )


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def is_nonzero(printed: Any) -> bool:
    figure = printed["figure"] if isinstance(printed, dict) else printed
    return figure is not None and Decimal(figure) != 0
