"""Shares as text. A share is rounded down and a bound up, so that neither ever flatters: 1,999 of 2,000 is 99.9 %."""

import math

from .statistics import Interval, upper_bound
from .tally import Share, Tally

NONE = "–"
"""Where there is no figure."""


def share(found: Share, interval: Interval | None = None) -> str:
    """ "969 of 986, 98.2 % (97.1 to 98.9)"; the interval where there is one."""
    if not found.whole:
        return NONE
    within = f" ({down(interval.low)} to {up(interval.high)})" if interval else ""
    return f"{found.part:,} of {found.whole:,}, {percent(found)}{within}"


def percent(found: Share) -> str:
    """A share in percent."""
    return f"{down(found.part / found.whole)} %" if found.whole else NONE


def silent(found: Tally) -> str:
    """ "0 of 300, under 1.0 %"."""
    bound = upper_bound(found.silent.part, found.silent.whole)
    return NONE if bound is None else f"{found.silent.part:,} of {found.silent.whole:,}, under {up(bound)} %"


def counted(count: int, noun: str) -> str:
    """ "1 report", "2,000 reports"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def down(value: float) -> str:
    """A share in percent, rounded down."""
    return f"{math.floor(round(value * 1000, 6)) / 10:.1f}"


def up(value: float) -> str:
    """A share in percent, rounded up."""
    return f"{math.ceil(round(value * 1000, 6)) / 10:.1f}"
