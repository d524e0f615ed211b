"""Where reports are read: a runner takes the reports of a shard and gives their outcomes. It knows nothing of shards' files.

`LocalRunner` reads them on this machine; one that reads them elsewhere has the same three names.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from ..extract import Engine
from .pool import DiedError, Pool
from .sources import Given
from .work import Outcome, ask, killed, read_reports, wants_model

if TYPE_CHECKING:
    from ..client import Client, Spent

_TRIES = 2
"""So often reports are read together, and then each alone, in processes that die, until a report is given up."""


ByRules = Callable[[Sequence[Given]], list[Outcome]]


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


class LocalRunner:
    """Rules in the processes of a pool; what they leave to a model is asked in this one, through one client and its limits."""

    def __init__(self, pool: Pool, engine: Engine, client: "Client | None", by_rules: ByRules = read_reports) -> None:
        self._pool, self._engine, self._client, self._read = pool, engine, client, by_rules
        self._in_hand = 2 * client.settings.max_in_flight if client else 0
        self._asking = asyncio.Semaphore(self._in_hand or 1)
        self._turns = asyncio.Semaphore(pool.workers)
        self._stopped = False

    @property
    def room(self) -> int:
        # A shard of which few reports go to the model is soon read, and many of them are needed to keep it busy.
        return 2 * self._pool.workers + min(self._in_hand, 16)

    @property
    def spent(self) -> "Spent | None":
        return self._client.spent if self._client else None

    def stop(self) -> None:
        self._stopped = True

    async def read(self, reports: Sequence[Given]) -> list[Outcome]:
        outcomes = await self._by_rules(reports)
        if self._client is None:
            return outcomes
        asked = (self._asked(given, found, self._client) for given, found in zip(reports, outcomes, strict=True))
        # Gathered with their errors, so that what is asked already is finished, and kept.
        answered = await asyncio.gather(*asked, return_exceptions=True)
        for found in answered:
            if isinstance(found, BaseException):
                raise found
        return [found for found in answered if isinstance(found, Outcome)]

    async def _by_rules(self, reports: Sequence[Given]) -> list[Outcome]:
        for _ in range(_TRIES):
            async with self._turns:
                if self._stopped:
                    raise StoppedError
                with suppress(DiedError):
                    return await self._pool.do(self._read, reports)
        if len(reports) == 1:
            return [killed(reports[0])]
        return [outcome for given in reports for outcome in await self._by_rules([given])]

    async def _asked(self, given: Given, read: Outcome, client: "Client") -> Outcome:
        if not wants_model(read, self._engine):
            return read
        async with self._asking:
            if client.unusable is not None:
                raise client.unusable
            if self._stopped:
                raise StoppedError
            found = await ask(given, self._engine, client)
            if client.unusable is not None:
                raise client.unusable
            return found
