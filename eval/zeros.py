"""The all-zeros reader: answers 0 in every cell of the form that a report has, and vouches for nothing.

Most cells of these reports are 0, so it scores high on cells without having read one. A reader is only worth its lead.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from ..schemas.form import Form
from .dataset import Case
from .score import ReportScore, compare


def score_zeros(cases: Iterable[Case], form: Form) -> tuple[ReportScore, ...]:
    """What the all-zeros reader scores on each case."""
    return tuple(ReportScore(c, None, compare(c.gold.cells, dict(_zeros(c, form)), form)) for c in cases)


def _zeros(case: Case, form: Form) -> Iterator[tuple[str, Any]]:
    """0 in each cell of the report's form; where gold does not say which form it is, in each cell that gold fills."""
    for row in form.rows.values():
        for column in row.columns:
            path = row.cell(column.name)
            if case.form in ("2019", "2021"):
                here = row.form in (case.form, None) and any(c.form in (case.form, None) for c in column.labels)
            else:
                here = case.gold.cells.get(path) is not None
            if here:
                yield path, {"figure": "0", "unit": None, "yuan": None} if column.kind == "amount" else 0
