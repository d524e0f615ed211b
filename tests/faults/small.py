"""A small bulk run with all its tables, in this process: no worker, so that every call of it is met."""

import asyncio
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TypeVar, cast

from nianbao.pipeline.many.bulk import Plan, _begin
from nianbao.pipeline.many.export import export
from nianbao.pipeline.many.formats import FORMATS
from nianbao.pipeline.many.ledger import TEXTS, open_ledger
from nianbao.pipeline.many.pool import Pool
from nianbao.pipeline.many.progress import Progress
from nianbao.pipeline.many.run import Run
from nianbao.pipeline.many.runner import PoolRunner
from nianbao.pipeline.many.shards import cut
from nianbao.pipeline.many.sources import Columns, Given, reports
from nianbao.pipeline.many.texts import Texts
from nianbao.pipeline.many.work import Outcome, read_report
from nianbao.pipeline.many.worker import EndedError

from ..made_up_runs import line, write

T = TypeVar("T")
A = TypeVar("A")


class Here:
    """Workers that are this process."""

    workers = 1

    async def each(self, work: Callable[[A], T], things: Sequence[A], _: float | None = None) -> list[T | EndedError]:
        return [work(thing) for thing in things]

    async def do(self, work: Callable[[A], T], thing: A, _: float | None = None) -> T:
        return work(thing)


@cache
def _outcome(name: str, data: bytes | str) -> Outcome:
    return read_report(Given(name, data))


def _read(given: Given) -> Outcome:
    """Read a report that was read before only once, so that a thousand runs take no hour."""
    return _outcome(given.name, given.data) if given.data is not None else read_report(given)


def make_inputs(home: Path) -> Path:
    """Five reports in two kinds of files, one of them twice and one that is none."""
    folder = home / "in"
    folder.mkdir()
    texts = [line(f"县{n}")["text"] for n in range(3)]
    write(folder / "a.jsonl", [{"text": text} for text in (*texts[:2], texts[0])])
    (folder / "b.txt").write_text(texts[2], encoding="utf-8")
    (folder / "c.txt").write_text("今天天气很好。", encoding="utf-8")
    return folder


def run(inputs: Path, out: Path) -> None:
    """Begin the run, or go on with it, to its end; raises NianbaoError where it cannot."""
    plan = Plan((str(inputs),), "rules", None, Columns(), 2, 1)
    ledger = open_ledger(str(out))

    async def work(texts: Texts) -> None:
        runner = PoolRunner(Here(), "rules", None, 30, _read)
        loads = reports(ledger.files(), plan.columns)
        await Run(ledger, runner, Progress(None)).go(cut(loads, plan.shard_size, texts, ledger))
        await export(ledger, list(FORMATS), cast("Pool", Here()), lambda: False)

    with Texts(out / TEXTS) as texts:
        _begin(plan, ledger, start_over=False)
        asyncio.run(work(texts))


def files(out: Path) -> dict[str, bytes]:
    """The files of a run, but for the one that holds times, and the lock."""
    found = {str(p.relative_to(out)): p.read_bytes() for p in sorted(out.rglob("*")) if p.is_file()}
    return {name: data for name, data in found.items() if name not in ("log.jsonl", TEXTS)}
