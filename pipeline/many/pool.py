"""Processes that do one task after the other, and that may die of one: the task is known then, and the process replaced."""

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import Self, TypeVar

from ..errors import SettingsError

T = TypeVar("T")
A = TypeVar("A")


class DiedError(Exception):
    """The process that did a task was ended, as by the system where memory runs out."""


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Pool:
    """So many processes, each with one task at a time, and started when there is first one for it. An async context manager."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._free: asyncio.LifoQueue[ProcessPoolExecutor | None] = asyncio.LifoQueue()
        self._all: set[ProcessPoolExecutor] = set()

    async def __aenter__(self) -> Self:
        for _ in range(self.workers):
            self._free.put_nowait(None)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for executor in self._all:
            executor.shutdown(wait=error is None, cancel_futures=True)

    async def do(self, work: Callable[[A], T], given: A) -> T:
        """Call a function in a free process; raises DiedError where the process ends before it returns."""
        executor = await self._free.get()
        try:
            executor = executor or await self._start()
            return await asyncio.get_running_loop().run_in_executor(executor, work, given)
        except BrokenProcessPool as error:
            if executor is not None:
                self._all.remove(executor)
                executor.shutdown(wait=False)
            executor = None
            raise DiedError from error
        finally:
            self._free.put_nowait(executor)

    async def _start(self) -> ProcessPoolExecutor:
        """A process of its own, so that its death is told apart from that of others; one that does not start is no fault of a
        report, and a SettingsError."""
        executor = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), _begin)
        self._all.add(executor)
        with _Uninterrupted():
            started = executor.submit(os.getpid)
        try:
            await asyncio.wrap_future(started)
        except BrokenProcessPool as error:
            raise SettingsError("no process can be started to read in; free memory, or give fewer --workers") from error
        return executor


class _Uninterrupted:
    """A process that is started herein does not end at Ctrl-C, which the terminal sends to all: it finishes its task."""

    def __enter__(self) -> None:
        is_main = threading.current_thread() is threading.main_thread()
        self._before = signal.signal(signal.SIGINT, signal.SIG_IGN) if is_main else None

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)


def _begin() -> None:
    """In a new process: end with the one that started it, also where that one is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
