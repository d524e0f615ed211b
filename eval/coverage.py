"""Coverage against error: how much is wrong in what one takes, as one takes more and more, the surest answers first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..schemas.findings import Severity
from .score import ReportScore
from .tally import Share, tally_cells


@dataclass(frozen=True, slots=True)
class Step:
    """One more grade of answers taken: reports taken so far, and how many of them hold an error."""

    name: str
    taken: int
    wrong: int
    right_cells: Share


def steps(scores: Sequence[ReportScore]) -> list[Step]:
    """Coverage against error: what is taken, and what is wrong in it, from the surest answers down to all."""
    found: list[Step] = []
    for name, take in _GRADES:
        taken = [s for s in scores if take(s)]
        if not found or len(taken) > found[-1].taken:
            found.append(Step(name, len(taken), sum(not s.exact for s in taken), tally_cells(taken).right))
    return found


def _doubts(score: ReportScore, severity: Severity) -> int:
    return score.kept.doubts.get(severity, 0) if score.kept else 0


_GRADES: tuple[tuple[str, Callable[[ReportScore], bool]], ...] = (
    ("verified without a warning", lambda s: s.status == "verified" and not _doubts(s, "warning")),
    ("and verified with warnings", lambda s: s.status == "verified"),
    ("and discrepant", lambda s: s.vouched),
    ("and unresolved with one error", lambda s: s.answered and _doubts(s, "error") <= 1),
    ("and unresolved with up to three", lambda s: s.answered and _doubts(s, "error") <= 3),
    ("and all unresolved", lambda s: s.answered),
    ("all, without an answer too", lambda _: True),
)
