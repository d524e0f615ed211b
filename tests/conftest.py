"""Samples and their gold, for every test."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from nianbao.eval import dataset
from nianbao.eval.dataset import Case, load_dataset
from nianbao.pipeline.llm.configuration import SHARED_KEYS, VARIABLES
from nianbao.pipeline.many import pool
from nianbao.pipeline.many.limits import VARIABLE
from nianbao.pipeline.page import Page, lay_out
from nianbao.pipeline.readers.rules import ByRules, judge_rules
from nianbao.pipeline.source.decode import Source
from nianbao.schemas.form import Form

from nianbao import Extraction, extract

EXAMPLES = int(os.environ.get("EXAMPLES", "25"))
"""Of each law that is tried on drawn cases: few in `make test`, more in `make laws`."""

WHOLE = bool(os.environ.get("WHOLE"))
"""Whether all is tried of which `make test` tries some; `.ci/run` does."""


def some(every: int) -> int:
    """Of how many one is tried: of so many in `make test`, all where the whole is wanted."""
    return 1 if WHOLE else every


settings.register_profile("nianbao", deadline=None, max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("nianbao")


@dataclass(frozen=True)
class Sample:
    """A sample report, its gold, and what comes of it unchanged."""

    case: Case
    extraction: Extraction

    @property
    def name(self) -> str:
        return self.case.name

    @property
    def text(self) -> str:
        return self.case.text

    @property
    def gold(self) -> Mapping[str, Any]:
        return self.case.gold.record

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        printer.text(self.name)


CASES = load_dataset(dataset.SAMPLES).cases
SAMPLES: Sequence[Sample] = [Sample(case, extract(case.text, name=case.name)) for case in CASES]

SURE = SAMPLES[1:]
"""The samples of which every cell is sure: of the first, the edge of a page cut two rows off."""


@pytest.fixture(params=SAMPLES, ids=lambda s: s.name[:3])
def sample(request: pytest.FixtureRequest) -> Sample:
    found: Sample = request.param
    return found


@pytest.fixture(scope="session")
def samples() -> Sequence[Sample]:
    return SAMPLES


class Inline:
    """A worker that is this process: what it gives, without the second or two that a process of its own takes to start."""

    def __init__(self, begin: Callable[[], object] | None = None) -> None:
        del begin

    def each(self, work: Callable[[Any], Any], things: Sequence[Any], limit_s: float | None = None) -> list[Any]:
        del limit_s
        return [work(thing) for thing in things]

    def end(self) -> None: ...

    def drop(self) -> None: ...


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """A working folder, a cache and an environment of the test's own, so that no settings of the user's reach it.

    Reports are read in this process, but in a test that is marked `processes`, as it is about them.
    """
    if request.node.get_closest_marker("processes") is None:
        monkeypatch.setattr(pool, "Worker", Inline)
    monkeypatch.setenv("NIANBAO_LANG", "en")
    for name in (VARIABLE, *SHARED_KEYS, *VARIABLES.values()):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NIANBAO_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("NIANBAO_LOG", "off")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    monkeypatch.chdir(tmp_path)


@lru_cache(maxsize=200)
def _laid_out(source: Source, form: Form) -> Page:
    return lay_out(source, form)


@lru_cache(maxsize=200)
def _by_rules(source: Source, form: Form) -> ByRules:
    return judge_rules(_laid_out(source, form), form)


def _judged(page: Page, form: Form) -> ByRules:
    return _by_rules(page.source, form) if page is _laid_out(page.source, form) else judge_rules(page, form)


@pytest.fixture
def read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests of what is done with reports, not of how one is read: what the rules read in a text is known from before."""
    for module in ("extract", "many.estimate"):
        monkeypatch.setattr(f"nianbao.pipeline.{module}.lay_out", _laid_out)
        monkeypatch.setattr(f"nianbao.pipeline.{module}.judge_rules", _judged)
    supplied = "nianbao.pipeline.readers.supplied.check_record"
    monkeypatch.setattr(f"{supplied}.lay_out", _laid_out)
    monkeypatch.setattr(f"{supplied}.read_by_rules", lambda page, form: _judged(page, form).alignments)


_OWED = Path(__file__).with_name("owed.txt")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Expect to fail what owed.txt lists under what it is that fails; what passes again is a failure, so that the list stays true."""
    reasons: dict[str, str] = {}
    for line in _OWED.read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            reason = line[2:]
        elif line:
            reasons[line] = reason
    for item in items:
        if item.nodeid in reasons:
            is_drawn = hasattr(getattr(item, "function", None), "hypothesis")
            item.add_marker(pytest.mark.xfail(reason=reasons[item.nodeid], strict=not is_drawn))
