"""Work under way at once, its results taken in order."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Coroutine, Iterator
from typing import Any, TypeVar

T = TypeVar("T")


async def in_order(works: Iterator[Coroutine[Any, Any, T]], at_once: int) -> AsyncGenerator[T]:
    """What each work gives, in the order given; twice as many as run at once are begun, so that one slow work holds up none."""
    waiting: deque[asyncio.Task[T]] = deque()
    try:
        while (work := await asyncio.to_thread(next, works, None)) is not None:
            waiting.append(asyncio.create_task(work))
            while len(waiting) > 2 * at_once:
                yield await waiting.popleft()
        while waiting:
            yield await waiting.popleft()
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
