"""Workers that share what is to be done: each does one thing at a time."""

import asyncio
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import TracebackType
from typing import Any, Self, TypeVar

from .worker import EndedError, Worker

T = TypeVar("T")
A = TypeVar("A")


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Pool:
    """So many workers, each started when there is first something for it. An async context manager; none outlives it.

    begin: what each does first.
    """

    def __init__(self, workers: int, begin: Callable[[], object] | None = None) -> None:
        self.workers = workers
        self._begin = begin
        self._free: asyncio.LifoQueue[Worker] = asyncio.LifoQueue()
        self._all: set[Worker] = set()
        self._threads = ThreadPoolExecutor(workers, "nianbao-pool")

    async def __aenter__(self) -> Self:
        for _ in range(self.workers):
            self._free.put_nowait(self._new())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._all:
            worker.end()
        self._threads.shutdown()
        for worker in self._all:
            worker.drop()

    async def each(
        self, work: Callable[[A], T], things: Sequence[A], limit_s: float | None = None
    ) -> list[T | EndedError]:
        """Call a function with each thing, in a free worker; in order the results, and an error for a thing that has none.

        limit_s: for each. Raises what the function raises. Where it is cancelled, the worker is ended.
        """
        worker = await self._free.get()
        under_way = asyncio.get_running_loop().run_in_executor(self._threads, worker.each, work, things, limit_s)
        try:
            return await asyncio.shield(under_way)
        except asyncio.CancelledError:
            worker.end()
            under_way.add_done_callback(partial(self._forget, worker))
            worker = self._new()
            raise
        finally:
            self._free.put_nowait(worker)

    async def do(self, work: Callable[[A], T], thing: A, limit_s: float | None = None) -> T:
        """Call a function with a thing, in a free worker; raises DiedError or OverdueError where that is ended."""
        (found,) = await self.each(work, [thing], limit_s)
        if isinstance(found, EndedError):
            raise found
        return found

    def _new(self) -> Worker:
        worker = Worker(self._begin)
        self._all.add(worker)
        return worker

    def _forget(self, worker: Worker, under_way: "asyncio.Future[list[Any]]") -> None:
        """Give up a worker that was ended, when the thread that was at work with it has noticed."""
        under_way.exception()
        worker.drop()
        self._all.discard(worker)
