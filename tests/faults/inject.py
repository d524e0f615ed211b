"""Every call of a run fails in turn, by a shim that is preloaded: nothing may be lost, and nothing told but what went wrong."""

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nianbao.pipeline.errors import NianbaoError

from .small import files, make_inputs, run

KINDS = ("write", "rename", "fsync", "read")
SOURCE = Path(__file__).with_name("shim.c")


@dataclass(frozen=True)
class Fault:
    """A call that fails: of which kind, which one, and whether all after it do too. breach: what a run did that it must not."""

    kind: str
    at: int
    stays: bool
    breach: str = ""


def compiler() -> str | None:
    return shutil.which("cc") if sys.platform == "linux" else None


def build(folder: Path) -> Path:
    made = folder / "shim.so"
    subprocess.run([compiler() or "cc", "-shared", "-fPIC", "-O1", "-o", made, SOURCE, "-ldl"], check=True)
    return made


class Shim:
    """The shim that this process was started with, as LD_PRELOAD."""

    def __init__(self) -> None:
        self._shim = ctypes.CDLL(os.environ["LD_PRELOAD"])

    def arm(self, folder: Path, kind: str, at: int, stays: bool = False) -> None:
        self._shim.shim_arm(str(folder).encode(), KINDS.index(kind), ctypes.c_long(at), int(stays))

    def disarm(self) -> None:
        self._shim.shim_disarm()

    def calls(self, kind: str) -> int:
        return int(self._shim.shim_calls(KINDS.index(kind)))

    @property
    def failed(self) -> int:
        return int(self._shim.shim_failed())


def faults(home: Path, every: int) -> Iterator[Fault]:
    """Fail every so-manieth call of each kind, and from it all that come after; and after each go on undisturbed.

    The law: a failed run says so as an error of ours or comes to its end; the same command then comes to the end, with the very
    files of a run that nothing befell.
    """
    shim, inputs = Shim(), make_inputs(home)
    run(inputs, home / "warm")
    shim.arm(home, "read", 1 << 40)
    run(inputs, home / "whole")
    counts = {kind: shim.calls(kind) for kind in KINDS}
    shim.disarm()
    whole = files(home / "whole")
    for kind in KINDS:
        for at in range(0, counts[kind], every):
            for stays in (False, True):
                yield Fault(kind, at, stays, _breach(shim, inputs, home, (kind, at, stays), whole))


def _breach(shim: Shim, inputs: Path, home: Path, fault: tuple[str, int, bool], whole: dict[str, bytes]) -> str:
    out = home / "out"
    shutil.rmtree(out, ignore_errors=True)
    shim.arm(home, *fault)
    try:
        run(inputs, out)
    except NianbaoError:
        pass
    except BaseException as error:
        return f"raised {error!r}"
    finally:
        shim.disarm()
    try:
        run(inputs, out)
    except BaseException as error:
        return f"does not go on: {error!r}"
    return "" if files(out) == whole else f"other files: {sorted(_differing(files(out), whole))}"


def _differing(one: dict[str, bytes], other: dict[str, bytes]) -> set[str]:
    return {name for name in {*one, *other} if one.get(name) != other.get(name)}
