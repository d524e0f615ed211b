"""The five samples: every cell equal to gold, vouched for, each with its place."""

from typing import Any

import pytest
from nianbao.eval.answers import Answer
from nianbao.eval.score import score_report
from nianbao.pipeline.extract import REPORT

from nianbao import Extraction

CUT_OFF = ("requests.granted", "requests.partially_granted")
"""Rows of the first sample whose last number the edge of the page cut off."""


def test_every_cell_is_gold(sample: Any) -> None:
    """Every cell is what the hand-labelled gold says, and vouched for, but for the rows that were cut off: they are in doubt."""
    answer = Answer(name=sample.name, seconds=0, extraction=sample.extraction)
    score = score_report(sample.case, answer, REPORT)
    doubtful = {p.rpartition(".")[0] for p, e in sample.extraction.evidence.items() if e.trust == "doubtful"}
    assert doubtful == (set(CUT_OFF) if sample.name.startswith("000") else set())
    assert sample.extraction.status == ("unresolved" if doubtful else "verified")
    assert (score.silent_cells, [p for p in score.errors if p.rpartition(".")[0] not in doubtful]) == ((), [])
    assert list(score.cells.values()).count("correct") > 180


def test_facts_are_gold(sample: Any) -> None:
    """Form, agency, year, title and date are as printed, and null where the text does not say."""
    record = sample.extraction.report.model_dump()
    facts = ("form", "agency", "year", "title", "issued_on")
    assert {f: record[f] for f in facts} == {f: sample.gold[f] for f in facts}


def test_evidence_is_the_source(sample: Any) -> None:
    """source[start:end] == text for every evidence, and no two cells share a place."""
    places = []
    for path, evidence in sample.extraction.evidence.items():
        if evidence.start is None:
            assert (evidence.end, evidence.text, evidence.basis) == (None, "", "blank"), path
        else:
            assert sample.text[evidence.start : evidence.end] == evidence.text, path
            places.append(evidence.start)
    assert len(places) == len(set(places))


def test_every_cell_has_evidence(sample: Any) -> None:
    """Each cell that holds a value has evidence, and each evidence is a cell of the form."""
    record = sample.extraction.report.model_dump()
    filled = {p for p in REPORT.columns if _at(record, p) is not None}
    assert filled <= set(sample.extraction.evidence) <= set(REPORT.columns)


def _at(record: Any, path: str) -> Any:
    for name in path.split("."):
        record = record[name] if record is not None else None
    return record


def test_eight_numbers_in_a_row_of_seven(samples: Any) -> None:
    """A stray cell is settled by the row's own arithmetic, which is said: inferred, and a finding."""
    extraction: Extraction = samples[1].extraction
    total = [extraction.evidence[f"requests.processed_total.{c}"] for c in ("natural_person", "business", "total")]
    assert [(e.text, e.basis) for e in total] == [("1", "inferred"), ("0", "inferred"), ("1", "inferred")]
    strays = {f.path for f in extraction.findings if f.code == "stray_cell"}
    assert strays == {"requests.processed_total", "requests.other_outcomes.combined"}


def test_a_row_cut_off_at_the_edge(samples: Any) -> None:
    """Six zeros of seven cells, and no sum tells which one is lost: the row is in doubt, and each way to read it is shown."""
    extraction: Extraction = samples[0].extraction
    assert [(d.reason, {p.rpartition(".")[0] for p in d.paths}) for d in extraction.doubts] == [
        ("readings_differ", {row}) for row in CUT_OFF
    ]
    for doubt in extraction.doubts:
        ways = [tuple(choice.values[path] for path in doubt.paths) for choice in doubt.choices]
        assert sorted(ways, key=lambda way: way.index(None)) == [(*[0] * at, None, *[0] * (6 - at)) for at in range(7)]


@pytest.mark.parametrize(
    ("number", "first", "last", "problems", "improvements"),
    [
        (0, "2019年，在区委", "又提高了办事效率。", 2, 1),
        (1, "2020年八卦洲街道", "政府信息透明和公开。", 0, 3),
        (2, "(一)加强组织保障", "社会稳定的情形出现。", 2, 3),
        (3, "根据《关于做好迎接", "并上报区财政局。", 3, 3),
        (4, "(一) 主动公开：一", "群众的知情权。", 3, 3),
    ],
)
def test_narrative(samples: Any, number: int, first: str, last: str, problems: int, improvements: int) -> None:
    """The overview runs from its heading to the next, verbatim; problems and improvements are passages of section 五."""
    text, narrative = samples[number].text, samples[number].extraction.report.narrative
    assert narrative.overview.startswith(first)
    assert narrative.overview.endswith(last)
    assert narrative.overview in text
    assert (len(narrative.problems), len(narrative.improvements)) == (problems, improvements)
    assert all(p in narrative.problems_and_improvements for p in (*narrative.problems, *narrative.improvements))


@pytest.mark.parametrize(
    ("number", "other"),
    [
        (0, "本单位暂无需要报告的其他事项，以及其他有关文件专门要求通过政府信息公开工作年度报告予以报告的事项。"),
        (1, "无其他说明。"),
        (2, "无"),
        (3, "2019年度,我街无其他需要报告的事项。"),
        (4, "本单位 2023 年度未收取政府信息公开信息处理费。"),
    ],
)
def test_other_matters(samples: Any, number: int, other: str) -> None:
    """Section 六 ends before the signature, the date and the page around it."""
    assert samples[number].extraction.report.narrative.other_matters == other
