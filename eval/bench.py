"""Speed over the samples: reports a second on one core, beside the bare work of decoding, validating and dumping.

make bench
"""

import time
from collections.abc import Callable

from ..pipeline.decode import decode
from ..pipeline.extract import extract_source
from ..schemas.extraction import Extraction
from .dataset import SAMPLES, load_dataset

ROUNDS = 100
REPEATS = 5


def main() -> None:
    """Print the time of each step per report, the best of several repeats, and the ratio to the bare work."""
    texts = [case.text.encode() for case in load_dataset(SAMPLES).cases]
    done = [(data, extract_source(decode(data, "bench")).model_dump_json()) for data in texts]

    def read() -> None:
        for data, _ in done:
            extract_source(decode(data, "bench")).model_dump_json()

    def bare() -> None:
        for data, json in done:
            decode(data, "bench")
            Extraction.model_validate_json(json).model_dump_json()

    times = {
        "extract (bytes to JSON)": _best(read) / len(done),
        "bare work (decode, validate, dump)": _best(bare) / len(done),
    }
    for name, seconds in times.items():
        print(f"{name:<36} {seconds * 1e3:6.2f} ms a report   {1 / seconds:7,.0f} reports/s on one core")
    slow, fast = times.values()
    print(f"{'ratio':<36} {slow / fast:6.1f}")


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
