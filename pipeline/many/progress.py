"""How far a run is: a bar on a terminal, else a plain line now and then, on standard error."""

import time
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bar
from rich.table import Column

from ..cli.console import say
from .ledger import Marker

if TYPE_CHECKING:
    from ..llm.spent import Spent

_SECONDS_BETWEEN_LINES = 10.0


class Progress:
    """Counts what is committed and tells of it. total: how many reports there are, None where that is not known."""

    def __init__(self, total: int | None, console: Console | None = None) -> None:
        self.total = total
        self.done = 0
        self.statuses: Counter[str] = Counter()
        self.spent: dict[str, Any] = {}
        self._console = console or Console(stderr=True)
        self._start = self._told = time.monotonic()
        self.new = 0
        self.seconds = 0.0
        """From the beginning to the last shard."""
        self._bar: Bar | None = None
        if self._console.is_terminal:
            told = TextColumn("{task.fields[line]}", table_column=Column(overflow="fold"))  # on a narrow terminal too
            self._bar = Bar(BarColumn(16), told, console=self._console, transient=True)
            self._task = self._bar.add_task("", total=total, line="starting")

    def take(self, marker: Marker, spent: "Spent | None" = None, *, is_new: bool = True) -> None:
        """A shard that is committed; new where it was read just now, and so counts for the rate."""
        self.seconds = time.monotonic() - self._start
        self.done += len(marker.entries)
        self.new += len(marker.entries) if is_new else 0
        self.statuses.update(entry.facts.status for entry in marker.entries)
        if spent is not None:
            self.spent = {"requests": spent.requests, "cached": spent.cached, "cost": spent.cost}
        if self._bar is not None:
            self._bar.update(self._task, completed=self.done, line=self.line())
        elif is_new and time.monotonic() - self._told > _SECONDS_BETWEEN_LINES:
            self._told = time.monotonic()
            say(self.line())

    def line(self) -> str:
        """Done, rate, time left, verdicts, requests and cost so far."""
        rate = self.new / max(self.seconds, 1e-9)
        parts = [f"{self.done:,}{f' of {self.total:,}' if self.total else ''} reports"]
        parts += [f"{rate:,.0f}/s"] if self.new else []
        if self.total and rate and self.done < self.total:
            parts.append(f"{_clock((self.total - self.done) / rate)} left")
        parts.append(", ".join(f"{count:,} {status}" for status, count in sorted(self.statuses.items())) or "none yet")
        if self.spent:
            told = f"{self.spent['requests']:,} requests, {self.spent['cached']:,} answers kept, {self.spent['cost']:.4f} USD"
            parts.append(told)
        return " · ".join(parts)

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            with suppress(OSError):
                self._bar.stop()


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"
