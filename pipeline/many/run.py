"""The run: shards are cut, read wherever the runner reads them, and committed as they come."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..errors import NianbaoError
from .ledger import Ledger
from .progress import Progress
from .runner import PendingError, Runner, StoppedError
from .shards import Committed, Shard
from .work import Outcome, renamed


@dataclass
class Run:
    """A run under way. `stop` lets it finish the reports in hand."""

    ledger: Ledger
    runner: Runner
    progress: Progress
    is_stopped: bool = False
    pending: set[int] = field(default_factory=set)
    """Numbers of the shards that wait for answers."""
    _under_way: dict[int, asyncio.Task[None]] = field(default_factory=dict)
    _trouble: BaseException | None = None

    def stop(self) -> None:
        self.is_stopped = True
        self.runner.stop()

    async def go(self, shards: Iterator[Shard | Committed]) -> bool:
        """Read and commit the shards that are not yet there; whether all are there now.

        Raises NianbaoError where the model cannot be used or the folder not be written; what is committed is kept.
        """
        try:
            cut = reports = 0
            while (shard := await self._next(shards)) is not None:
                cut += 1
                if isinstance(shard, Committed):
                    reports += len(shard.marker.entries)
                    self.progress.take(shard.marker, is_new=False)
                else:
                    reports += len(shard.reports)
                    self._under_way[shard.number] = asyncio.create_task(self._do(shard))
        except asyncio.CancelledError:
            for task in self._under_way.values():
                task.cancel()
            self._under_way.clear()
            raise
        finally:
            await self._settle(0)
        if self._trouble is not None:
            raise self._trouble
        if self.is_stopped or self.pending:
            return False
        self.ledger.finish(cut, reports)
        return True

    async def _next(self, shards: Iterator[Shard | Committed]) -> Shard | Committed | None:
        await self._settle(self.runner.room - 1)
        if self.is_stopped or self._trouble is not None:
            return None
        return await asyncio.to_thread(next, shards, None)

    async def _settle(self, left: int) -> None:
        """Wait until no more than so many shards are under way; the first error among them stops the run."""
        while len(self._under_way) > left:
            done, _ = await asyncio.wait(self._under_way.values(), return_when=asyncio.FIRST_COMPLETED)
            for number, task in list(self._under_way.items()):
                if task in done:
                    del self._under_way[number]
                    self._note(number, task.exception())

    def _note(self, number: int, error: BaseException | None) -> None:
        if isinstance(error, PendingError):
            self.pending.add(number)
        if error is None or isinstance(error, StoppedError):
            return
        self._trouble = self._trouble or error
        self.runner.stop()

    async def _do(self, shard: Shard) -> None:
        read = iter(await self.runner.read(shard.unread) if shard.unread else [])
        outcomes: list[Outcome] = []
        for place, given in enumerate(shard.reports):
            if place in shard.same:
                number, at = shard.same[place]
                first = outcomes[at] if number == shard.number else await self._elsewhere(number, at)
                outcomes.append(await asyncio.to_thread(renamed, first, given.name))
            else:
                outcomes.append(next(read))
        marker = await asyncio.to_thread(self.ledger.commit, shard.number, shard.keys, outcomes)
        self.progress.take(marker, self.runner.spent)
        self.ledger.log(shard=shard.number, reports=len(outcomes), **self.progress.spent)

    async def _elsewhere(self, number: int, at: int) -> Outcome:
        """The outcome of a report of an earlier shard, when that shard is committed."""
        if (task := self._under_way.get(number)) is not None:
            try:
                await asyncio.shield(task)
            except PendingError:
                raise
            except (NianbaoError, StoppedError) as error:
                raise StoppedError from error
        if number in self.pending:
            raise PendingError
        return await asyncio.to_thread(self.ledger.outcome, (number, at))
