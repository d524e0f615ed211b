"""Calls to the system that fail, and files of a run that are damaged; `python -m tests.faults` tries all of them."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from .conftest import WHOLE, some
from .faults.fuzz import damages
from .faults.inject import compiler

ROOT = Path(__file__).parent.parent


def test_no_failing_call_loses_anything() -> None:
    """A run of which a write, rename, fsync or read fails says so or ends well; then the same command gives the very same files."""
    if compiler() is None:
        if os.environ.get("NEEDS_COMPILER"):
            pytest.fail("there is no C compiler, and NEEDS_COMPILER is set")
        pytest.skip("there is no C compiler, or this is not Linux")
    command = [sys.executable, "-m", "tests.faults", "--only", "faults", "--every", "29" if WHOLE else "293"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, "breaches: 0" in done.stdout) == (0, True), done.stdout + done.stderr


def test_no_damaged_file_is_taken_for_what_was_written(tmp_path: Path) -> None:
    """A run of whose folder a file is damaged says so, or mends it."""
    every = some(7)
    found = list(damages(tmp_path, 1, every))
    assert [damage for damage in found if damage.breach] == []
    came_of = Counter(damage.came_of for damage in found)
    assert min(came_of["told"], came_of["mended"]) > 20 / every
