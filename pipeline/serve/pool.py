"""The workers: so many processes, a bounded queue before them, and an end to a reading that takes too long."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from types import TracebackType
from typing import Self

from anyio import fail_after

from ..many.pool import Pool as Workers
from ..many.questions import Heard, Question
from ..many.worker import DiedError, OverdueError
from .limits import Limits
from .model import Model
from .places import Place, Places
from .problems import RequestError
from .reply import Answer, Job, get_ready, reply

_MOST_RETRY_S = 60


class GoneError(Exception):
    """The client went away before its turn came."""


class Pool:
    """Answers jobs in worker processes. It lives in one event loop, as an async context manager."""

    def __init__(self, limits: Limits, model: Model | None = None) -> None:
        self.limits = limits
        self.model = model
        self._turns = asyncio.Semaphore(limits.workers)
        self._workers = Workers(limits.workers, partial(get_ready, limits.worker_bytes, model is not None))
        self._places = Places(limits.workers + limits.queue, limits.hurry_s)
        self._batches = Places(limits.batches, limits.batch_hurry_s)
        self._mean_s = 0.05

    async def __aenter__(self) -> Self:
        """Start every worker, so that no request waits for that."""
        await self._workers.__aenter__()
        await asyncio.gather(*(self._workers.do(abs, 0) for _ in range(self.limits.workers)))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._workers.__aexit__(kind, error, trace)

    def place(self, client: str) -> AbstractContextManager[Place]:
        """A place in the queue, until the answer is there; raises RequestError where the queue is full."""
        return self._kept(self._places, client, f"all {self.limits.queue} places of the queue are taken")

    def batch(self, client: str) -> AbstractContextManager[Place]:
        """Room for a batch, until it ends; raises RequestError where there are too many. Its lines wait for workers as others do."""
        return self._kept(self._batches, client, f"{len(self._batches)} batches are being read")

    @contextmanager
    def _kept(self, places: Places, client: str, full: str) -> Iterator[Place]:
        place = places.take(client)
        if place is None:
            raise self.busy(full)
        try:
            yield place
        finally:
            places.leave(place)

    @property
    def window(self) -> int:
        """How many lines of a batch are on their way at once."""
        return max(self.limits.workers, self.model.max_in_flight if self.model else 0)

    def busy(self, found: str) -> RequestError:
        """The problem that says when to come again: after about the time that the queue takes."""
        wait = math.ceil(len(self._places) * self._mean_s / self.limits.workers)
        seconds = min(max(1, wait), _MOST_RETRY_S)
        return RequestError("busy", f"{found}; send it again in {seconds} s", retry_after_s=seconds)

    def hold(self, place: Place, count: int) -> None:
        """Keep so many bytes more for a place; raises RequestError where the bodies of all requests are too many."""
        while self._places.held + count > self.limits.room_bytes:
            if not self._places.make_room(place.client, but=place):
                raise self.busy(f"the bodies being held reach the limit of {self.limits.room_bytes:,} bytes")
        place.held += count

    async def answer(
        self, job: Job, wait_s: float | None = None, is_gone: Callable[[], Awaitable[bool]] | None = None
    ) -> Answer:
        """A job → its answer; raises RequestError, or GoneError where `is_gone` says so when its turn comes.

        wait_s: for a worker to be free; None: as long as it takes.
        """
        heard = self.model.heard if self.model else None
        while True:
            found = await self._in_turn((job, heard), wait_s, is_gone)
            if isinstance(found, Answer):
                return found
            if self.model is None or heard is None:
                raise AssertionError("a question without a model")
            heard = heard.after(await self.model.ask(found))

    async def _in_turn(
        self, asked: tuple[Job, Heard | None], wait_s: float | None, is_gone: Callable[[], Awaitable[bool]] | None
    ) -> Answer | Question:
        try:
            with fail_after(wait_s):
                await self._turns.acquire()
        except TimeoutError:
            raise self.busy(f"no worker was free for {wait_s:g} s") from None
        try:
            if is_gone and await is_gone():
                raise GoneError
            return await self._run(asked)
        finally:
            self._turns.release()

    async def _run(self, asked: tuple[Job, Heard | None]) -> Answer | Question:
        start = time.monotonic()
        try:
            return await self._workers.do(reply, asked, self.limits.read_s)
        except OverdueError:
            told = f"reading the text took more than {self.limits.read_s:g} s; split it into single reports"
            raise RequestError("too_costly", told) from None
        except DiedError:
            told = "the process that read the text ended; split the text into single reports"
            raise RequestError("internal", told) from None
        finally:
            self._mean_s += 0.1 * (time.monotonic() - start - self._mean_s)
