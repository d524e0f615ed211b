"""Work done ahead in a pool, its results taken in order."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TypeVar

from ..errors import SettingsError
from .pool import DiedError, Pool

T = TypeVar("T")
A = TypeVar("A")


async def ahead(given: Iterator[A], work: Callable[[A], T], pool: Pool) -> AsyncIterator[T]:
    """Call a function with each thing that is given; the results in order, few of them held at once.

    Raises SettingsError where the processes that do it die.
    """
    waiting: deque[asyncio.Task[T]] = deque()
    try:
        while (one := await asyncio.to_thread(next, given, None)) is not None:
            waiting.append(asyncio.create_task(pool.do(work, one)))
            if len(waiting) > pool.workers + 1:
                yield await waiting.popleft()
        while waiting:
            yield await waiting.popleft()
    except DiedError as error:
        raise SettingsError("a process was ended in its work; free memory, or give fewer --workers") from error
    finally:
        for task in waiting:
            task.cancel()
