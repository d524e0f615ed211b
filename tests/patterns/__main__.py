"""Try every regular expression of the program and print what came of it: python -m tests.patterns [--every N]."""

import argparse
import ast
import importlib
import math
import pkgutil
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from functools import cache
from pathlib import Path
from typing import Any

from .steps import Program, letters, pumped

ROOT = Path(__file__).parent.parent.parent
FOLDERS = ("pipeline", "schemas", "prompts", "nianbao")
ANCHORED = ("match", "fullmatch")
FEW, MANY, MOST = 150, 300, 1_000_000
"""So often a string is repeated, then twice as often; so many steps are counted at most."""
GROWTH = 2.5
_LETTERS = 12


def main() -> int:
    """0 where the steps of every pattern grow as the text does, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.patterns", description=__doc__)
    parser.add_argument("--every", type=int, default=1, metavar="N", help="try every N-th pattern")
    wanted = parser.parse_args()
    made = _recorded()
    unseen = sorted(where for where in _written() if where not in {w for _, _, w in made})
    searched = _searched()
    bad, worst, tried = [], 0.0, 0
    patterns = list({(p, f): where for p, f, where in sorted(made, key=str)}.items())[:: wanted.every]
    for (pattern, flags), where in patterns:
        everywhere = searched.get(where, True)
        growth, text, count = grows(pattern, flags, everywhere=everywhere)
        tried += count
        worst = max(worst, growth)
        if growth > GROWTH:
            bad.append(f"{where}: steps grow by {growth:.1f} where {text!r} is twice as long: {pattern[:120]!r}")
    print(
        f"patterns tried: {len(patterns):,}, with {tried:,} strings; greatest growth of steps: {worst:.2f}; backtracking: {len(bad)}"
    )
    for line in (*bad, *(f"{where}: a pattern that was not made" for where in unseen)):
        print(line)
    return 1 if bad or unseen else 0


def grows(pattern: str | bytes, flags: int, *, everywhere: bool) -> tuple[float, str, int]:
    """By how much the steps grow, at most, where a string is twice as long; which; how many were tried.

    Where they grow too fast nothing else is tried.
    """
    text = pattern.decode("latin-1") if isinstance(pattern, bytes) else pattern
    program = Program(text, flags & ~re.UNICODE if isinstance(pattern, bytes) else flags)
    worst, which, tried = 0.0, "", 0
    for before, unit in _strings(program):
        counts = []
        for times in (FEW, MANY):
            counts.append(program.steps(f"{before}{unit * times}\1", everywhere=everywhere, most=MOST))
            tried += 1
            if counts[-1] >= MOST:
                return math.inf, f"{before}({unit})*", tried
        growth = counts[1] / max(counts[0], 1)
        if growth > worst:
            worst, which = growth, f"{before}({unit})*"
        if worst > GROWTH:
            break
    return worst, which, tried


def _strings(program: Program) -> list[tuple[str, str]]:
    """Beginnings, and what is repeated behind them: what each repetition repeats, letters of the pattern, and two of them in turn."""
    own = list(dict.fromkeys(letters(program.tree, program.flags)))
    few = own[: _LETTERS // 2] + own[-_LETTERS // 2 :]
    found = [
        *pumped(program.tree, program.flags),
        *(("", one) for one in few),
        *(("", a + b) for a in few[:4] for b in few[-4:] if a != b),
    ]
    return list(dict.fromkeys((before[-200:], unit) for before, unit in found if unit))


def _recorded() -> set[tuple[Any, int, str]]:
    """Every pattern that the program makes, its flags, and where: all its modules are imported, and reports read."""
    found: set[tuple[Any, int, str]] = set()

    def noting(make: Callable[..., Any]) -> Callable[..., Any]:
        def made(pattern: Any, *rest: Any, **named: Any) -> Any:
            frame = sys._getframe(1)
            module = _module_at(frame.f_code.co_filename)
            if module and not isinstance(pattern, re.Pattern):
                flags = named.get("flags", rest[0] if make is compiled and rest else 0)
                found.add((pattern, int(flags), f"{module}:{frame.f_lineno}"))
            return make(pattern, *rest, **named)

        return made

    compiled = re.compile
    for name in ("compile", "match", "search", "fullmatch", "split", "sub", "findall", "finditer"):
        setattr(re, name, noting(getattr(re, name)))
    package = importlib.import_module("nianbao.pipeline")
    for module in pkgutil.walk_packages(package.__path__, "nianbao.pipeline."):
        if "cluster" not in module.name and "askers" not in module.name and "node" not in module.name:
            importlib.import_module(module.name)
    _read()
    return found


@cache
def _module_at(file: str) -> str | None:
    """The file of a module of the program → its name; of another: None."""
    path = Path(file).resolve()
    if not path.is_relative_to(ROOT) or path.relative_to(ROOT).parts[0] not in FOLDERS:
        return None
    return path.relative_to(ROOT).as_posix()


def _read() -> None:
    """What makes a pattern on its way is done: reports read, help asked for, a cache looked at."""
    import sqlite3
    from tempfile import TemporaryDirectory

    from click.testing import CliRunner
    from nianbao.eval.dataset import EXTRACTED, SAMPLES, load_dataset
    from nianbao.pipeline.cli.main import main
    from nianbao.pipeline.extract import REPORT
    from nianbao.pipeline.language import first_named
    from nianbao.pipeline.llm.cache import clear
    from nianbao.pipeline.llm.wire import list_rows

    from nianbao import InputError, SettingsError, extract

    for case in (*load_dataset(SAMPLES).cases, *load_dataset(EXTRACTED).cases[::7]):
        with suppress(InputError):
            extract(case.text)
    CliRunner().invoke(main, ["bulk", "--help", "--lang", "zh"], env={"NIANBAO_LANG": "zh"})
    with TemporaryDirectory() as folder:
        with closing(sqlite3.connect(Path(folder, "cache.db"))) as db:
            db.execute("CREATE TABLE Cache (key)")
            db.execute("INSERT INTO Cache VALUES ('a')")
            db.commit()
        with suppress(SettingsError):
            clear(Path(folder))
    list_rows(REPORT)
    first_named("zh")


def _written() -> Iterator[str]:
    """Where the program makes patterns, as written."""
    for name, _, nodes in _modules():
        for node in nodes:
            if isinstance(node, ast.Call) and re.match(r"re\.(?!escape)\w+$", ast.unparse(node.func)):
                yield f"{name}:{node.lineno}"


def _searched() -> dict[str, bool]:
    """Where a pattern is made → whether it is looked for everywhere; where it only matches at a place, it is not."""
    found: dict[str, bool] = {}
    for name, text, nodes in _modules():
        for node in nodes:
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {f"re.{use}" for use in ANCHORED}:
                found[f"{name}:{node.lineno}"] = False
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                uses = set(re.findall(rf"\b{node.targets[0].id}\.(\w+)", text)) - {"pattern", "flags", "groups"}
                found[f"{name}:{node.value.lineno}"] = not uses or not uses <= set(ANCHORED)
    return found


@cache
def _modules() -> list[tuple[str, str, list[ast.AST]]]:
    """Name, text and nodes of each module of the program."""
    found = []
    for path in sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        found.append((path.relative_to(ROOT).as_posix(), text, list(ast.walk(ast.parse(text)))))
    return found


if __name__ == "__main__":
    sys.exit(main())
