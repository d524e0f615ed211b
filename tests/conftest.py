"""Samples and their gold, for every test."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from nianbao.eval.score import Case, builtin_cases

from nianbao import Extraction, extract

settings.register_profile("nianbao", deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("nianbao")


@dataclass(frozen=True)
class Sample:
    """A sample report, its gold, and what comes of it unchanged."""

    name: str
    text: str
    gold: dict[str, Any]
    extraction: Extraction

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        printer.text(self.name)


def _sample(case: Case) -> Sample:
    return Sample(case.source.name, case.source.text, case.gold, extract(case.source.text, name=case.source.name))


SAMPLES: Sequence[Sample] = [_sample(case) for case in builtin_cases()]


@pytest.fixture(params=SAMPLES, ids=lambda s: s.name[:3])
def sample(request: pytest.FixtureRequest) -> Sample:
    found: Sample = request.param
    return found


@pytest.fixture(scope="session")
def samples() -> Sequence[Sample]:
    return SAMPLES
