"""Samples and their gold, for every test."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from nianbao.eval.dataset import SAMPLES as BUILT_IN
from nianbao.eval.dataset import Case, load_dataset

from nianbao import Extraction, extract

settings.register_profile("nianbao", deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
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


SAMPLES: Sequence[Sample] = [Sample(case, extract(case.text, name=case.name)) for case in load_dataset(BUILT_IN).cases]


@pytest.fixture(params=SAMPLES, ids=lambda s: s.name[:3])
def sample(request: pytest.FixtureRequest) -> Sample:
    found: Sample = request.param
    return found


@pytest.fixture(scope="session")
def samples() -> Sequence[Sample]:
    return SAMPLES
