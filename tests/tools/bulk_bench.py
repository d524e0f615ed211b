"""Speed and memory of a bulk run by rules over made-up reports, beside one bare core in the same minutes.

make bench
python -m tests.tools.bulk_bench --count 100000
"""

import json
import resource
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from nianbao.eval.mess import make_reports
from nianbao.pipeline.extract import extract_source
from nianbao.pipeline.source.decode import decode

BARE = 200
"""So many of the reports are read on one bare core before the bulk run, and again after it."""


@click.command()
@click.option("--count", default=2_000, show_default=True, help="Made-up reports.")
def main(count: int) -> None:
    """Print reports a second, the largest process, and the processor time of a report in a bulk run beside a bare core."""
    with TemporaryDirectory() as folder:
        bulk(count, Path(folder))


def bulk(count: int, folder: Path) -> None:
    """Print the time of a bulk run by rules over made-up reports, beside one bare core in the same minutes."""
    source = folder / "reports.jsonl"
    with source.open("w", encoding="utf-8") as file:
        for made in make_reports(count, seed=1):
            file.write(json.dumps({"name": made.name, "text": made.text}, ensure_ascii=False) + "\n")
    (before, cpu), used = _bare_rate(count), _cpu_of_children()
    command = [
        sys.executable,
        "-c",
        "from nianbao.pipeline.cli.main import main; main()",
        "bulk",
        str(source),
        "--engine",
    ]
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


if __name__ == "__main__":
    main()
