"""What came of many records, in a few lines."""

from collections import Counter
from collections.abc import Iterator

from ...schemas.extraction import Extraction
from .read import Result

_DIFFERS = ("cell_differs", "zero_for_blank", "blank_for_zero")
_MOST_PATHS = 10


class CheckSummary:
    """Counts the records that are accepted, read again, refused, and that cannot be used; and where they differ from the texts."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.paths: Counter[str] = Counter()

    def take(self, result: Result) -> None:
        self.counts[_fate(result)] += 1
        if isinstance(result, Extraction):
            self.paths.update({f.path for f in result.findings if f.code in _DIFFERS and f.path})

    def lines(self) -> Iterator[str]:
        told = ", ".join(f"{self.counts[fate]:,} {fate}" for fate in ("accepted", "read again", "refused", "unusable"))
        yield f"{self.counts.total():,} records: {told}"
        worst = sorted(self.paths.items(), key=lambda item: (-item[1], item[0]))[:_MOST_PATHS]
        if worst:
            yield "cells that differ most: " + ", ".join(f"{path} {count:,}" for path, count in worst)


def _fate(result: Result) -> str:
    if not isinstance(result, Extraction) or result.report is None:
        return "unusable"
    codes = {found.code for found in result.findings}
    return "refused" if "record_refused" in codes else "read again" if "record_read_again" in codes else "accepted"
