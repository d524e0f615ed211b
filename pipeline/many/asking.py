"""What asks a model on a worker of a cluster: a client of its own, with its share of the limits."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass

from ..errors import NianbaoError
from ..extract import Engine
from ..llm.client import Client, open_client
from ..llm.settings import Settings
from ..llm.spent import Spent
from .limits import DEADLINE_S
from .node import check_version
from .pool import Pool, cores
from .sources import Given
from .work import Outcome, ask


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of a report. spent: by this worker so far. trouble: why there is no outcome, None where there is one."""

    outcome: Outcome | None
    spent: Spent
    trouble: NianbaoError | None = None


class Asking:
    """An actor. settings: with the worker's share of the limits, and the whole budget."""

    def __init__(self, engine: Engine, settings: Settings, deadline_s: float = DEADLINE_S) -> None:
        self._engine, self._settings, self._deadline_s = engine, settings, deadline_s
        self._pool = Pool(cores())
        self._client: Client | None = None
        self._opening = asyncio.Lock()
        self._open = AsyncExitStack()

    async def ready(self, program: str) -> None:
        """See that it runs what the driver runs; raises SettingsError where it does not."""
        check_version(program)

    async def ask(self, given: Given, others: Spent) -> Asked:
        """A report → its outcome. others: what the other workers have spent of the budget."""
        try:
            client = await self._opened()
        except NianbaoError as error:
            return Asked(None, Spent(), error)
        for one in client.chain:
            one.others = others
        try:
            found = None
            if client.unusable is None:
                found = await ask(given, self._engine, client, self._pool, self._deadline_s)
        except NianbaoError as error:
            return Asked(None, client.total, error)
        if client.unusable is not None:
            return Asked(None, client.total, client.unusable)
        return Asked(found, client.total)

    async def _opened(self) -> Client:
        async with self._opening:
            if self._client is None:
                await self._open.enter_async_context(self._pool)
                self._client = await self._open.enter_async_context(open_client(self._settings))
                for one in self._client.chain:
                    one.by_answer = True
            return self._client
