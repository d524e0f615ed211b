"""How many reports a second a model reads, and what share that is of what latency and requests in flight allow.

make bench

A stand-in in a process of its own answers each request after 200 ms; 64 requests are in flight at once, so that no more than
320 a second can be answered. The reports are made up; a report whose first answer leaves doubts is asked about twice.
"""

import asyncio
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from nianbao.eval.dataset import load_dataset
from nianbao.eval.mess import write_reports
from nianbao.pipeline.extract import extract, extract_async
from nianbao.pipeline.llm.cache import DiskCache
from nianbao.pipeline.llm.client import connect
from nianbao.pipeline.llm.settings import Settings

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


async def read_all(texts: Sequence[str], settings: Settings, folder: Path) -> tuple[Counter[str], int]:
    """Texts, each read by the model → how many came out with each status, and the requests that were sent."""
    with DiskCache(folder) as cache:
        async with connect(settings, cache) as client:
            found = await asyncio.gather(*(extract_async(text, "model", model=client) for text in texts))
            return Counter(extraction.status for extraction in found), client.spent.requests


@click.command()
@click.option("--count", default=1_000, show_default=True, help="Made-up reports.")
@click.option("--difficulty", type=click.IntRange(0, 3), help="Of the reports; by default all by turns.")
def main(count: int, difficulty: int | None) -> None:
    """Print reports and requests a second against a stand-in of 200 ms, 64 in flight, beside the bound of 320 requests."""
    with TemporaryDirectory() as folder:
        dataset = Path(folder) / "reports.jsonl"
        write_reports(dataset, count, 1, difficulty)
        texts = [case.text for case in load_dataset(str(dataset)).cases]
        rules = _rules_s(texts)
        with stand_in(dataset) as url:
            settings = Settings(model=MODEL, base_url=url, max_in_flight=IN_FLIGHT, mode="json_schema")
            asyncio.run(read_all(texts[:1], settings, Path(folder) / "first"))  # what is loaded once is not counted
            start, worked = time.perf_counter(), time.process_time()
            statuses, requests = asyncio.run(read_all(texts, settings, Path(folder) / "cache"))
            seconds, worked = time.perf_counter() - start, time.process_time() - worked
    print(f"{count:,} reports, {requests:,} requests in {seconds:.1f} s: {count / seconds:.0f} reports/s")
    share = requests / seconds / BOUND
    print(f"{requests / seconds:.0f} requests/s, {share:.0%} of the {BOUND:.0f} that 64 in flight of 200 ms allow")
    print(f"one core is busy for {worked / seconds:.0%} of the time: {worked / count * 1e3:.1f} ms a report,")
    print(f"of which {rules / count * 1e3:.1f} ms are the reading by rules, with which the answer is compared")
    print(", ".join(f"{n} {status}" for status, n in statuses.most_common()))


def _rules_s(texts: Sequence[str]) -> float:
    """Seconds of one core that reading by rules takes."""
    start = time.process_time()
    for text in texts:
        extract(text, "rules")
    return time.process_time() - start


if __name__ == "__main__":
    main()
