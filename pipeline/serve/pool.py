"""The workers: so many processes, a bounded queue before them, and an end to a reading that takes too long."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace

from anyio import BrokenWorkerProcess, CapacityLimiter, create_task_group, fail_after, to_process

from .limits import Limits
from .model import Model
from .places import Place, Places
from .problems import RequestError
from .reply import Answer, Job, Question, get_ready, reply

_MOST_RETRY_S = 60


class GoneError(Exception):
    """The client went away before its turn came."""


class Pool:
    """Answers jobs in worker processes. It lives in one event loop."""

    def __init__(self, limits: Limits, model: Model | None = None) -> None:
        self.limits = limits
        self.model = model
        self._turns = asyncio.Semaphore(limits.workers)
        self._processes = CapacityLimiter(limits.workers)
        self._places = Places(limits.workers + limits.queue, limits.hurry_s)
        self._batches = Places(limits.batches, limits.batch_hurry_s)
        self._mean_s = 0.05

    async def start(self) -> None:
        """Start every worker, so that no request waits for that."""
        async with create_task_group() as group:
            for _ in range(self.limits.workers):
                group.start_soon(self._start_one)

    async def _start_one(self) -> None:
        with suppress(BrokenWorkerProcess):
            await to_process.run_sync(
                get_ready, self.limits.worker_bytes, self.model is not None, limiter=self._processes
            )

    async def _in_worker(self, job: Job) -> Answer | Question:
        return await to_process.run_sync(reply, job, cancellable=True, limiter=self._processes)

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
            if not self._places.make_room(but=place):
                raise self.busy(f"the bodies being held reach the limit of {self.limits.room_bytes:,} bytes")
        place.held += count

    async def answer(
        self, job: Job, wait_s: float | None = None, is_gone: Callable[[], Awaitable[bool]] | None = None
    ) -> Answer:
        """A job → its answer; raises RequestError, or GoneError where `is_gone` says so when its turn comes.

        wait_s: for a worker to be free; None: as long as it takes.
        """
        job = replace(job, model=self.model.name if self.model else None)
        while True:
            found = await self._in_turn(job, wait_s, is_gone)
            if isinstance(found, Answer):
                return found
            if self.model is None:
                raise AssertionError("a question without a model")
            job = replace(job, told=(*job.told, await self.model.ask(found)))

    async def _in_turn(
        self, job: Job, wait_s: float | None, is_gone: Callable[[], Awaitable[bool]] | None
    ) -> Answer | Question:
        try:
            with fail_after(wait_s):
                await self._turns.acquire()
        except TimeoutError:
            raise self.busy(f"no worker was free for {wait_s:g} s") from None
        try:
            if is_gone and await is_gone():
                raise GoneError
            return await self._run(job)
        finally:
            self._turns.release()

    async def _run(self, job: Job) -> Answer | Question:
        """Read in a worker; once more where it ended on the way, which may have been no fault of this job's."""
        start = time.monotonic()
        try:
            for _ in range(2):
                try:
                    with fail_after(self.limits.read_s):
                        return await self._in_worker(job)
                except BrokenWorkerProcess:
                    await self._start_one()
        except TimeoutError:
            await self._start_one()  # in the place of the one that is gone, so that the next reading has its whole time
            told = f"reading the text took more than {self.limits.read_s:g} s; split it into single reports"
            raise RequestError("too_costly", told) from None
        finally:
            self._mean_s += 0.1 * (time.monotonic() - start - self._mean_s)
        raise RequestError("internal", "the process that read the text ended; split the text into single reports")
