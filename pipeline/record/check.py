"""Values → checks: every identity of the form, assessed as printed."""

from collections.abc import Iterator

from ...schemas.extraction import Check, Outcome
from ...schemas.form import Form, Identity
from ..table.alignment import may_be_equal
from .copy import Values


def check(values: Values, form: Form) -> tuple[Check, ...]:
    """Each identity whose rows the report has: pass, fail, or not_assessable where a cell that it needs is null.

    A blank is a count of at least 0: where no such count makes an identity hold, it fails.
    """
    return tuple(_assessed(form, values))


def _assessed(form: Form, values: Values) -> Iterator[Check]:
    for rule in form.identities:
        left, right = rule.left, rule.right
        if rule.unless or not all(map(values.__contains__, (*left, *right))):
            subtotals = {path for path, parts in rule.unless if any(p in values for p in parts)}
            left, right = (tuple(p for p in side if p in values and p not in subtotals) for side in (left, right))
        if left and right:
            yield _assess(rule, left, right, values)


def _assess(rule: Identity, left: tuple[str, ...], right: tuple[str, ...], values: Values) -> Check:
    numbers = [values[path] for path in (*left, *right)]
    one, other = (sum(n for n in side if n is not None) for side in (numbers[: len(left)], numbers[len(left) :]))
    outcome: Outcome
    if None not in numbers:
        outcome = "pass" if one == other else "fail"
        message = f"{rule.title}：{one}＝{other}" if one == other else f"{rule.title}不成立：{one}≠{other}"
    elif may_be_equal(numbers[: len(left)], numbers[len(left) :]):
        outcome, message = "not_assessable", f"{rule.title}：有空白单元格，无法核对"
    else:
        outcome = "fail"
        message = f"{rule.title}不成立：不计空白，{one}≠{other}，空白处无论是多少都不能相等"
    sums = (None, None) if outcome == "not_assessable" else (one, other)
    return Check(id=rule.id, outcome=outcome, left=sums[0], right=sums[1], paths=(*left, *right), message=message)


def row_of(check: Check) -> str | None:
    """The row whose cells a check is over; None where they are of several."""
    rows = {path.rpartition(".")[0] for path in check.paths}
    return rows.pop() if len(rows) == 1 else None
