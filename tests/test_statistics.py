"""The statistics against statsmodels, which is loaded where it is asked as that takes seconds, and against published values."""

from itertools import product

import numpy
import pytest
from nianbao.eval.statistics import bootstrap_difference, bootstrap_ratio, mcnemar, upper_bound, wilson

COUNTS = [(k, n) for n in (1, 2, 5, 29, 300, 2000) for k in {0, 1, n // 3, n - 1, n}]


@pytest.mark.parametrize(("hits", "trials"), COUNTS)
def test_wilson(hits: int, trials: int) -> None:
    """The interval is statsmodels' own."""
    from statsmodels.stats.proportion import proportion_confint

    low, high = proportion_confint(hits, trials, alpha=0.05, method="wilson")
    found = wilson(hits, trials)
    assert found is not None
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-9)


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"), [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611)]
)
def test_wilson_as_published(hits: int, trials: int, low: float, high: float) -> None:
    """Newcombe, Two-sided confidence intervals for the single proportion, 1998, table I, method 3."""
    found = wilson(hits, trials)
    assert found is not None
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@pytest.mark.parametrize(("hits", "trials"), COUNTS)
def test_upper_bound(hits: int, trials: int) -> None:
    """The one-sided 95 % bound is the upper end of statsmodels' two-sided 90 % Clopper-Pearson interval."""
    from statsmodels.stats.proportion import proportion_confint

    _, high = proportion_confint(hits, trials, alpha=0.1, method="beta")
    assert upper_bound(hits, trials) == pytest.approx(high, abs=1e-9)


def test_nothing_seen_in_300() -> None:
    """0 of 300 is under 1.0 %: 1 - 0.05 ** (1 / 300)."""
    assert upper_bound(0, 300) == pytest.approx(1 - 0.05 ** (1 / 300))
    assert (upper_bound(0, 0), wilson(0, 0)) == (None, None)


@pytest.mark.parametrize(("one", "other"), [*product((0, 1, 5, 40), repeat=2), (150, 86)])
def test_mcnemar(one: int, other: int) -> None:
    """The exact test is statsmodels' own; where nothing flipped, p is 1."""
    from statsmodels.stats.contingency_tables import mcnemar as reference_mcnemar

    expected = reference_mcnemar([[100, one], [other, 100]], exact=True).pvalue if one + other else 1.0
    assert mcnemar(one, other) == pytest.approx(expected)


def test_bootstrap_of_single_cells_is_the_binomial_interval() -> None:
    """With one cell a report, the interval over reports comes near the share's own standard error, times 1.96."""
    hits = [1] * 360 + [0] * 40
    found = bootstrap_ratio(hits, [1] * 400)
    assert found is not None
    half = 1.96 * (0.9 * 0.1 / 400) ** 0.5
    assert (found.low, found.high) == pytest.approx((0.9 - half, 0.9 + half), abs=0.006)


def test_bootstrap_goes_over_reports() -> None:
    """Ten bad reports of a hundred are as uncertain as ten bad cells of a hundred, however many cells each has."""
    bad = [0] * 10 + [1] * 90
    one = bootstrap_ratio(bad, [1] * 100)
    many = bootstrap_ratio([200 * b for b in bad], [200] * 100)
    assert one == many
    assert one is not None
    assert one.low < 0.86 < 0.94 < one.high


def test_bootstrap_says_nothing_where_reports_do_not_differ() -> None:
    """No interval for one report, or for reports that are all right: it would be a point, and false comfort."""
    assert bootstrap_ratio([10, 20, 30], [10, 20, 30]) is None
    assert bootstrap_ratio([0, 0, 0], [5, 0, 7]) is None
    assert bootstrap_ratio([9], [10]) is None
    assert bootstrap_difference([1, 0], [1, 1], [1, 0], [1, 1]) is None
    assert bootstrap_difference([1], [1], [0], [1]) is None


def test_bootstrap_difference_is_paired() -> None:
    """A gain of one cell in every report is certain, however much the reports differ among themselves."""
    right = list(numpy.random.default_rng(1).integers(0, 100, 50))
    found = bootstrap_difference(right, [200] * 50, [r + 1 for r in right], [200] * 50)
    assert found is not None
    assert (found.low, found.high) == pytest.approx((0.005, 0.005))
