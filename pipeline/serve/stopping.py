"""Whether the server was told to stop: what was taken is finished, nothing more is taken."""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from typing import TypeVar

from .problems import RequestError

T = TypeVar("T")

_RETRY_S = 5


class Stopping:
    """Set once, for one event loop."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def begin(self) -> None:
        self._event.set()

    @property
    def is_set(self) -> bool:
        return self._event.is_set()

    def problem(self) -> RequestError:
        return RequestError("stopping", "the server is stopping; send it again in a while", retry_after_s=_RETRY_S)

    async def unless(self, work: Awaitable[T]) -> T | None:
        """What the work gives; None where the server is told to stop first."""
        task = asyncio.ensure_future(work)
        stop = asyncio.create_task(self._event.wait())
        try:
            await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
            return task.result() if task.done() else None
        finally:
            for each in (stop, task):
                if not each.done():
                    each.cancel()
                    with suppress(asyncio.CancelledError):
                        await each
