"""Read for minutes in the same processes, good reports and hostile ones: is their memory flat? python -m tests.soak --help."""

import argparse
import asyncio
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from nianbao.pipeline.many.pool import Pool
from nianbao.pipeline.many.runner import PoolRunner
from nianbao.pipeline.many.sources import Given

from .conftest import SAMPLES
from .made_up_runs import line

GROWTH = 1.1
"""Of the most memory of a process, from the second quarter of the time to the last."""
_PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> int:
    """0 if the memory is flat, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    tell = asyncio.run(soak(wanted.minutes * 60, wanted.seed))
    quarters = [tell.most(n) for n in range(4)]
    print(f"reports read: {tell.counts.total():,} ({', '.join(f'{n:,} {s}' for s, n in sorted(tell.counts.items()))})")
    for who, mb in zip(("this process", "the workers"), zip(*quarters, strict=True), strict=True):
        print(f"most memory of {who}, by quarter of the time: {', '.join(f'{m:.0f}' for m in mb)} MB")
    is_flat = all(0 < last <= GROWTH * second for second, last in zip(quarters[1], quarters[3], strict=True))
    print("memory is flat" if is_flat else f"memory grows by more than {GROWTH:g}")
    return 0 if is_flat else 1


class Tell:
    """What was read, and the memory of this process and of the largest worker, now and then."""

    def __init__(self, seconds: float) -> None:
        self.counts: Counter[str] = Counter()
        self._seconds, self._start = seconds, time.monotonic()
        self._seen: list[tuple[float, float, float]] = []

    @property
    def is_over(self) -> bool:
        return time.monotonic() - self._start > self._seconds

    def look(self) -> None:
        workers = [int(p) for t in Path("/proc/self/task").iterdir() for p in (t / "children").read_text().split()]
        self._seen.append(
            (time.monotonic() - self._start, resident(os.getpid()), max(map(resident, workers), default=0))
        )

    def most(self, quarter: int) -> tuple[float, float]:
        """The most memory in a quarter of the time, in MB: of this process, of a worker."""
        part = [s for s in self._seen if min(3, int(4 * s[0] / self._seconds)) == quarter]
        return max((s[1] for s in part), default=0), max((s[2] for s in part), default=0)


def resident(process: int) -> float:
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * _PAGE_MB
    except OSError:
        return 0


async def soak(seconds: float, seed: int) -> Tell:
    tell = Tell(seconds)
    async with Pool(2) as pool:
        runner = PoolRunner(pool, "rules", None)
        for shard in shards(random.Random(seed)):
            tell.counts.update(found.facts.status for found in await runner.read(shard))
            tell.look()
            if tell.is_over:
                return tell
    return tell


def shards(chance: random.Random) -> Iterator[Sequence[Given]]:
    """Reports without end: as they are, torn, repeated, of another encoding, noise."""
    texts = [sample.text for sample in SAMPLES] + [line(f"县{n}")["text"] for n in range(5)]
    while True:
        yield [Given(f"{n}", _changed(chance.choice(texts), chance)) for n in range(20)]


def _changed(text: str, chance: random.Random) -> str | bytes:
    start, end = sorted(chance.randrange(len(text)) for _ in range(2))
    changes: list[str | bytes] = [
        text,
        text[:start] + text[end:],
        text.encode("gb18030", "replace"),
        text[:start] + chance.choice("|<（0 \n") * 2_000 + text[start:],
        chance.randbytes(5_000),
        "",
    ]
    return chance.choice(changes)


if __name__ == "__main__":
    sys.exit(main())
