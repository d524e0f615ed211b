"""Datasets: what is taken, and bad gold refused with the file, the path and what was expected."""

import json
from pathlib import Path
from typing import Any

import pytest
from nianbao.eval.dataset import load_dataset

from nianbao import InputError

from .made_up_runs import line, run, write


def folder(path: Path, gold: Any, text: str | None = "政府信息公开工作年度报告") -> Path:
    if text is not None:
        (path / "a.txt").write_text(text, encoding="utf-8")
    written = gold if isinstance(gold, str) else json.dumps(gold, ensure_ascii=False)
    (path / "a.gold.json").write_text(written, encoding="utf-8")
    return path


def received(cell: str, value: Any) -> dict[str, Any]:
    return {"requests": {"received": {cell: value}}}


@pytest.mark.parametrize(
    ("gold", "says"),
    [
        ({"request": {}}, r"a\.gold\.json: request: unknown path; expected one of form, agency, .*requests"),
        (received("totl", 1), r"requests\.received\.totl: unknown path; expected one of natural_person, .*total"),
        (received("total", "3"), r"requests\.received\.total: .*valid integer, not \"3\""),
        (received("total", 3.5), r"requests\.received\.total: .*valid integer.*, not 3\.5"),
        (received("total", True), r"requests\.received\.total: .*valid integer, not true"),
        ({"requests": {"received": 3}}, r"requests\.received: .*, not 3"),
        ({"requests": {"received": [0, 0]}}, r"requests\.received: .*, not \[0, 0\]"),
        ({"requests": None}, r"requests: .*, not null"),
        ({"disclosure": {"fees": {"amount": 0}}}, r"disclosure\.fees\.amount: .*, not 0"),
        ({"disclosure": {"fees": {"amount": "1,000"}}}, r"disclosure\.fees\.amount: .*, not \"1,000\""),
        ({"disclosure": {"fees": {"amount": {"figure": 1}}}}, r"disclosure\.fees\.amount\.figure: .*string, not 1"),
        ({"disclosure": {"fees": {"amount": {"unit": "元"}}}}, r"disclosure\.fees\.amount\.figure: Field required"),
        ({"disclosure": {"fees": {"amount": {"figure": "1", "unit": "美元"}}}}, r"amount\.unit: .*not \"美元\""),
        ({"form": "2020"}, r"form: .*not \"2020\""),
        ({"reviewed": "no"}, r"reviewed: true or false was expected, not \"no\""),
        ([], r"a\.gold\.json: a record was expected, .*not \[\]"),
        ("{", r"a\.gold\.json: no JSON"),
        ('{"requests": {}, "requests": {}}', r"the key 'requests' stands twice"),
        ("[" * 100_000, r"a\.gold\.json: no JSON"),
    ],
)
def test_bad_gold_is_refused(tmp_path: Path, gold: Any, says: str) -> None:
    """Unknown paths and wrong types: the message names the file, the path, what was found and what was expected."""
    with pytest.raises(InputError, match=says):
        load_dataset(str(folder(tmp_path, gold)))


@pytest.mark.parametrize(
    "gold",
    [
        {},
        received("total", None),
        {"requests": {"received": None}},
        {"disclosure": {"fees": {"amount": "77302800.00"}}},
        {"disclosure": {"fees": {"amount": {"figure": "1.5", "unit": "万元", "yuan": "15000"}}}},
        {"disclosure": {"licensing": {"change": -3}}},
        {"reviewed": False, "notes": ["页 3"], "printed_inconsistencies": "…", "narrative": {"problems": ["一"]}},
    ],
)
def test_good_gold_is_taken(tmp_path: Path, gold: Any) -> None:
    assert len(load_dataset(str(folder(tmp_path, gold))).cases) == 1


def test_gold_for_a_text_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a\.gold\.json: gold for a text that is not there: a\.txt was expected"):
        load_dataset(str(folder(tmp_path, {}, text=None)))


def test_a_text_without_gold_is_told(tmp_path: Path) -> None:
    """It cannot be scored, and that is said."""
    (folder(tmp_path, {}) / "b.txt").write_text("又一份", encoding="utf-8")
    assert load_dataset(str(tmp_path)).without_gold == ("b.txt",)
    result = run("eval", "run", tmp_path, "--out", tmp_path / "RUN")
    assert (result.exit_code, "1 text without gold left out: b.txt" in result.stderr) == (0, True)


def test_the_same_report_twice(tmp_path: Path) -> None:
    """The same name, or the same text under two names; both places are named."""
    one = line("一")
    file = tmp_path / "lines.jsonl"
    for other in (one, line("二") | {"text": one["text"]}, line("二") | {"name": "一"}):
        with pytest.raises(InputError, match=r"lines\.jsonl:2: the same report twice: .*lines\.jsonl:1 has the same"):
            load_dataset(str(write(file, [one, other])))


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"layuot": "tabs"}, r"lines\.jsonl:1: layuot: .*; a made-up report has name, text, gold"),
        ({"places": {"requests.received.totl": [0, 1]}}, r"places\.requests\.received\.totl: not in the form"),
        ({"places": {"requests.received.total": [5, 5]}}, r"5 to 5 is no stretch of \d+ characters"),
        ({"places": {"requests.received.total": [0, 10**9]}}, r"0 to 1000000000 is no stretch"),
        ({"places": {"requests.received.total": [1]}}, r"places\.requests\.received\.total"),
        ({"broken": ["requests.received"]}, r"broken\.requests\.received: not in the form"),
        ({"lost": ["requests.received"]}, r"lost\.requests\.received: not in the form"),
        ({"gold": received("totl", 1)}, r"lines\.jsonl:1: requests\.received\.totl: unknown path"),
        ({"text": 3}, r"lines\.jsonl:1: text: "),
    ],
)
def test_a_bad_line_is_refused(tmp_path: Path, more: dict[str, Any], says: str) -> None:
    """Each message names the file and the line."""
    with pytest.raises(InputError, match=says):
        load_dataset(str(write(tmp_path / "lines.jsonl", [line("一") | more])))


@pytest.mark.parametrize("data", [b"", b"\n", b"\xff\xfe", b"[1]\n", b"{\n"])
def test_no_lines(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "lines.jsonl").write_bytes(data)
    with pytest.raises(InputError, match=r"lines\.jsonl"):
        load_dataset(str(tmp_path / "lines.jsonl"))


def test_no_such_dataset(tmp_path: Path) -> None:
    """Exit status 2 and one line: nothing there, or a folder without gold."""
    for dataset, says in ((tmp_path / "gone", "no such dataset"), (tmp_path, "no NAME.txt with a NAME.gold.json")):
        result = run("eval", "run", dataset, "--out", tmp_path / "RUN")
        assert (result.exit_code, result.stdout, says in result.stderr) == (2, "", True)
    assert not (tmp_path / "RUN").exists()


def test_the_hash_is_of_what_is_scored(tmp_path: Path) -> None:
    """Another cell, text or place is another hash; the order of the reports and what is said for people is not."""
    file = tmp_path / "lines.jsonl"

    def sha256(*lines: dict[str, Any]) -> str:
        return load_dataset(str(write(file, lines))).sha256

    one, two = line("一"), line("二")
    assert sha256(one, two) == sha256(two, one) == sha256(one | {"layout": "tabs"}, two)
    others = [line("一", cells={"requests.received.total": "1"}), one | {"places": {}}, one | {"text": "…"}]
    assert len({sha256(one), sha256(two), *(sha256(other) for other in others)}) == 5
