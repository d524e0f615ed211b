"""Many inputs at once, in the order given: each gives its extraction, or the error that stands for it."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterator
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, TypeVar

from ...schemas.extraction import Extraction
from ..errors import FaultError, InputError, NianbaoError
from ..extract import Engine
from ..llm.calls import asking_about
from ..source.inputs import STDIN, list_inputs, printable, read_input
from .order import in_order
from .pool import Pool, cores
from .questions import Work, asks, do_asking, heard_of
from .sources import Given
from .work import read_asking, unread, why_ended
from .worker import EndedError

if TYPE_CHECKING:
    from ..llm.client import Client

LOG = logging.getLogger(__name__)

A = TypeVar("A")
Result = Extraction | InputError | FaultError


Input = Given | str | InputError


def list_given(paths: tuple[str, ...]) -> Iterator[Input]:
    """Paths → the files to read, in the order given, and what comes on standard input, which is waited for here."""
    typed = _read(STDIN) if STDIN in paths else STDIN
    return (typed if path == STDIN else path for path in list_inputs(paths))


async def read(
    inputs: Iterator[Input],
    engine: Engine,
    client: "Client | None",
    deadline_s: float,
    work: "Work[Given, Extraction] | None" = None,
) -> AsyncGenerator[Result]:
    """Each input read in processes that may take so many seconds for it, in the order given; with a model where there is a client.

    work: what reads a report, in place of the engine.
    """
    by = work or partial(read_asking, engine)
    async with Pool(cores()) as pool:

        async def one(found: Input) -> Result:
            given = found if isinstance(found, Given) else await asyncio.to_thread(_read, found)
            return await read_one(given, given, pool, client, deadline_s, by)

        at_once = max(pool.workers, client.settings.max_in_flight if client else 0)
        async for result in in_order(map(one, inputs), at_once):
            yield result


async def read_one(
    thing: A, given: Given, pool: Pool, client: "Client | None", deadline_s: float, work: "Work[A, Extraction]"
) -> Result:
    """A report, or what is to be read with it → its extraction, or the error that stands for it.

    Where reading was ended the extraction is unresolved, and says so.
    """
    try:
        if given.data is None:
            raise InputError(given.problem)
        with asking_about(given.name):
            start = perf_counter()
            found = await do_asking(pool, work, thing, heard_of(client), asks(client), deadline_s)
            LOG.info("%s: %s, read in %.2f s", given.name, found.status, perf_counter() - start)
            return found
    except EndedError as error:
        return unread(given, why_ended(error, deadline_s))
    except InputError as error:
        return error
    except NianbaoError:
        raise
    except Exception as error:
        return fault(given.name, error)


def fault(name: str, error: Exception) -> FaultError:
    """The error that stands for an input on which nianbao itself fails: the others are read all the same."""
    reason = " ".join(f"{type(error).__name__}: {error}".split())
    return FaultError(f"{name}: reading failed ({reason}); this is a fault of nianbao, please report it")


def _read(path: str | InputError) -> Given:
    if isinstance(path, InputError):
        return Given.bad("", str(path))
    name = printable(path)
    try:
        return Given(name, read_input(path))
    except InputError as error:
        return Given.bad(name, str(error))
