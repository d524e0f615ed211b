"""Shares as text. A share is rounded down and a bound up, so that neither ever flatters: 1,999 of 2,000 is 99.9 %."""

import math

from .statistics import Interval, upper_bound
from .tally import Share

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


def silent(found: Share, digits: int = 1) -> str:
    """ "0 of 300, under 1.0 %"."""
    return f"{found.part:,} of {found.whole:,}, under {under(found, digits)}" if found.whole else NONE


def under(found: Share, digits: int = 1) -> str:
    """The upper 95 % bound of a share, in percent."""
    bound = upper_bound(found.part, found.whole)
    return NONE if bound is None else f"{up(bound, digits)} %"


def counted(count: int, noun: str) -> str:
    """ "1 report", "2,000 reports"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def down(value: float) -> str:
    """A share in percent, rounded down."""
    return f"{math.floor(round(value * 1000, 6)) / 10:.1f}"


def up(value: float, digits: int = 1) -> str:
    """A share in percent, rounded up."""
    scale = 10**digits
    return f"{math.ceil(round(value * 100 * scale, 6)) / scale:.{digits}f}"
