"""What tests have other processes do. Each of these loads this module anew, so it takes in little."""

import asyncio
import os
import re
import signal
from pathlib import Path

from nianbao.pipeline.llm.calls import Call, CallLog
from nianbao.pipeline.many.pool import Pool
from nianbao.pipeline.many.runner import LocalRunner
from nianbao.pipeline.many.sources import Given
from nianbao.pipeline.many.work import Outcome, read_report

SHARED = "k" * 64
"""A key under which all write the same."""
CALL = Call(
    time="2026-01-02T03:04:05.678+00:00", model="m", endpoint="host", report="一.txt", mode="tools", request="{}", answer="{}",
    failure="", input_tokens=1200, output_tokens=34, cached_input_tokens=1000, cost="0.0123", seconds=1.5,
)  # fmt: skip


def log_many(path: Path) -> None:
    log = CallLog(path)
    for _ in range(100):
        log.add(CALL)
    log.close()


def text_of(i: int) -> str:
    from nianbao.pipeline.llm.cache import Entry  # which takes a second to load

    return Entry(raw=str(i) * 2000, usages=((i, 1),)).text()


def write_many(folder: str, first: int) -> None:
    """Write twenty entries of its own into a cache, and each time the one that all write."""
    from nianbao.pipeline.llm.cache import DiskCache, key_of

    with DiskCache(Path(folder)) as cache:
        for i in range(first, first + 20):
            cache.set(key_of({"n": i}), text_of(i))
            cache.set(SHARED, text_of(0))


def never_end() -> None:
    """Hold the interpreter, so that no thread of the process can end it."""
    re.match("(a+)+$", "a" * 60 + "b")


def deadly(given: Given) -> Outcome:
    """Read a report, unless it ends the process, as one that takes all memory would, or never ends."""
    if given.name == "报告4":
        os.kill(os.getpid(), signal.SIGKILL)
    if given.name == "报告2":
        never_end()
    return read_report(given)


def sleeping(given: Given) -> Outcome:
    Path(given.name).write_text(str(os.getpid()))
    never_end()
    return read_report(given)


def hold(note: str) -> None:
    """Read one report for ever, in a worker whose number it notes."""

    async def work() -> None:
        async with Pool(1) as pool:
            await LocalRunner(pool, "rules", None, 3600, sleeping).read([Given(note, "…")])

    asyncio.run(work())
