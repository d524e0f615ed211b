"""The shards of a run → its tables and its summary, shard by shard in order, without reading a report anew."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from ..errors import SettingsError
from .formats import FORMATS, Writer, rows_of
from .ledger import Ledger, unwritable
from .order import in_order
from .pool import Pool
from .summary import Summary, summarise
from .worker import EndedError

Part = tuple[Ledger, int, tuple[str, ...]]


async def export(ledger: Ledger, formats: Sequence[str], pool: Pool, is_stopped: Callable[[], bool]) -> Summary | None:
    """Write the tables in these formats, and the summary, which is given back; None where it was stopped.

    Files take their names when all of them are written. Raises InputError where they cannot be, or a shard is damaged.
    """
    numbers = list(ledger.committed())
    summary = summarise(ledger, numbers)
    writers: dict[str, Writer] = {}
    try:
        for name in formats:
            writers[name] = FORMATS[name].writer(ledger.home)
        works = (pool.do(render, (ledger, number, tuple(formats))) for number in numbers if formats)
        async for parts in in_order(works, pool.workers):
            if is_stopped():
                return None
            await asyncio.to_thread(_add, writers, parts)
        for name in list(writers):
            await asyncio.to_thread(writers[name].close)
            del writers[name]
        summary.write(ledger.home)
    except OSError as error:
        raise unwritable(ledger.home, error) from error
    except EndedError as error:
        raise SettingsError("a process was ended in its work; free memory, or give fewer --workers") from error
    finally:
        for writer in writers.values():
            writer.abandon()
    return summary


def render(part: Part) -> dict[str, Any]:
    """A shard → its part in each format."""
    ledger, number, formats = part
    lines = list(ledger.lines(number))
    tables = {table.name: table for name in formats for table in FORMATS[name].tables}
    rows = rows_of(lines, tables.values())
    return {name: FORMATS[name].part(lines, rows) for name in formats}


def _add(writers: dict[str, Writer], parts: dict[str, Any]) -> None:
    for name, part in parts.items():
        writers[name].add(part)
