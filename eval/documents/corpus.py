"""Files of texts that tools made of made-up reports: JSON Lines as eval/dataset.py reads them, and the tools' versions beside.

Run as a program it makes the corpus that is committed: python -m nianbao.eval.documents.corpus PYTHON, where PYTHON is an
interpreter that has the libraries.
"""

import json
import lzma
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from .extracted import extract_all, make_jobs
from .tools import NAMES, RECOGNISER, open_tools, printers

CORPUS = Path(__file__).parents[1] / "extracted.jsonl.xz"
SEED = 15


@dataclass(frozen=True, slots=True)
class Made:
    """What came of it. count: texts written. failures: why a text could not be made or accounted for. missing: tool → why."""

    count: int
    failures: tuple[str, ...]
    missing: Mapping[str, str]


def make_extracted(path: Path, shares: Sequence[tuple[Sequence[str], int]], seed: int, python: str) -> Made:
    """Write a file of texts, compressed where its name ends in .xz, and PATH.tools.json: tool, or program that prints, → version.

    shares: tools, and how many texts are made through them by turns; tools that are missing are left out. python: an
    interpreter that has the libraries. Raises OSError where the file cannot be written, ValueError where no tool is there.
    """
    failures: list[str] = []
    with open_tools(python) as tools:
        through = [([name for name in names if name in tools.found], count) for names, count in shares]
        used = sorted({name for names, _ in through for name in names})
        if not used:
            raise ValueError(
                "; ".join(f"{n}: {tools.missing.get(n, 'no such tool')}" for names, _ in shares for n in names)
            )
        jobs = chain.from_iterable(make_jobs(tools, names, count, seed) for names, count in through if names)
        lines = [json.dumps(e.as_line(), ensure_ascii=False) for e in extract_all(jobs, tools, failures)]
        data = "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogatepass")
        path.write_bytes(lzma.compress(data, preset=9) if path.suffix == ".xz" else data)
        versions = {name: tools.found[name] for name in used} | printers()
        path.with_name(f"{path.name}.tools.json").write_text(json.dumps(versions, indent=1) + "\n", encoding="utf-8")
        wanted = {name for names, _ in shares for name in names}
        return Made(len(lines), tuple(failures), {n: why for n, why in tools.missing.items() if n in wanted})


def main(python: str) -> None:
    quick = [name for name in NAMES if name != RECOGNISER]
    made = make_extracted(CORPUS, [(quick, 10 * len(quick)), ((RECOGNISER,), 8)], SEED, python)
    print(
        f"{CORPUS}: {made.count} texts", *made.failures, *(f"{n}: {why}" for n, why in made.missing.items()), sep="\n"
    )


if __name__ == "__main__":
    main(sys.argv[1])
