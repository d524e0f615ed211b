"""Many inputs, one after the other, or at once where a model is asked: each gives its extraction, or the error that stands for it."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from ...schemas.extraction import Extraction
from ..errors import InputError, NianbaoError
from ..extract import Engine, extract_source, extract_with
from ..source.decode import decode
from ..source.inputs import list_inputs, printable, read_input

if TYPE_CHECKING:
    from ..llm.client import Client

Result = Extraction | InputError


def read(paths: tuple[str, ...]) -> Iterator[Result]:
    """Each input read by rules, in the order given."""
    for path in list_inputs(paths):
        try:
            yield path if isinstance(path, InputError) else extract_source(decode(read_input(path), printable(path)))
        except InputError as error:
            yield error
        except Exception as error:
            yield fault(path, error)


def fault(path: object, error: Exception) -> InputError:
    """The error that stands for an input on which nianbao itself fails: the others are read all the same."""
    reason = " ".join(f"{type(error).__name__}: {error}".split())
    return InputError(
        f"{printable(str(path))}: reading failed ({reason}); this is a fault of nianbao, please report it"
    )


async def read_with(paths: tuple[str, ...], engine: Engine, client: "Client") -> AsyncIterator[Result]:
    """Each input read with a model, as many at once as the client asks, in the order given."""
    works = (_read_one(path, engine, client) for path in list_inputs(paths))
    async for result in in_order(works, client.settings.max_in_flight):
        yield result


async def in_order(works: Iterable[Coroutine[Any, Any, Result]], at_once: int) -> AsyncIterator[Result]:
    """What each work gives, in the order given; twice as many as run at once are begun, so that one slow work holds up none."""
    waiting: deque[asyncio.Task[Result]] = deque()
    try:
        for work in works:
            waiting.append(asyncio.create_task(work))
            while len(waiting) > 2 * at_once:
                yield await waiting.popleft()
        while waiting:
            yield await waiting.popleft()
    finally:
        for task in waiting:
            task.cancel()


async def _read_one(path: str | InputError, engine: Engine, client: "Client") -> Result:
    try:
        if isinstance(path, InputError):
            return path
        return await extract_with(decode(await asyncio.to_thread(read_input, path), printable(path)), engine, client)
    except InputError as error:
        return error
    except NianbaoError:
        raise
    except Exception as error:
        return fault(path, error)
