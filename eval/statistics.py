"""Intervals and tests, from scipy. Intervals over cells are bootstrapped over reports, as cells of one report go together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..pipeline.errors import InputError

CONFIDENCE = 0.95
RESAMPLES = 2_000
_SEED = 20190603
"""Fixed, so that the same run prints the same interval. The number means nothing."""


@dataclass(frozen=True, slots=True)
class Interval:
    """low to high, both in the units of what was measured."""

    low: float
    high: float


def wilson(hits: int, trials: int) -> Interval | None:
    """The 95 % Wilson score interval of a share; None without trials."""
    if not trials:
        return None
    found = _scipy().binomtest(hits, trials).proportion_ci(CONFIDENCE, method="wilson")
    return Interval(float(found.low), float(found.high))


def upper_bound(hits: int, trials: int) -> float | None:
    """The one-sided Clopper-Pearson upper 95 % bound of a share: 0 of 300 is under 1.0 %. None without trials."""
    if not trials:
        return None
    return float(_scipy().binomtest(hits, trials, alternative="less").proportion_ci(CONFIDENCE, method="exact").high)


def bootstrap_ratio(parts: Sequence[int], wholes: Sequence[int]) -> Interval | None:
    """The 95 % percentile interval of sum(parts) / sum(wholes) over reports drawn anew; a report gives one of each.

    None where the reports do not differ, or are fewer than two: drawing anew then says nothing.
    """
    return _bootstrap(_ratio, parts, wholes) if _differ(parts, wholes) else None


def bootstrap_difference(
    parts: Sequence[int], wholes: Sequence[int], other_parts: Sequence[int], other_wholes: Sequence[int]
) -> Interval | None:
    """The 95 % percentile interval of the other ratio minus the one, the same reports drawn anew for both.

    None where no report differs between the two, or there are fewer than two reports.
    """

    def difference(a: Any, b: Any, c: Any, d: Any, axis: int) -> Any:
        return _ratio(c, d, axis=axis) - _ratio(a, b, axis=axis)

    if list(zip(parts, wholes, strict=True)) == list(zip(other_parts, other_wholes, strict=True)):
        return None
    return _bootstrap(difference, parts, wholes, other_parts, other_wholes)


def mcnemar(only_one: int, only_other: int) -> float:
    """The two-sided p of McNemar's exact test: reports that only the one, and only the other, has right."""
    flips = only_one + only_other
    return float(_scipy().binomtest(only_one, flips, 0.5).pvalue) if flips else 1.0


def _ratio(parts: Any, wholes: Any, axis: int) -> Any:
    import numpy

    return parts.sum(axis=axis) / numpy.maximum(wholes.sum(axis=axis), 1)


def _differ(parts: Sequence[int], wholes: Sequence[int]) -> bool:
    return len({part / whole for part, whole in zip(parts, wholes, strict=True) if whole}) > 1


def _bootstrap(statistic: Callable[..., Any], *columns: Sequence[int]) -> Interval | None:
    if len(columns[0]) < 2:
        return None
    import numpy

    found = _scipy().bootstrap(
        tuple(numpy.asarray(c) for c in columns),
        statistic,
        paired=True,
        vectorized=True,
        method="percentile",
        n_resamples=RESAMPLES,
        batch=max(1, 2_000_000 // len(columns[0])),
        confidence_level=CONFIDENCE,
        rng=numpy.random.default_rng(_SEED),
    )
    return Interval(float(found.confidence_interval.low), float(found.confidence_interval.high))


def _scipy() -> Any:
    try:
        from scipy import stats
    except ImportError as error:
        raise InputError("scipy is not installed, which the figures need: pip install '.[eval]'") from error
    return stats
