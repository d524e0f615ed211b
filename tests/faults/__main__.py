"""Inject the faults, fuzz the files, print the counts: python -m tests.faults --help."""

import argparse
import os
import sys
from collections import Counter
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
    counts, breaches = Counter[str](), 0
    with TemporaryDirectory() as home:
        for fault in faults(Path(home).resolve(), every):
            counts[fault.kind] += 1
            if fault.breach:
                breaches += 1
                print(f"{fault.kind} {fault.at}{' and all after' if fault.stays else ''}: {fault.breach}")
    told = ", ".join(f"{kind} {counts[kind]:,}" for kind in KINDS)
    print(f"faults injected: {counts.total():,} ({told}); breaches: {breaches}")
    return breaches


def _fuzz(each: int) -> int:
    counts, breaches = Counter[str](), 0
    with TemporaryDirectory() as home:
        for damage in damages(Path(home).resolve(), each):
            counts[damage.came_of] += 1
            if damage.breach:
                breaches += 1
                print(f"{damage.file} {damage.how} ({damage.seed}): {damage.breach}")
    print(
        f"run files fuzzed: {counts.total():,} (told {counts['told']:,}, mended {counts['mended']:,}); breaches: {breaches}"
    )
    return breaches


if __name__ == "__main__":
    sys.exit(main())
