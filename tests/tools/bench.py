"""Speed of the rules, side by side in one run: over the samples beside the bare work, then layout by layout.

make bench
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import islice
from operator import itemgetter

from nianbao.eval.dataset import SAMPLES, load_dataset
from nianbao.eval.mess import make_reports
from nianbao.pipeline.errors import InputError
from nianbao.pipeline.extract import extract_source
from nianbao.pipeline.source.decode import decode
from nianbao.schemas.extraction import Extraction

REPEATS = 5
ROUNDS = 20
REPORTS = 20
"""Made-up reports of each layout."""
_EASY = "tabs"


def main() -> None:
    """Print the time of each step, the best of several repeats, and the ratios."""
    samples = [case.text.encode() for case in load_dataset(SAMPLES).cases]
    done = [(data, extract_source(decode(data, "bench")).model_dump_json()) for data in samples]

    def bare() -> None:
        for data, json in done:
            decode(data, "bench")
            Extraction.model_validate_json(json).model_dump_json()

    full = _best(partial(_read, samples), ROUNDS) / len(samples)
    least = _best(bare, ROUNDS) / len(samples)
    print(_line("samples: bytes to JSON", full, 1.0))
    print(_line("the bare work: decode, validate, dump", least, least / full))
    times = {name: _best(partial(_read, texts), 1) / len(texts) for name, texts in _made_up()}
    print("\nmade-up reports, plain and with the damage of difficulty 3, beside the plain ones with tabs")
    for name, seconds in sorted(times.items(), key=itemgetter(1)):
        print(_line(name, seconds, seconds / times[_EASY]))


def _made_up() -> Iterator[tuple[str, Sequence[bytes]]]:
    """Name of a layout → its reports, undamaged, then hard ones of all layouts, then the slowest of those alone."""
    plain: dict[str, list[bytes]] = {}
    for report in make_reports(4000, seed=1):
        if not report.done or report.layout in ("aligned", "columns", "run_together"):
            plain.setdefault(report.layout, []).append(report.text.encode())
    yield from ((name, texts[:REPORTS]) for name, texts in plain.items())
    hard = [report.text.encode() for report in islice(make_reports(100, seed=2, difficulty=3), 100)]
    yield "difficulty 3", hard
    yield "difficulty 3, the slowest", [max(hard, key=lambda text: _best(partial(_read, [text]), 1))]


def _read(texts: Sequence[bytes]) -> None:
    for text in texts:
        with suppress(InputError):
            extract_source(decode(text, "bench")).model_dump_json()


def _line(name: str, seconds: float, ratio: float) -> str:
    return f"{name:<40}{seconds * 1e3:8.2f} ms a report{1 / seconds:9,.0f} reports/s on one core{ratio:8.2f}"


def _best(work: Callable[[], None], rounds: int) -> float:
    """The shortest processor time of one call, in seconds."""
    work()
    found = []
    for _ in range(REPEATS):
        start = time.process_time()
        for _ in range(rounds):
            work()
        found.append((time.process_time() - start) / rounds)
    return min(found)


if __name__ == "__main__":
    main()
