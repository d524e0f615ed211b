"""Runs as one HTML page that asks nothing of the network and runs no script. All that reports say is escaped.

Several runs stand side by side; what stands below them is the first one's.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import groupby, islice
from typing import TYPE_CHECKING

from ..pipeline.errors import InputError
from ..pipeline.language import spoken, told
from ..schemas.form import FormRow
from . import bars as barring
from . import plot as drawing
from .bars import bars
from .compare import paired
from .coverage import steps
from .percent import counted, percent
from .plot import plot
from .readers import beside_table
from .score import ReportScore
from .sides import sides
from .tables import Scored, tables_of, worst_first
from .tally import Share, tally_cells

if TYPE_CHECKING:
    from jinja2 import Template

_BEFORE = ("readers", "outcomes", "trust", "status", "discrepant", "evidence", "use")
_AFTER = ("coverage", "document", "tool", "layout", "variation", "difficulty", "section")


@dataclass(frozen=True, slots=True)
class Heat:
    """A cell of the heat map: how many reports have an error in it, of how many where it is compared."""

    path: str
    errors: int
    compared: int
    told: str

    @property
    def warmth(self) -> float:
        """From 0 to 1; a single error is seen already."""
        return round(0.15 + 0.85 * self.errors / self.compared, 3) if self.errors else 0.0


@dataclass(frozen=True, slots=True)
class Block:
    """Rows of a section under the same columns."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Heat, ...]], ...]


def page(runs: Sequence[Scored], reports: int) -> str:
    """Scored runs → their page; reports: how many of those with errors are shown in full.

    Raises InputError where the runs are over different gold, or two have one name.
    """
    scored = runs[0]
    wrong = worst_first(scored.scores)
    total = len(scored.scores)
    beside = _beside(runs) if len(runs) > 1 else scored.readers
    answered = {name: scores for name, scores in beside.items() if any(s.kept for s in scores)}
    return _template().render(
        run=scored.run,
        several=len(runs) > 1,
        before=[*([beside_table(beside)] if len(runs) > 1 else ()), *tables_of(scored, _BEFORE)],
        after=list(tables_of(scored, _AFTER)),
        plot=plot([(name, steps(scores)) for name, scores in answered.items()], total),
        drawing=drawing,
        bars=bars(answered),
        barring=barring,
        heat=[(section.title, list(_blocks(section.rows, scored.scores))) for section in scored.form.sections],
        wrong=len(wrong),
        total=total,
        shown=[sides(score, scored.run.answers.get(score.case.name), scored.form) for score in islice(wrong, reports)],
        label=scored.form.label,
        counted=counted,
        language=spoken() or "en",
    )


def _beside(runs: Sequence[Scored]) -> dict[str, Sequence[ReportScore]]:
    """The runs' scores by name; raises InputError as `page` does."""
    for other in runs[1:]:
        paired(runs[0], other)
    names = [scored.run.name for scored in runs]
    if len(set(names)) < len(names):
        raise InputError(f"{', '.join(names)}: two runs of one name cannot be told apart; give runs of different names")
    return {scored.run.name: scored.scores for scored in runs}


def _blocks(rows: Sequence[FormRow], scores: Sequence[ReportScore]) -> Iterator[Block]:
    for _, together in groupby(rows, key=lambda row: [column.name for column in row.columns]):
        block = list(together)
        heads = tuple(column.label_in(None) for column in block[0].columns)
        yield Block(heads, tuple((row.label, tuple(_heats(row, scores))) for row in block))


def _heats(row: FormRow, scores: Sequence[ReportScore]) -> Iterator[Heat]:
    for column in row.columns:
        path = row.cell(column.name)
        found = tally_cells(scores, (path,))
        cell = f"{row.label}·{column.label_in(None)}"
        share = f"{found.errors:,} of {found.right.whole:,} in error, {percent(Share(found.errors, found.right.whole))}"
        yield Heat(path, found.errors, found.right.whole, f"{cell}: {share}")


def _template() -> "Template":
    try:
        from jinja2 import Environment, StrictUndefined
    except ImportError as error:
        raise InputError("jinja2 is not installed, which the page needs: pip install '.[eval]'") from error
    root = files(__package__)
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.globals["told"] = told
    environment.globals["style"] = (root / "page.css").read_text(encoding="utf-8")
    return environment.from_string((root / "page.html.jinja").read_text(encoding="utf-8"))
