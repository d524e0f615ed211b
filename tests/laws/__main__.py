"""Run the law and print what comes of it: python -m tests.laws --help."""

import argparse
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from multiprocessing import Pool

from .changes import KINDS
from .layouts import LAYOUTS
from .verdict import Case, Verdict, cases, judge

DEFAULT = 8


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.laws",
        description="Change clean reports in one place, everywhere: is what is vouched for what a careful person reads?",
    )
    parser.add_argument(
        "--each", type=int, default=DEFAULT, help="cases of every kind in every layout, times its weight; 0: all"
    )
    parser.add_argument(
        "--kind", nargs="+", choices=KINDS, default=list(KINDS), metavar="KIND", help="these kinds alone"
    )
    parser.add_argument(
        "--layout", nargs="+", choices=LAYOUTS, default=list(LAYOUTS), metavar="LAYOUT", help="these layouts alone"
    )
    parser.add_argument("--show", type=int, default=0, metavar="N", help="show the first N silent cases of every kind")
    parser.add_argument(
        "--doubts", type=int, default=0, metavar="N", help="show the first N cases of every kind with doubts"
    )
    parser.add_argument("--text", metavar="CASE", help="print the text of one case, and do no more")
    parser.add_argument("--case", metavar="CASE", help="judge one case")
    parser.add_argument("--kinds", action="store_true", help="list the kinds of change, and do no more")
    parser.add_argument("--processes", type=int, default=2, metavar="N")
    return parser.parse_args()


def main() -> int:
    """0 if nothing wrong is vouched for, else 1."""
    wanted = arguments()
    if wanted.kinds:
        for name, kind in KINDS.items():
            print(f"{name}: {' '.join(kind.about.split())}")
        return 0
    if wanted.text:
        print(Case.named(wanted.text).text(), end="")
        return 0
    chosen = [Case.named(wanted.case)] if wanted.case else cases(wanted.each, wanted.kind, wanted.layout)
    with Pool(wanted.processes) as pool:
        verdicts = pool.map(judge, chosen, chunksize=50)
    one = wanted.case is not None
    for name in KINDS:
        group = [v for v in verdicts if v.case.kind == name]
        for verdict in [v for v in group if v.silent][: wanted.show + one]:
            show(verdict, "vouched for, and read", [f"{path}: {found}, {read}" for path, found, read in verdict.silent])
        for verdict in [v for v in group if v.doubtful][: wanted.doubts + one]:
            show(verdict, "in doubt", verdict.doubtful)
    for clean, title in ((False, "changed"), (True, "clean")):
        some = [v for v in verdicts if KINDS[v.case.kind].clean == clean]
        table(title, some, lambda v: v.case.kind)
        table(f"{title}, by layout", some, lambda v: v.case.layout)
    return 1 if any(v.silent for v in verdicts) else 0


def show(verdict: Verdict, what: str, cells: Sequence[str], most: int = 6) -> None:
    print(f"{verdict.case}\n  {verdict.status}; {what}:")
    for cell in cells[:most]:
        print(f"    {cell}")
    if len(cells) > most:
        print(f"    and {len(cells) - most} more")


def table(title: str, verdicts: Iterable[Verdict], by: Callable[[Verdict], str]) -> None:
    """Cases, how many of them are vouched for whole, cells vouched for and in doubt, and what is silent."""
    rows: defaultdict[str, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        rows[by(verdict)].append(verdict)
    if not rows:
        return
    rows["all"] = [v for group in rows.values() for v in group]
    wide = max(map(len, [title, *rows]))
    print(f"\n{title:{wide}}  cases  whole  cells vouched for  in doubt  silent cells  silent cases")
    for name, group in rows.items():
        printed = max(sum(v.printed for v in group), 1)
        doubt, silent = 100 * sum(len(v.doubtful) for v in group) / printed, sum(len(v.silent) for v in group)
        print(
            f"{name:{wide}} {len(group):6} {sum(v.whole for v in group):6} {100 - doubt:16.1f}% {doubt:8.1f}%"
            f" {silent:13} {sum(bool(v.silent) for v in group):13}"
        )


if __name__ == "__main__":
    sys.exit(main())
