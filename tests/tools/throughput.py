"""How many requests a second a model answers, and what share that is of what could be had here.

make bench

A stand-in in a process of its own answers each request after 200 ms; 64 requests are in flight at once, so that no more than
320 a second can be answered. The reports are made up, each read by rules and by the model, in as many processes as there are cores.
That work is done once more with the answers at hand, and no client, endpoint or latency: more than that no client could reach.
"""

import asyncio
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
from nianbao.eval.dataset import load_dataset
from nianbao.eval.mess import write_reports
from nianbao.pipeline.errors import EndpointError
from nianbao.pipeline.llm.cache import DiskCache
from nianbao.pipeline.llm.client import Client, connect
from nianbao.pipeline.llm.reply import Reply
from nianbao.pipeline.llm.settings import Settings
from nianbao.pipeline.many.pool import Pool, cores
from nianbao.pipeline.many.questions import Question, asks, do_asking, heard_of
from nianbao.pipeline.many.sources import Given
from nianbao.pipeline.many.work import read_asking
from nianbao.schemas.extraction import Extraction

from tests.tools.standin import MODEL

ROOT = Path(__file__).parents[2]
LATENCY_S = 0.2
IN_FLIGHT = 64
BOUND = IN_FLIGHT / LATENCY_S


@contextmanager
def stand_in(dataset: Path) -> Iterator[str]:
    """The address of a stand-in that knows the reports of a dataset, in a process of its own."""
    command = [sys.executable, "-m", "tests.tools.standin", "--port", "0", "--latency", str(LATENCY_S), str(dataset)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as server:
        try:
            assert server.stdout is not None
            said = server.stdout.readline()
            yield said.partition(" at ")[2].partition(",")[0]
        finally:
            server.kill()


Answers = dict[str, Reply[Any] | EndpointError]
"""The text of a question → the reply."""


async def read_all(texts: Sequence[str], client: Client, answers: Answers, pool: Pool) -> Counter[str]:
    """Texts, each read by the model in the pool → how many came out with each status. answers: takes every reply, and gives it again."""
    ask = asks(client)
    room = asyncio.Semaphore(2 * IN_FLIGHT)

    async def at_hand(question: Question) -> Reply[Any] | EndpointError:
        key = question.messages[-1]["content"]
        if key not in answers:
            answers[key] = await ask(question)
        return answers[key]

    async def one(text: str) -> Extraction:
        async with room:
            work = partial(read_asking, "model")
            return await do_asking(pool, work, Given("report", text), heard_of(client), at_hand, None)

    found = await asyncio.gather(*map(one, texts))
    return Counter(extraction.status for extraction in found)


async def measure(texts: Sequence[str], url: str, folder: Path) -> tuple[Counter[str], int, float, float]:
    """Texts → how many came out with each status, the requests, the seconds they took, and those with the answers at hand."""
    settings = Settings(model=MODEL, base_url=url, max_in_flight=IN_FLIGHT, mode="json_schema")
    with DiskCache(folder) as cache:
        async with connect(settings, cache) as client, Pool(cores()) as pool:
            await read_all(texts[: 2 * cores()], client, {}, pool)  # what is loaded once is not counted
            requests, answers = client.spent.requests, Answers()
            start = time.perf_counter()
            statuses = await read_all(texts[2 * cores() :], client, answers, pool)
            seconds, requests = time.perf_counter() - start, client.spent.requests - requests
            start = time.perf_counter()
            await read_all(texts[2 * cores() :], client, answers, pool)
            return statuses, requests, seconds, time.perf_counter() - start


@click.command()
@click.option("--count", default=1_000, show_default=True, help="Made-up reports.")
@click.option("--difficulty", type=click.IntRange(0, 3), help="Of the reports; by default all by turns.")
def main(count: int, difficulty: int | None) -> None:
    """Print reports and requests a second against a stand-in of 200 ms, 64 in flight, beside what could be had."""
    with TemporaryDirectory() as folder:
        dataset = Path(folder) / "reports.jsonl"
        write_reports(dataset, count + 2 * cores(), 1, difficulty)
        texts = [case.text for case in load_dataset(str(dataset)).cases]
        with stand_in(dataset) as url:
            statuses, requests, seconds, bare = asyncio.run(measure(texts, url, Path(folder) / "cache"))
    attainable = min(requests / bare, BOUND)
    print(f"{count:,} reports, {requests:,} requests in {seconds:.1f} s: {count / seconds:.0f} reports/s")
    print(
        f"{requests / bare:.0f} requests/s could be had: reading and judging alone, on {cores()} cores, take {bare:.1f} s"
    )
    print(f"{BOUND:.0f} requests/s are what {IN_FLIGHT} in flight of {LATENCY_S * 1e3:.0f} ms allow")
    print(f"{requests / seconds:.0f} requests/s: {requests / seconds / attainable:.0%} of what is attainable")
    print(", ".join(f"{n} {status}" for status, n in statuses.most_common()))


if __name__ == "__main__":
    main()
