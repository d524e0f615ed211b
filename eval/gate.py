"""A gate for a CI: whether a run may pass beside its baseline."""

from .compare import paired
from .percent import counted, down, percent
from .statistics import wilson
from .tables import Scored
from .tally import tally

_SHOWN = 10


def gate(run: Scored, baseline: Scored) -> list[str]:
    """Why the run may not pass; empty where it may. Raises InputError where the two are over different gold.

    Silent errors must not appear: a report that is vouched for with an error, and was not so in the baseline. Coverage
    must not fall below the baseline's 95 % Wilson interval.
    """
    return [*_new_silent_errors(run, baseline), *_lost_coverage(run, baseline)]


def _new_silent_errors(run: Scored, baseline: Scored) -> list[str]:
    new = [now.case.name for before, now in paired(baseline, run) if now.silent and not before.silent]
    if not new:
        return []
    rest = f" and {len(new) - _SHOWN:,} more" if len(new) > _SHOWN else ""
    return [
        f"silent errors in {counted(len(new), 'report')} that had none in {baseline.run.name}: {', '.join(new[:_SHOWN])}{rest}"
    ]


def _lost_coverage(run: Scored, baseline: Scored) -> list[str]:
    now, before = (tally(s.scores).vouched for s in (run, baseline))
    interval = wilson(before.part, before.whole)
    if interval is None or now.part / now.whole >= interval.low:
        return []
    return [
        f"coverage {now.part:,} of {now.whole:,} ({percent(now)}) is below {down(interval.low)} %,"
        f" the lower end of the interval of {baseline.run.name} ({before.part:,} of {before.whole:,})"
    ]
