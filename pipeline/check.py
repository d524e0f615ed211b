"""Values → checks: every identity of the form, assessed as printed."""

from collections.abc import Iterator

from ..schemas.extraction import Check
from ..schemas.form import Form, Identity
from .copy import Values


def check(values: Values, form: Form) -> tuple[Check, ...]:
    """Each identity whose rows the report has: pass, fail, or not_assessable where a cell that it needs is null."""
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
    paths = (*left, *right)
    if any(values[p] is None for p in paths):
        return Check(
            id=rule.id,
            outcome="not_assessable",
            left=None,
            right=None,
            paths=paths,
            message=f"{rule.title}：有空格，无法核对",
        )
    sums = [sum(values[p] for p in side) for side in (left, right)]
    holds = sums[0] == sums[1]
    return Check(
        id=rule.id,
        outcome="pass" if holds else "fail",
        left=sums[0],
        right=sums[1],
        paths=paths,
        message=f"{rule.title}：{sums[0]}＝{sums[1]}" if holds else f"{rule.title}不成立：{sums[0]}≠{sums[1]}",
    )
