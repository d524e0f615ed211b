"""A model asked from the workers of a cluster: its limits shared out among them, its budget kept by all together."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

from ..errors import SettingsError
from ..extract import Engine
from ..llm.settings import Settings
from ..llm.spent import Spent
from .asking import Asking
from .limits import DEADLINE_S
from .node import ours
from .sources import Given
from .work import Outcome, ended
from .worker import DiedError

_TRIES = (False, True, True)
"""A report is asked about among others, and where the worker dies of that, twice alone, until it is given up."""
_STARTS = 3
_TOKENS_A_SHARE = 20_000
"""The least share of the tokens a minute: one that is smaller than a question could not keep to it."""


@dataclass(eq=False)
class _Worker:
    """An actor and its share. in_hand: reports that it has now. is_reserved: for one report alone."""

    settings: Settings
    node: str
    actor: Any
    spent: Spent = field(default_factory=Spent)
    in_hand: int = 0
    is_reserved: bool = False
    mending: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def room(self) -> int:
        return 2 * self.settings.max_in_flight

    @property
    def has_room(self) -> bool:
        return not self.is_reserved and self.in_hand < self.room


async def open_askers(
    ray: Any, engine: Engine, settings: Settings, nodes: Sequence[str], deadline_s: float = DEADLINE_S
) -> "Askers":
    """A worker that asks on each node, or on fewer where the limits are too small to be shared.

    Raises SettingsError where none can be started.
    """
    askers = Askers(ray, engine, shares(settings, len(nodes)), nodes, deadline_s=deadline_s)
    await askers.begin()
    return askers


def shares(settings: Settings, count: int) -> list[Settings]:
    """The settings of so many workers, or of fewer: their limits add up to those of the settings."""
    tokens = settings.tokens_per_minute
    most = (settings.max_in_flight, settings.requests_per_minute, None if tokens is None else tokens // _TOKENS_A_SHARE)
    count = max(1, min(count, *(limit for limit in most if limit is not None)))
    names = ("max_in_flight", "requests_per_minute", "tokens_per_minute")
    return [
        settings.model_copy(update={name: _part(getattr(settings, name), count, n) for name in names})
        for n in range(count)
    ]


def _progress(spent: Spent) -> tuple[int, int]:
    return spent.input_tokens + spent.output_tokens, spent.requests + spent.cached


def _part(limit: int | None, count: int, n: int) -> int | None:
    return None if limit is None else limit // count + (n < limit % count)


class Askers:
    """The workers that ask. Made by `open_askers`."""

    def __init__(
        self,
        ray: Any,
        engine: Engine,
        shares: Sequence[Settings],
        nodes: Sequence[str],
        kind: type = Asking,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self._ray, self._engine, self._deadline_s = ray, engine, deadline_s
        self._kind = ray.remote(num_cpus=0, max_restarts=0, max_task_retries=0)(kind)
        self._workers = [_Worker(s, node, self._start(s, node)) for s, node in zip(shares, nodes, strict=False)]
        self._lost = Spent()
        self._changed = asyncio.Condition()

    async def begin(self) -> None:
        await asyncio.gather(*(self._see_ready(worker) for worker in self._workers))

    @property
    def in_hand(self) -> int:
        return sum(worker.room for worker in self._workers)

    @property
    def spent(self) -> Spent:
        return sum((worker.spent for worker in self._workers), self._lost)

    async def ask(self, given: Given) -> Outcome:
        """A report → its outcome, whichever worker asks.

        Raises EndpointError where the model cannot be used, SettingsError where the cache or the cluster cannot.
        """
        for is_alone in _TRIES:
            async with self._taken(is_alone) as worker:
                actor = worker.actor
                others = sum((w.spent for w in self._workers if w is not worker), self._lost)
                try:
                    asked = await actor.ask.remote(given, others)
                except self._ray.exceptions.RayActorError:
                    await self._replace(worker, actor)
                    continue
                except self._ray.exceptions.RayError as error:
                    raise ours(error) from error
            worker.spent = max(worker.spent, asked.spent, key=_progress)  # answers may come out of turn
            if asked.trouble is not None:
                raise asked.trouble
            outcome: Outcome = asked.outcome
            return outcome
        return ended(given, DiedError(), self._deadline_s)

    @asynccontextmanager
    async def _taken(self, is_alone: bool) -> AsyncIterator[_Worker]:
        """The worker with most room; for a report alone, one that has nothing else in hand."""
        async with self._changed:
            await self._changed.wait_for(lambda: any(worker.has_room for worker in self._workers))
            worker = min((w for w in self._workers if w.has_room), key=lambda w: w.in_hand / w.room)
            if is_alone:
                worker.is_reserved = True
                await self._changed.wait_for(lambda: worker.in_hand == 0)
            worker.in_hand += 1
        try:
            yield worker
        finally:
            async with self._changed:
                worker.in_hand -= 1
                if is_alone:
                    worker.is_reserved = False
                self._changed.notify_all()

    def _start(self, settings: Settings, node: str) -> Any:
        """An actor on a node, or on another where that is lost."""
        near = self._ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(node, soft=True)
        most = 2 * settings.max_in_flight + 1
        return self._kind.options(scheduling_strategy=near, max_concurrency=most).remote(
            self._engine, settings, self._deadline_s
        )

    async def _replace(self, worker: _Worker, dead: Any) -> None:
        """Start a worker anew, once for all the reports that it had in hand."""
        async with worker.mending:
            if worker.actor is not dead:
                return
            self._ray.kill(dead)  # it may only be out of reach
            self._lost, worker.spent = self._lost + worker.spent, Spent()
            worker.actor = self._start(worker.settings, worker.node)
            await self._see_ready(worker)

    async def _see_ready(self, worker: _Worker) -> None:
        """See that a worker starts; one that does not is no fault of a report."""
        for _ in range(_STARTS):
            try:
                await worker.actor.ready.remote(version("nianbao"))
                return
            except self._ray.exceptions.RayActorError as error:
                failed: Exception = error
                worker.actor = self._start(worker.settings, worker.node)
            except self._ray.exceptions.RayError as error:
                raise ours(error) from error
        raise SettingsError("--runner ray: no worker can be started to ask a model") from failed
