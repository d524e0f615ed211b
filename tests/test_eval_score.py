"""Scores against hand-counted cases, each outcome at least once; what makes a report exact, and an error silent."""

import json
from pathlib import Path
from typing import Any

import pytest
from nianbao.eval.answers import Answer
from nianbao.eval.coverage import steps
from nianbao.eval.dataset import Case
from nianbao.eval.run import answer
from nianbao.eval.score import Fate, Outcome, ReportScore, fate, outcome, score_report
from nianbao.eval.tally import (
    GROUPS,
    TOOLS,
    Share,
    broken_found,
    by_row,
    by_section,
    evidence_right,
    fates_by_section,
    grouped,
    tally,
    tally_fates,
    use,
)
from nianbao.eval.zeros import score_zeros
from nianbao.pipeline.extract import REPORT

from nianbao import Extraction, extract

from .made_up_runs import RECEIVED, altered, cases, doubted, line

WAN = {"figure": "1.5", "unit": "万元", "yuan": "15000"}


@pytest.mark.parametrize(
    ("printed", "given", "expected"),
    [
        (3, 3, "correct"),
        (0, 0, "correct"),
        (3, 4, "wrong"),
        (0, 3, "wrong"),
        (3, None, "omitted"),
        (0, None, "omitted"),
        (None, 3, "invented"),
        (None, 0, "invented"),
        (None, None, "correctly_null"),
        (-2, -2, "correct"),
        (-2, 2, "wrong"),
        (WAN, WAN, "correct"),
        (WAN, {**WAN, "figure": "1.50", "yuan": "15000.0"}, "correct"),
        (WAN, {"figure": "1.5", "unit": None, "yuan": None}, "wrong"),
        (WAN, {"figure": "15000", "unit": "元", "yuan": "15000"}, "wrong"),
        ({"figure": "8040"}, {"figure": "8040", "unit": None, "yuan": None}, "correct"),
        ({"figure": "8040"}, {"figure": "8040", "unit": "元", "yuan": "8040"}, "wrong"),
        ("15000", WAN, "correct"),
        ("15000.00", WAN, "correct"),
        ("1.5", WAN, "wrong"),
        ("8040", {"figure": "8040", "unit": None, "yuan": None}, "correct"),
        ("8040", None, "omitted"),
        (None, WAN, "invented"),
    ],
)
def test_outcome_of_a_cell(printed: Any, given: Any, expected: Outcome) -> None:
    """Blank is never 0; an amount is held against a whole amount, or against its yuan where gold gives that alone."""
    assert outcome(printed, given) == expected


@pytest.fixture
def case(tmp_path: Path) -> Case:
    """A 2021 report where 民政 received 3 and 2 requests, 5 in all, and granted them."""
    cells = {f"requests.{row}.{c}": n for row in ("received", "granted", "processed_total") for c, n in ENTRIES}
    return cases(tmp_path, line("民政局", cells=cells))[0]


ENTRIES = (("natural_person", "3"), ("business", "2"), ("total", "5"))


def scored(case: Case, extraction: Extraction | None) -> ReportScore:
    return score_report(case, Answer(name=case.name, seconds=0.5, extraction=extraction), REPORT)


def test_a_hand_counted_report(case: Case) -> None:
    """Four cells of one row altered: every outcome, over all cells and those that are not 0, and nothing else."""
    wrong = {
        f"{RECEIVED}.natural_person": 30,
        f"{RECEIVED}.research": 1,
        f"{RECEIVED}.total": None,
        "disclosure.regulations.newly_disclosed": 0,
    }
    score = scored(case, altered(extract(case.text, "rules"), wrong))
    assert score.errors == (
        "disclosure.regulations.newly_disclosed",
        f"{RECEIVED}.natural_person",
        f"{RECEIVED}.research",
        f"{RECEIVED}.total",
    )
    assert [score.cells[path] for path in score.errors] == ["invented", "wrong", "wrong", "omitted"]
    # printed: 6 + 4 in section 二, 25 rows of seven in 三, 15 in 四
    found = tally([score])
    assert len(case.gold.cells) == 10 + 25 * 7 + 15 == 200
    assert found.cells.outcomes == {
        "correct": 197, "wrong": 2, "omitted": 1, "invented": 1, "correctly_null": len(REPORT.columns) - 201,
    }  # fmt: skip
    assert found.cells.nonzero == {"correct": 7, "wrong": 1, "omitted": 1}
    assert (found.cells.right, found.cells.nonzero_right) == (Share(197, 201), Share(7, 9))
    assert (found.exact, found.vouched, found.silent) == (Share(0, 1), Share(1, 1), Share(1, 1))
    assert (found.cells_vouched, found.trusted.right) == (Share(201, 201), Share(197, 201))
    sections = by_section([score], REPORT)
    assert [f.right for f in sections.values()] == [Share(10, 11), Share(172, 175), Share(15, 15)]
    assert {p: f.right for p, f in by_row([score], REPORT).items() if f.errors} == {
        "disclosure.regulations": Share(3, 4),
        RECEIVED: Share(4, 7),
    }


def test_gold_scored_against_itself_is_right(case: Case, sample: Any) -> None:
    """A record read from its own gold has no error, and of the rules' own record of a sample what is vouched for has none."""
    assert scored(case, extract(case.text, "rules")).exact
    score = scored(sample.case, altered(sample.extraction, {}))
    assert (score.silent, score.exact) == (False, sample.extraction.status == "verified")


@pytest.mark.parametrize("status", ["verified", "discrepant", "unresolved"])
def test_an_error_is_silent_where_it_is_vouched_for(case: Case, status: str) -> None:
    """One wrong cell is a silent error under verified and discrepant, and none under unresolved."""
    score = scored(case, altered(extract(case.text, "rules"), {f"{RECEIVED}.total": 6}, status=status))
    assert (score.exact, score.vouched, score.silent) == (False, status != "unresolved", status != "unresolved")


def test_a_silent_error_of_a_single_cell(case: Case) -> None:
    """A wrong cell is silent where it is vouched for under `unresolved` too; in doubt, right or wrong, it never is."""
    total, other, research = (f"{RECEIVED}.{column}" for column in ("total", "other", "research"))
    wrong = altered(extract(case.text, "rules"), {total: 6, other: 1})
    found = doubted(wrong, [("cells_do_not_fit", [{other: 1, research: 0}, {other: None, research: 1}])])
    score = scored(case, found)
    assert (score.vouched, score.silent, score.silent_cells) == (False, True, (total,))
    told = tally([score])
    assert (told.cells_vouched, told.trusted.right, told.silent) == (Share(198, 200), Share(197, 198), Share(1, 1))
    assert told.trusted.nonzero_right == Share(8, 9)
    unsure = scored(case, doubted(wrong, [("cells_do_not_fit", [{total: 6, other: 1}, {total: 5, other: 0}])]))
    assert (unsure.silent_cells, tally([unsure]).trusted.right) == ((), Share(198, 198))


@pytest.mark.parametrize(
    ("outcome", "vouched", "lost", "expected"),
    [
        ("correct", True, False, "vouched_right"),
        ("correct", True, True, "vouched_right"),
        ("correct", False, False, "doubted_right"),
        ("correct", False, True, "lost"),
        ("wrong", True, False, "silent"),
        ("wrong", True, True, "silent"),
        ("wrong", False, False, "doubted_wrong"),
        ("wrong", False, True, "lost"),
        ("omitted", True, False, "silent"),
        ("omitted", False, False, "doubted_wrong"),
        ("omitted", False, True, "lost"),
        ("invented", True, False, "silent"),
        ("invented", True, True, "silent"),
        ("invented", False, False, "doubted_wrong"),
        ("invented", False, True, "lost"),
        ("correctly_null", True, False, None),
        ("correctly_null", False, False, None),
        ("correctly_null", True, True, "lost"),
        ("correctly_null", False, True, "lost"),
    ],
)
def test_fate_of_a_cell(outcome: Outcome, vouched: bool, lost: bool, expected: Fate | None) -> None:
    """Vouched for and an error is silent, whatever the tool lost; what it lost is lost unless somebody vouches for a value."""
    assert fate(outcome, vouched, lost) == expected


COLUMNS = ("natural_person", "business", "research", "public_interest", "legal_service", "other", "total")


def test_hand_counted_fates(tmp_path: Path) -> None:
    """A row of seven, each cell of another fate, in a report of 200 whose other cells are vouched for and right."""
    first, second, third, fourth, fifth, sixth, total = (f"{RECEIVED}.{column}" for column in COLUMNS)
    cells = {first: "3", fifth: "2", sixth: "4", total: "9"}
    text_says = {fifth: [0, 1]}  # of the cells that are lost, this one's value stands in the text
    (case,) = cases(tmp_path, line("民政局", cells=cells, lost=[fifth, sixth], places=text_says))
    read = altered(extract(case.text, "rules"), {first: 5, third: 1, sixth: None})
    found = doubted(read, [("cells_do_not_fit", [{second: 0, third: 1, fifth: 2}, {second: 1, third: 0, fifth: 3}])])
    score = scored(case, found)
    assert {path: score.fates[path] for path in (first, second, third, fourth, fifth, sixth, total)} == {
        first: "silent",
        second: "doubted_right",
        third: "doubted_wrong",
        fourth: "vouched_right",
        fifth: "lost",
        sixth: "lost",
        total: "vouched_right",
    }
    cells_found = tally_fates([score])
    assert cells_found.fates == {
        "vouched_right": 195, "silent": 1, "doubted_right": 1, "doubted_wrong": 1, "lost": 2,
    }  # fmt: skip
    assert (cells_found.vouched, cells_found.silent) == (Share(196, 200), Share(1, 196))
    assert cells_found.held == Share(196, 198)  # all printed cells but the two lost; two of them are wrong
    nonzero = tally_fates([score], lambda s: s.printed_nonzero)
    assert nonzero.fates == {"silent": 1, "vouched_right": 1, "lost": 2}
    assert nonzero.held == Share(1, 2)
    sections = fates_by_section([score], REPORT)
    assert [sum(f.fates.values()) for f in sections.values()] == [10, 175, 15]
    assert [f.held for f in sections.values()] == [Share(10, 10), Share(171, 173), Share(15, 15)]
    assert (tally([score]).silent, tally([score]).silent_cells) == (Share(1, 1), Share(1, 196))


def test_what_is_torn_is_still_printed(tmp_path: Path) -> None:
    """A number whose characters stand apart is right where it is read, in doubt or not; one that is gone is right as null."""
    path = f"{RECEIVED}.total"
    for why, given, expected in (
        ("torn", 0, "vouched_right"),
        ("torn", 7, "silent"),
        ("lost", 0, "silent"),
        ("lost", None, "lost"),
    ):
        (case,) = cases(tmp_path, line("民政局", lost=[path], places={}, account={why: [path]}))
        score = scored(case, altered(extract(case.text, "rules"), {path: given}))
        assert score.fates[path] == expected


def test_texts_of_tools_are_tallied_by_tool(tmp_path: Path) -> None:
    """Each is in the group of its tool and of what that reads; a made-up text is in none, and a text of a tool in no layout."""
    found = cases(
        tmp_path,
        line("一", layout="pdftotext", account={}),
        line("二", layout="tesseract", account={}),
        line("三", layout="docx-tabs", account={}),
        line("四", layout="tabs"),
    )
    scores = [scored(case, None) for case in found]
    names = {group: {name: len(s) for name, s in grouped(scores, of).items()} for group, of in TOOLS.items()}
    assert names == {
        "tool": {"docx-tabs": 1, "pdftotext": 1, "tesseract": 1},
        "document": {"DOCX": 1, "PDF": 1, "pages recognised (OCR)": 1},
    }
    assert list(grouped(scores, GROUPS["layout"])) == ["tabs"]


def test_an_absent_cell_is_vouched_for_where_that_is_said(case: Case) -> None:
    """What a report does not print: an error where the report is vouched for, or a finding says that it is not there."""
    row = REPORT.rows[f"{RECEIVED}"]
    whole = extract(case.text, "rules")
    told = whole.model_dump(mode="json")
    told["report"]["requests"]["received"] = None
    told["evidence"] = {p: e for p, e in told["evidence"].items() if not p.startswith(f"{RECEIVED}.")}
    absent = {"code": "row_absent", "severity": "info", "path": RECEIVED, "message": "…"}
    doubt = {"reason": "label_alone", "paths": [row.cell(c.name) for c in row.columns], "choices": []}
    kinds: dict[str, dict[str, Any]] = {
        "verified": {},
        "unresolved": {"status": "unresolved"},
        "said": {"status": "unresolved", "findings": [absent]},
        "doubted": {"status": "unresolved", "findings": [absent], "doubts": [doubt]},
    }
    silent = {}
    for name, more in kinds.items():
        score = scored(case, Extraction.model_validate_json(json.dumps(told | more)))
        assert len(score.errors) == 7
        silent[name] = len(score.silent_cells)
    assert silent == {"verified": 7, "unresolved": 0, "said": 7, "doubted": 0}


def test_a_crash_counts_as_wrong(case: Case) -> None:
    """A reader that raises, and a report without any answer: each printed cell omitted, not exact, not vouched for."""

    def crash(_: Case) -> Extraction:
        raise ZeroDivisionError("by zero")

    crashed = answer(case, crash)
    assert (crashed.extraction, crashed.error) == (None, "ZeroDivisionError: by zero")
    for given in (crashed, None):
        score = score_report(case, given, REPORT)
        assert (score.status, score.exact, score.vouched, len(score.errors)) == ("no answer", False, False, 200)
        assert tally([score]).cells.right == Share(0, 200)


def test_the_all_zeros_reader(case: Case, samples: Any) -> None:
    """High on cells, nothing on those that are not 0, nothing vouched for, no report exact."""
    found = tally(score_zeros([case], REPORT))
    # its amount of 0 states no unit, but gold gives yuan alone
    assert (found.cells.right, found.cells.nonzero_right) == (Share(191, 200), Share(0, 9))
    found = tally(score_zeros([s.case for s in samples], REPORT))
    assert 0.95 < found.cells.right.part / found.cells.right.whole < 1
    assert (found.cells.nonzero_right, found.vouched, found.exact) == (Share(0, 21), Share(0, 5), Share(0, 5))


def test_the_all_zeros_reader_without_a_form(tmp_path: Path) -> None:
    """Where gold does not say its form, zeros stand in the cells that it fills."""
    told = line("民政局") | {"form": None}
    del told["gold"]["form"]
    (score,) = score_zeros(cases(tmp_path, told), REPORT)
    assert score.errors == ()


def test_a_lost_cell_is_right_as_null(tmp_path: Path) -> None:
    """What the text no longer prints is rightly null, and filled in it is invented; what has a place is still printed."""
    path = f"{RECEIVED}.total"
    (case,) = cases(tmp_path, line("民政局", lost=[path]))
    extraction = extract(case.text, "rules")
    assert scored(case, extraction).cells[path] == "invented"
    assert scored(case, altered(extraction, {path: None})).cells[path] == "correctly_null"
    (case,) = cases(tmp_path, line("民政局", lost=[path], places={path: [0, 1]}))
    assert scored(case, extraction).cells[path] == "correct"


def test_discrepant_against_reports_broken_on_purpose(tmp_path: Path) -> None:
    """Precision over the reports so called, recall over those that do not add up; gold alone shows which those are."""
    broken = {f"{RECEIVED}.total": "5"}
    found = cases(tmp_path, line("一"), line("二", cells=broken), line("三", cells=broken), line("四", broken=[]))
    assert [bool(case.broken) for case in found] == [False, True, True, False]
    statuses = ["discrepant", "discrepant", "unresolved", "verified"]
    scores = [
        scored(case, altered(extract(case.text, "rules"), {}, status=status))
        for case, status in zip(found, statuses, strict=True)
    ]
    assert broken_found(scores) == (Share(1, 2), Share(1, 2))


def test_evidence_must_be_at_the_very_place(tmp_path: Path) -> None:
    """The right text elsewhere is not right; blanks, and reports whose places are not known, are not scored."""
    told = line("民政局")
    extraction = extract(told["text"], "rules")
    places = {p: [e.start, e.end] for p, e in extraction.evidence.items()}
    paths = list(places)
    swapped = {**places, paths[0]: places[paths[1]], paths[1]: places[paths[0]]}
    found = cases(tmp_path, told | {"places": places}, line("二") | {"places": swapped}, line("三"))
    scores = [scored(c, altered(extraction, {})) for c in found]
    assert evidence_right(scores[:1]) == Share(200, 200)
    assert evidence_right(scores[1:2]) == Share(198, 200)
    assert evidence_right(scores[2:]) == Share(0, 0)
    assert evidence_right(scores) == Share(398, 400)


def test_groups(tmp_path: Path) -> None:
    """A report is in the group of its layout, and in one for each thing done to it."""
    found = cases(
        tmp_path,
        line("一", layout="tabs", done=["blank", "noise"]),
        line("二", layout="tabs"),
        line("三", difficulty=2),
    )
    scores = [scored(case, None) for case in found]
    names = {group: {name: len(s) for name, s in grouped(scores, of).items()} for group, of in GROUPS.items()}
    assert names == {
        "status": {"no answer": 3},
        "layout": {"tabs": 2},
        "variation": {"blank": 1, "noise": 1},
        "difficulty": {"2": 1},
    }


def test_accuracy_at_coverage(tmp_path: Path) -> None:
    """From the surest answers down to all: what is taken, and how much of it holds an error."""
    found = cases(tmp_path, *(line(name) for name in "一二三四"))
    good = extract(found[0].text, "rules")
    doubt = {"code": "label_missing", "severity": "error", "path": None, "message": "…"}
    wrong = {f"{RECEIVED}.total": 9}
    extractions = [
        good,
        altered(good, wrong, status="discrepant"),
        altered(good, wrong, status="unresolved", findings=[doubt] * 2),
        None,
    ]
    scores = [scored(case, e) for case, e in zip(found, extractions, strict=True)]
    assert [(s.taken, s.wrong, s.right_cells) for s in steps(scores)] == [
        (1, 0, Share(200, 200)),
        (2, 1, Share(399, 400)),
        (3, 2, Share(598, 600)),
        (4, 3, Share(598, 800)),
    ]


def test_what_the_answers_took(case: Case) -> None:
    """Calls, tokens and cost add up; the time of an answer from the cache says nothing."""
    model = {"name": "m", "prompt": "1", "calls": 2, "cached_calls": 0, "input_tokens": 100, "output_tokens": 20}
    fresh = altered(extract(case.text, "rules"), {}, model={**model, "cost": "0.10"})
    again = altered(extract(case.text, "rules"), {}, model={**model, "cached_calls": 2, "cost": None})
    took = use([scored(case, fresh), scored(case, again), scored(case, None)])
    assert (took.calls, took.cached, took.input_tokens, took.output_tokens) == (4, 2, 200, 40)
    assert (took.cost, took.seconds) == ("0.10", (0.5, 0.5))
