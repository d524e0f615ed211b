"""Huge and hostile texts: refused or read, with work that grows with the text and no faster."""

import contextlib
import subprocess
import sys
from collections.abc import Callable

import pytest

from nianbao import InputError, extract

from .conftest import SAMPLES, WHOLE, some
from .growth import DISCLOSURE, FRAMES, GROWTH, REQUESTS, ROOT, UNITS, growth, texts, work
from .patterns.__main__ import grows


def answered(text: str) -> None:
    with contextlib.suppress(InputError):
        extract(text)


@pytest.mark.parametrize(("name", "unit", "frame"), list(texts(4 if WHOLE else 16)), ids=repr)
def test_work_grows_as_the_text_does(name: str, unit: str, frame: str) -> None:  # noqa: ARG001  # the name is for the report
    """Twice the text takes at most 2.5 times the work, counted and not timed; all of them: python -m tests.growth."""
    assert growth(unit, frame, 10_000) <= GROWTH


def test_the_count_sees_what_grows_faster() -> None:
    """What it counts of a text is there, and more for a longer one: else nothing would be proved."""
    few, many = (work(REQUESTS + "规章 0 0 0\n" * n) for n in (50, 100))
    assert 1_000 < few < many


def test_no_pattern_backtracks() -> None:
    """A pattern of the program, against strings made from it: its steps grow as the strings do; and none is out of sight."""
    command = [sys.executable, "-m", "tests.patterns", "--every", str(some(16))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("pattern", "backtracks"),
    [
        (r"(?:a+)+b", True),
        (r"(?:a|aa)+$", True),
        (r"\s*\|?\s*$", True),
        (r"\d+\.?\d*x", True),
        (r"x[^()]*y[^()]*z", True),
        (r"a{0,8}b", False),
        (r"(?:ab?)+c?", False),
        (r"\|[^|]{0,20}\|", False),
        (r"(?>a+)b", True),
        (r"[0-9]", False),
    ],
)
def test_the_check_of_patterns_knows_one_that_backtracks(pattern: str, backtracks: bool) -> None:
    """Sought everywhere in a text, a pattern that begins with a run of what it may stop at is looked at again from each place."""
    assert (grows(pattern, 0, everywhere=True)[0] > GROWTH) == backtracks


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
@pytest.mark.parametrize("unit", UNITS, ids=repr)
def test_hostile_text_is_answered(unit: str, frame: str) -> None:
    """A text that repeats one thing is answered with an extraction or an InputError, never otherwise."""
    answered(frame.format(unit * ((60_000 if WHOLE else 5_000) // len(unit))))


@pytest.mark.parametrize(
    "make", [lambda n: "（" * n, lambda n: REQUESTS + "规章 0\n" * (n // 5), lambda n: DISCLOSURE + "0 " * (n // 2)]
)
def test_five_megabytes(make: Callable[[int], str]) -> None:
    """Five megabytes of brackets, label fragments or digits end."""
    answered(make(1_700_000))


def test_a_long_prose_report_is_read() -> None:
    """A genuine report with two million characters of prose is read, and its tables are what they were."""
    sample = SAMPLES[4]
    text = sample.text.replace(
        "二、主动公开政府信息情况", ("工作有序推进。" * 20 + "\n") * 15_000 + "二、主动公开政府信息情况", 1
    )
    found = extract(text)
    assert (found.status, found.report and found.report.requests) == (
        "verified",
        sample.extraction.report and sample.extraction.report.requests,
    )
