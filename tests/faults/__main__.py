"""Inject the faults, fuzz the files, print the counts: python -m tests.faults --help."""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from .fuzz import damages
from .inject import KINDS, build, compiler, faults


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.faults",
        description="A bulk run whose calls fail in turn, and whose files are damaged: nothing lost, nothing let in?",
    )
    parser.add_argument("--every", type=int, default=1, metavar="N", help="fail every N-th call")
    parser.add_argument("--each", type=int, default=20, metavar="N", help="damage each file so often in each way")
    parser.add_argument("--only", choices=["faults", "files"], help="only these")
    return parser.parse_args()


def main() -> int:
    """0 if every law holds, else 1."""
    wanted = arguments()
    breaches = 0
    if wanted.only != "files":
        breaches += _inject(wanted.every)
    if wanted.only != "faults":
        breaches += _fuzz(wanted.each)
    return 1 if breaches else 0


def _inject(every: int) -> int:
    if "LD_PRELOAD" not in os.environ:
        if compiler() is None:
            print("faults: not injected, there is no C compiler for the shim")
            return 1
        with TemporaryDirectory() as folder:
            preloaded = {**os.environ, "LD_PRELOAD": str(build(Path(folder)))}
            command = [sys.executable, "-m", "tests.faults", "--only", "faults", "--every", str(every)]
            return os.spawnve(os.P_WAIT, sys.executable, command, preloaded)
    with TemporaryDirectory() as home:
        tried = [
            (f.kind, f"{f.at}{' and all after' if f.stays else ''}", f.breach)
            for f in faults(Path(home).resolve(), every)
        ]
    counts, breaches = _told(tried)
    told = ", ".join(f"{kind} {counts[kind]:,}" for kind in KINDS)
    print(f"faults injected: {counts.total():,} ({told}); breaches: {breaches}")
    return breaches


def _fuzz(each: int) -> int:
    with TemporaryDirectory() as home:
        tried = [(d.came_of, f"{d.file} {d.how} ({d.seed})", d.breach) for d in damages(Path(home).resolve(), each)]
    counts, breaches = _told(tried)
    told = f"told {counts['told']:,}, mended {counts['mended']:,}"
    print(f"run files fuzzed: {counts.total():,} ({told}); breaches: {breaches}")
    return breaches


def _told(tried: Iterable[tuple[str, str, str]]) -> tuple[Counter[str], int]:
    """Kind, place and breach of each → how many there are of each kind, and how many broke a law, which are printed."""
    counts, breaches = Counter[str](), 0
    for kind, where, breach in tried:
        counts[kind] += 1
        if breach:
            breaches += 1
            print(f"{kind} {where}: {breach}")
    return counts, breaches


if __name__ == "__main__":
    sys.exit(main())
