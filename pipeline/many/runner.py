"""Where reports are read: a runner takes the reports of a shard and gives their outcomes. It knows nothing of shards' files.

`PoolRunner` is all of it but where: reports are read by `Workers`, and a model is asked by an `Asker`. `LocalRunner` has both on
this machine, cluster.py on many.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

from ..extract import Engine
from .limits import DEADLINE_S
from .pool import Pool
from .sources import Given
from .work import Outcome, ask, ended, read_report, wants_model
from .worker import EndedError

if TYPE_CHECKING:
    from ..llm.client import Client
    from ..llm.spent import Spent

T = TypeVar("T")
A = TypeVar("A")
ByRules = Callable[[Given], Outcome]


class StoppedError(Exception):
    """The run is being stopped: the reports in hand are finished, and no other is begun."""


class PendingError(StoppedError):
    """Reports of a shard wait for answers that come later: the shard is left for another time, the others are read."""


class Runner(Protocol):
    """Reads reports. room: how many shards it has use for at once. spent: on a model so far, None where none is asked."""

    @property
    def room(self) -> int: ...

    @property
    def spent(self) -> "Spent | None": ...

    async def read(self, reports: Sequence[Given]) -> list[Outcome]:
        """Reports → their outcomes, in order. Raises EndpointError where the model cannot be used, StoppedError after `stop`."""
        ...

    def stop(self) -> None:
        """Begin no more requests; those under way are finished, as their answers are kept."""
        ...


class Workers(Protocol):
    """Processes that do one thing after the other. workers: how many things at once."""

    @property
    def workers(self) -> int: ...

    async def each(
        self, work: Callable[[A], T], things: Sequence[A], limit_s: float | None = None
    ) -> list[T | EndedError]:
        """Call a function with each thing; in order the results, and an error for a thing that ended its process or was overdue."""
        ...


class Asker(Protocol):
    """Asks a model about reports. in_hand: how many at once keep it busy. spent: so far."""

    @property
    def in_hand(self) -> int: ...

    @property
    def spent(self) -> "Spent": ...

    async def ask(self, given: Given) -> Outcome:
        """A report → its outcome. Raises EndpointError where the model cannot be used, its budget is spent, or either before."""
        ...


class PoolRunner:
    """Reads by rules in the processes of a pool, and asks a model about what they leave to it. deadline_s: for a report."""

    def __init__(
        self,
        pool: Workers,
        engine: Engine,
        asker: Asker | None,
        deadline_s: float = DEADLINE_S,
        by_rules: ByRules = read_report,
    ) -> None:
        self._pool, self._engine, self._asker, self._deadline_s = pool, engine, asker, deadline_s
        self._read = by_rules
        self._asking = asyncio.Semaphore(asker.in_hand if asker else 1)
        self._turns = asyncio.Semaphore(pool.workers)
        self._stopped = False

    @property
    def room(self) -> int:
        # A shard of which few reports go to the model is soon read, and many of them are needed to keep it busy.
        return 2 * self._pool.workers + min(self._asker.in_hand if self._asker else 0, 16)

    @property
    def spent(self) -> "Spent | None":
        return self._asker.spent if self._asker else None

    def stop(self) -> None:
        self._stopped = True

    async def read(self, reports: Sequence[Given]) -> list[Outcome]:
        outcomes = await self._by_rules(reports)
        if self._asker is None:
            return outcomes
        asked = (self._asked(given, found, self._asker) for given, found in zip(reports, outcomes, strict=True))
        # Gathered with their errors, so that what is asked already is finished, and kept.
        answered = await asyncio.gather(*asked, return_exceptions=True)
        for found in answered:
            if isinstance(found, BaseException):
                raise found
        return [found for found in answered if isinstance(found, Outcome)]

    async def _by_rules(self, reports: Sequence[Given]) -> list[Outcome]:
        async with self._turns:
            if self._stopped:
                raise StoppedError
            read = await self._pool.each(self._read, reports, self._deadline_s)
        return [
            ended(given, found, self._deadline_s) if isinstance(found, EndedError) else found
            for given, found in zip(reports, read, strict=True)
        ]

    async def _asked(self, given: Given, read: Outcome, asker: Asker) -> Outcome:
        if not wants_model(read, self._engine):
            return read
        async with self._asking:
            if self._stopped:
                raise StoppedError
            return await asker.ask(given)


class LocalRunner(PoolRunner):
    """On this machine: a pool of its processes, and one client with its limits in this one."""

    def __init__(
        self,
        pool: Pool,
        engine: Engine,
        client: "Client | None",
        deadline_s: float = DEADLINE_S,
        by_rules: ByRules = read_report,
    ) -> None:
        asker = _OneClient(pool, engine, client, deadline_s) if client else None
        super().__init__(pool, engine, asker, deadline_s, by_rules)


class _OneClient:
    def __init__(self, pool: Pool, engine: Engine, client: "Client", deadline_s: float) -> None:
        self._pool, self._engine, self._client, self._deadline_s = pool, engine, client, deadline_s
        self.in_hand = 2 * client.settings.max_in_flight

    @property
    def spent(self) -> "Spent":
        return self._client.total

    async def ask(self, given: Given) -> Outcome:
        if self._client.unusable is not None:
            raise self._client.unusable
        found = await ask(given, self._engine, self._client, self._pool, self._deadline_s)
        if self._client.unusable is not None:
            raise self._client.unusable
        return found
