"""Speed: the samples on one core, beside the bare work of decoding, validating and dumping; then made-up reports in bulk.

make bench
python -m nianbao.eval.bench REPORTS    with so many made-up reports
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from ..pipeline.decode import decode
from ..pipeline.extract import extract_source
from ..schemas.extraction import Extraction
from .dataset import SAMPLES, load_dataset
from .mess import make_reports

ROUNDS = 100
REPEATS = 5
BULK = 2000
BARE = 200
"""So many of the reports are read on one bare core before the bulk run, and again after it."""


def main() -> None:
    """Print the time of each step per report, the best of several repeats, and the ratio to the bare work."""
    texts = [case.text.encode() for case in load_dataset(SAMPLES).cases]
    done = [(data, extract_source(decode(data, "bench")).model_dump_json()) for data in texts]

    def read() -> None:
        for data, _ in done:
            extract_source(decode(data, "bench")).model_dump_json()

    def bare() -> None:
        for data, line in done:
            decode(data, "bench")
            Extraction.model_validate_json(line).model_dump_json()

    times = {
        "extract (bytes to JSON)": _best(read) / len(done),
        "bare work (decode, validate, dump)": _best(bare) / len(done),
    }
    for name, seconds in times.items():
        print(f"{name:<36} {seconds * 1e3:6.2f} ms a report   {1 / seconds:7,.0f} reports/s on one core")
    slow, fast = times.values()
    print(f"{'ratio':<36} {slow / fast:6.1f}")
    with TemporaryDirectory() as folder:
        bulk(int(sys.argv[1]) if len(sys.argv) > 1 else BULK, Path(folder))


def bulk(count: int, folder: Path) -> None:
    """Print the time of a bulk run by rules over made-up reports, beside one bare core in the same minutes."""
    source = folder / "reports.jsonl"
    with source.open("w", encoding="utf-8") as file:
        for made in make_reports(count, seed=1):
            file.write(json.dumps({"name": made.name, "text": made.text}, ensure_ascii=False) + "\n")
    (before, cpu), used = _bare_rate(count), _cpu_of_children()
    command = [sys.executable, "-c", "from nianbao.pipeline.cli import main; main()", "bulk", str(source), "--engine"]
    done = subprocess.run([*command, "rules", "--out", str(folder / "RUN")], capture_output=True, check=False)
    if done.returncode > 1:
        sys.exit(done.stderr.decode())
    used = (_cpu_of_children() - used) / count
    bare = (before + _bare_rate(count)[0]) / 2
    log = [json.loads(line) for line in (folder / "RUN" / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    rate = count / log[-1]["reading_seconds"]
    print(f"bulk, {count:,} reports, {log[0]['workers']} processes: {log[-1]['reading_seconds']:,.0f} s to read them,")
    print(f"{log[-1]['seconds']:,.0f} s with extractions.jsonl and the summary; {rate:,.0f} reports/s,")
    print(f"{rate / bare:.2f} times one bare core ({bare:,.0f}); largest process {log[-1]['largest_process_mb']} MB;")
    print(f"{used * 1e3:.1f} ms of processor time a report, all in all, against {cpu * 1e3:.1f} ms bare")


def _bare_rate(count: int) -> tuple[float, float]:
    """One core, text to JSON, with nothing around it: reports a second, and seconds of processor time a report."""
    texts = [made.text.encode() for made in islice(make_reports(count, seed=1), BARE)]
    start, cpu = time.perf_counter(), time.process_time()
    for data in texts:
        extract_source(decode(data, "bench")).model_dump_json()
    return len(texts) / (time.perf_counter() - start), (time.process_time() - cpu) / len(texts)


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _best(work: Callable[[], None]) -> float:
    """The shortest time of one call, in seconds."""
    work()
    found = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        for _ in range(ROUNDS // REPEATS):
            work()
        found.append((time.perf_counter() - start) / (ROUNDS // REPEATS))
    return min(found)


if __name__ == "__main__":
    main()
