"""A bulk run from its sources to its tables, and the same tables once more from what is written down."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from ...prompts import VERSION
from ...schemas.extraction import CONTRACT
from ..cli.console import interruptible, say
from ..errors import NianbaoError
from ..extract import Engine
from ..llm.settings import Settings
from ..source.inputs import printable
from .export import export
from .ledger import TEXTS, Ledger, Manifest, Shape, list_inputs, load_ledger, open_ledger
from .limits import DEADLINE_S
from .pool import Pool
from .progress import Progress
from .run import Run
from .runner import LocalRunner, Runner
from .shards import cut
from .sources import Columns, File, count_reports, list_files, reports
from .summary import Summary
from .texts import Texts

if TYPE_CHECKING:
    from .estimate import Estimate


@dataclass(frozen=True, slots=True)
class Cluster:
    """A Ray cluster. address: HOST:PORT, None for RAY_ADDRESS or the one on this machine. workers: tasks at once, None for all
    of its cores."""

    address: str | None = None
    workers: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be read, and how. settings: of the model, None where none is asked. workers: processes of this machine.

    cluster: where it is read instead; the tables are written here all the same. deadline_s: for one report.
    """

    sources: tuple[str, ...]
    engine: Engine
    settings: Settings | None
    columns: Columns
    shard_size: int
    workers: int
    cluster: Cluster | None = None
    deadline_s: float = DEADLINE_S


def bulk(plan: Plan, out: str, formats: Sequence[str], *, start_over: bool = False) -> Summary | None:
    """Read the sources into a folder, and write its tables; None where a person stopped it, and it can be taken up again.

    Raises InputError where the sources or the folder cannot be used, EndpointError where the model cannot, or its budget is
    spent: what is committed is kept.
    """
    return asyncio.run(_bulk(plan, out, formats, start_over))


async def _bulk(plan: Plan, out: str, formats: Sequence[str], start_over: bool) -> Summary | None:
    async with _runner(plan) as runner_of, open_run(plan, out, start_over=start_over) as (ledger, texts):
        return await read_on(plan, ledger, texts, runner_of, formats)


@asynccontextmanager
async def open_run(plan: Plan, out: str, *, start_over: bool = False) -> AsyncIterator[tuple[Ledger, Texts]]:
    """The run of a folder, begun or taken up again, with the lock on it."""
    ledger = open_ledger(out)
    with Texts(ledger.home / TEXTS) as texts:
        await asyncio.to_thread(_begin, plan, ledger, start_over)
        yield ledger, texts


async def read_on(
    plan: Plan, ledger: Ledger, texts: Texts, runner_in: Callable[[Pool], Runner], formats: Sequence[str]
) -> Summary | None:
    """Read what is not yet committed, and write the tables; None where it was stopped, or reports wait for answers."""
    total = await asyncio.to_thread(_total, plan, ledger)
    loads = reports(ledger.files(), plan.columns)
    with Progress(total) as progress, _told(ledger, plan, progress) as told:
        async with Pool(plan.workers) as pool:
            run = Run(ledger, runner_in(pool), progress)
            with interruptible(run.stop, "stopping: the reports in hand are finished"):
                if not await run.go(cut(loads, plan.shard_size, texts, ledger)):
                    told["ended"] = "stopped" if run.is_stopped else "waiting for answers"
                    return None
                return await export(ledger, formats, pool, lambda: run.is_stopped)


@contextmanager
def _told(ledger: Ledger, plan: Plan, progress: Progress) -> Iterator[dict[str, str]]:
    """Write down in the run's log, and say, how it began and ended."""
    start, told = time.monotonic(), {"ended": "complete"}
    ledger.log(began=plan.engine, workers=plan.workers, runner="ray" if plan.cluster else "local")
    try:
        yield told
    except BaseException as error:
        told["ended"] = printable(str(error)) or type(error).__name__
        raise
    finally:
        seconds = round(time.monotonic() - start, 3)
        spent = {"reports": progress.new, "largest_process_mb": _peak(), **progress.spent}
        with suppress(NianbaoError):
            ledger.log(**told, seconds=seconds, reading_seconds=round(progress.seconds, 3), **spent)
        say(progress.line())


def _begin(plan: Plan, ledger: Ledger, start_over: bool) -> None:
    with TemporaryDirectory() as scratch:
        path = Path(scratch, "inputs")
        count, sha256 = list_inputs(list_files(plan.sources), path)
        ledger.begin(_manifest(plan, count, sha256), path, start_over=start_over)


def _manifest(plan: Plan, files: int, sha256: str) -> Manifest:
    asked = plan.settings
    names = set(Shape.model_fields) - {"engine", "columns", "shard_size"}
    shape = asked.model_dump(include=names) if asked else {}
    return Manifest(
        contract=CONTRACT,
        program=version("nianbao"),
        prompt=VERSION if asked else None,
        model=asked.model if asked else None,
        settings=Shape(engine=plan.engine, columns=plan.columns, shard_size=plan.shard_size, **shape),
        sources=tuple(map(printable, plan.sources)),
        files=files,
        files_sha256=sha256,
    )


def _total(plan: Plan, ledger: Ledger) -> int | None:
    """How many reports there are, about; None where it cannot be told beforehand."""
    total: int | None = 0
    for file in ledger.files():
        count = count_reports(file, plan.columns)
        total = None if count is None or total is None else total + count
    return total


@asynccontextmanager
async def _runner(plan: Plan) -> AsyncIterator[Callable[[Pool], Runner]]:
    """What makes the runner, given the processes of this machine."""
    if plan.cluster is not None:
        from .cluster import open_cluster

        at, asked = plan.cluster, (plan.engine, plan.settings, plan.deadline_s)
        async with open_cluster(at.address, at.workers, *asked) as runner:
            yield lambda _: runner
    elif plan.settings is None:
        yield lambda pool: LocalRunner(pool, plan.engine, None, plan.deadline_s)
    else:
        from ..llm.client import open_client  # which is slow to load, and not needed for rules

        async with open_client(plan.settings) as client:
            for one in client.chain:
                one.by_answer = True
            yield lambda pool: LocalRunner(pool, plan.engine, client, plan.deadline_s)


def _peak() -> int:
    """The most memory that one of the processes had, in MB; 0 where the system does not tell."""
    if sys.platform == "win32":
        return 0
    import resource

    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    unit = 1_000_000 if sys.platform == "darwin" else 1_000
    return round(max(resource.getrusage(w).ru_maxrss for w in who) / unit)


# --- Without a run ---------------------------------------------------------------------------------------------------


def tables(folder: str, formats: Sequence[str], workers: int) -> Summary:
    """Write the tables of a run in these formats, from what is committed; raises InputError where it holds no run."""
    ledger = load_ledger(folder)

    async def work() -> Summary | None:
        async with Pool(workers) as pool:
            return await export(ledger, formats, pool, lambda: False)

    with Texts(ledger.home / TEXTS):
        found = asyncio.run(work())
    assert found is not None
    return found


def estimated(plan: Plan) -> "Estimate":
    """What a run over these sources would ask. Nothing is sent."""
    from .estimate import estimate

    settings = plan.settings or Settings()

    async def work(home: Path) -> "Estimate":
        with Texts(home / TEXTS) as texts:
            loads = reports(_checked(plan), plan.columns)
            async with Pool(plan.workers) as pool:
                shards = cut(loads, plan.shard_size, texts, Ledger(home))
                return await estimate(shards, plan.engine, settings, pool, texts, plan.deadline_s)

    with TemporaryDirectory() as scratch:
        return asyncio.run(work(Path(scratch)))


def _checked(plan: Plan) -> Iterator[File]:
    for file in list_files(plan.sources):
        if file.kind != "report":
            count_reports(file, plan.columns)
        yield file
