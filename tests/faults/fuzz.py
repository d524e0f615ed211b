"""The files of a run's folder damaged, as a disk or a stranger might: told of or mended, and never taken for what was written."""

import json
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from nianbao.pipeline.errors import NianbaoError
from nianbao.pipeline.many.ledger import TEXTS

from .small import files, make_inputs, run

ODD: tuple[Any, ...] = (None, -1, 0, 1 << 70, 1.5, "", "\ud800", "../../x", [], {}, True, [[[]]])


@dataclass(frozen=True)
class Damage:
    """A file that was damaged, how, and with which seed. came_of: "told" or "mended"; breach: what must not be."""

    file: str
    how: str
    seed: int
    came_of: str
    breach: str = ""


def _flipped(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data or b"\0")
    changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _odd(data: bytes, chance: random.Random) -> bytes:
    """One value of a file of JSON is another."""
    try:
        held = json.loads(data.splitlines()[0] if data.count(b"\n{") else data)
    except (ValueError, IndexError):
        return _flipped(data, chance)
    places: list[tuple[Any, Any]] = []

    def walk(value: Any) -> None:
        for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
            places.append((value, key))
            walk(value[key])

    walk(held)
    if not places:
        return b"[]"
    holder, key = chance.choice(places)
    holder[key] = chance.choice([odd for odd in ODD if odd != holder[key]])
    return json.dumps(held).encode()


HOW: dict[str, Callable[[bytes, random.Random], bytes | None]] = {
    "gone": lambda _, __: None,
    "empty": lambda _, __: b"",
    "cut short": lambda data, chance: data[: chance.randrange(len(data) + 1)],
    "a bit flipped": _flipped,
    "another value": _odd,
    "noise": lambda _, chance: chance.randbytes(chance.randrange(400)),
    "twice": lambda data, _: data * 2,
    "deep": lambda _, __: b"[" * 100_000,
}


def damages(home: Path, each: int, every: int = 1) -> Iterator[Damage]:
    """Damage every file of a run in every way, so often, and go on with the run. every: of file and way, only every so-manieth pair.

    The law: either an error of ours says so, or the files are in the end those of a run that nothing befell.
    """
    inputs, whole = make_inputs(home), home / "whole"
    run(inputs, whole)
    expected = files(whole)
    for name, how in list(product([*expected, "log.jsonl", TEXTS], HOW))[::every]:
        for seed in range(1 if how in ("gone", "empty", "twice", "deep") else each):
            out = home / "out"
            shutil.rmtree(out, ignore_errors=True)
            shutil.copytree(whole, out)
            data = HOW[how]((out / name).read_bytes(), random.Random(f"{name} {how} {seed}"))
            if data is None:
                (out / name).unlink()
            else:
                (out / name).write_bytes(data)
            yield Damage(name, how, seed, *_came_of(inputs, out, expected))


def _came_of(inputs: Path, out: Path, expected: dict[str, bytes]) -> tuple[str, str]:
    try:
        run(inputs, out)
    except NianbaoError:
        return "told", ""
    except BaseException as error:
        return "", f"raised {error!r}"
    found = files(out)
    other = sorted(name for name in {*found, *expected} if found.get(name) != expected.get(name))
    return ("", f"other files: {other}") if other else ("mended", "")
