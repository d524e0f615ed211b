"""Runs on the disk: taken up after a kill, refused under other settings, scored again against corrected gold."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from nianbao.eval.dataset import load_dataset
from nianbao.eval.run import MANIFEST, load_run, run, with_gold
from nianbao.eval.tables import TABLES
from nianbao.prompts import VERSION

from nianbao import InputError
from tests.tools.standin import MODEL, StandIn, answer_from

from .made_up_runs import RECEIVED, alter_run, line, write
from .made_up_runs import run as nianbao

pytestmark = pytest.mark.usefixtures("read_once")

NAMES = "一二三四五"


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    return write(tmp_path / "lines.jsonl", [line(name, layout="tabs", done=["nothing"]) for name in NAMES])


@pytest.fixture
def done(tmp_path: Path, lines: Path) -> Path:
    assert nianbao("eval", "run", lines, "--out", tmp_path / "RUN").exit_code == 0
    return tmp_path / "RUN"


def answers(folder: Path, name: str = "results.jsonl") -> list[dict[str, Any]]:
    """The answers of a run, without their times."""
    found = [json.loads(text) for text in (folder / name).read_text(encoding="utf-8").splitlines()]
    return [{key: value for key, value in answer.items() if key != "seconds"} for answer in found]


def test_what_a_run_writes_down(done: Path, lines: Path) -> None:
    """A manifest with versions, settings and the hash of the gold; an answer a line; the reports as they were given."""
    manifest = json.loads((done / MANIFEST).read_text(encoding="utf-8"))
    assert manifest == {
        "program": manifest["program"],
        "prompt": None,
        "model": None,
        "settings": {
            "engine": "rules",
            "base_url": None,
            "mode": None,
            "temperature": None,
            "max_output_tokens": None,
            "reasoning_effort": None,
            "extra_body": None,
        },
        "dataset": "lines.jsonl",
        "reports": 5,
        "gold_sha256": load_dataset(str(lines)).sha256,
    }
    assert [(a["name"], a["extraction"]["status"], a["error"]) for a in answers(done)] == [
        (name, "verified", None) for name in NAMES
    ]
    assert sorted(p.name for p in done.iterdir()) == ["dataset.jsonl", "manifest.json", "results.jsonl"]


@pytest.mark.parametrize("kept", [0, 1, 2.5, 4.9, 5])
def test_a_killed_run_is_taken_up_again(done: Path, lines: Path, kept: float) -> None:
    """Whatever a kill left of the answers, also half a line: the run ends with the same answers, none of them twice."""
    whole, file = answers(done), done / "results.jsonl"
    parts = file.read_bytes().splitlines(keepends=True)
    half = parts[int(kept)][: len(parts[int(kept)]) // 2] if kept % 1 else b""
    file.write_bytes(b"".join(parts[: int(kept)]) + half)
    result = nianbao("eval", "run", lines, "--out", done)
    assert (result.exit_code, f" {5 - int(kept)} answer" in result.stderr) == (0, True)
    assert answers(done) == whole


def test_an_unfinished_run_counts_what_is_missing_as_wrong(done: Path) -> None:
    """No report leaves the denominator, and that some have no answer is said."""
    file = done / "results.jsonl"
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:2]))
    result = nianbao("eval", "show", done, "--table", "readers")
    assert "2 of 5 reports have no answer" not in result.stderr
    assert "3 of 5 reports have no answer and count as wrong" in result.stderr
    assert "400 of 1,000, 40.0 %" in result.stdout
    assert "2 of 5, 40.0 % (11.7 to 77.0)" in result.stdout


def test_a_text_that_is_no_report_counts_as_wrong(tmp_path: Path) -> None:
    """The reader refuses it: an answer with an error, in the table of reports with errors."""
    lines = write(tmp_path / "lines.jsonl", [line("一"), line("二") | {"text": "今天天气很好。"}])
    result = nianbao("eval", "run", lines, "--out", tmp_path / "RUN")
    assert result.exit_code == 0
    assert "no yearly report" in answers(tmp_path / "RUN")[1]["error"]
    shown = nianbao("eval", "show", tmp_path / "RUN").stdout
    assert "200 of 400, 50.0 %" in shown
    assert "InputError: 二: no yearly report" in shown


def test_another_setting_or_dataset_is_refused(done: Path, tmp_path: Path, lines: Path) -> None:
    """The message says what differs; the run is left as it was."""
    before = answers(done)
    result = nianbao("eval", "run", lines, "--engine", "auto", "--model", "m", "--out", done)
    assert (result.exit_code, "engine was rules, is now auto" in result.stderr) == (2, True)
    other = write(tmp_path / "other.jsonl", [line(name) for name in NAMES[:4]])
    result = nianbao("eval", "run", other, "--out", done)
    assert (result.exit_code, "dataset was lines.jsonl, is now other.jsonl" in result.stderr) == (2, True)
    assert "reports was 5, is now 4" in result.stderr
    assert "gold_sha256 was" in result.stderr
    assert answers(done) == before


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path, lines: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("…", encoding="utf-8")
    result = nianbao("eval", "run", lines, "--out", tmp_path / "mine")
    assert (result.exit_code, "holds no run" in result.stderr) == (2, True)
    assert [p.name for p in (tmp_path / "mine").iterdir()] == ["notes.txt"]


def test_an_engine_without_a_model_is_3(tmp_path: Path, lines: Path) -> None:
    """Nothing is written, and the message says what to set."""
    for engine in ("model", "auto"):
        result = nianbao("eval", "run", lines, "--engine", engine, "--out", tmp_path / "RUN")
        assert (result.exit_code, result.stdout, "set NIANBAO_MODEL" in result.stderr) == (3, "", True)
    assert not (tmp_path / "RUN").exists()


def test_a_run_with_a_model(tmp_path: Path) -> None:
    """Stopped by its budget and taken up; the rules and the all-zeros reader are shown beside it, and what was used."""
    home = tmp_path / "RUN"
    lines = write(
        tmp_path / "lines.jsonl",
        [line(x, cells={"disclosure.licensing.decisions": str(i)}) for i, x in enumerate(NAMES)],
    )
    with StandIn(answer_from(load_dataset(str(lines)).cases)) as server:
        asked = ("eval", "run", lines, "--engine", "model", "--model", MODEL, "--base-url", server.url, "--out", home)
        stopped = nianbao(*asked, "--jobs", "1", "--max-tokens", "3000")
        assert (stopped.exit_code, "--max-tokens 3,000 reached" in stopped.stderr) == (3, True)
        before = len(answers(home))
        assert 0 < before < 5
        assert nianbao(*asked).exit_code == 0
        assert len(server.requests) == 5
    manifest = json.loads((home / MANIFEST).read_text(encoding="utf-8"))
    assert (manifest["prompt"], manifest["model"], manifest["settings"]["base_url"]) == (VERSION, MODEL, server.url)
    assert {a["extraction"]["reader"] for a in answers(home)} == {"model"}
    assert len(answers(home, "rules.jsonl")) == 5
    shown = nianbao("eval", "show", home, "--table", "readers", "--table", "use").stdout
    assert [part.strip() for part in shown.splitlines()[2].split("  ") if part.strip()] == [
        f"this run ({MODEL})",
        "rules",
        "all zeros",
    ]
    assert "requests, of them from the cache" in shown


def test_an_endpoint_that_fails_for_good_leaves_a_run_to_be_taken_up(tmp_path: Path) -> None:
    """The rules' baseline is written; no report has an answer, as the failure says nothing about the reports."""
    with StandIn(answer_from(()), ["401"] * 99) as server:
        model = ("--engine", "auto", "--model", MODEL, "--base-url", server.url)
        result = nianbao("eval", "run", write_unread(tmp_path), *model, "--out", tmp_path / "RUN")
    assert (result.exit_code, "401" in result.stderr) == (3, True)
    assert (len(answers(tmp_path / "RUN", "rules.jsonl")), answers(tmp_path / "RUN")) == (1, [])


def write_unread(folder: Path) -> Path:
    """A report that the rules leave unresolved: a label has lost its numbers."""
    told = line("缺")
    return write(folder / "unread.jsonl", [{**told, "text": told["text"].replace("规章\t0\t0\t0", "规章")}])


@pytest.mark.parametrize(
    ("name", "damage", "says"),
    [
        ("manifest.json", b"{}", r"manifest\.json: not as a run writes it: program: Field required"),
        ("results.jsonl", b"{}\n", r"results\.jsonl:1: not as a run writes it: name: Field required"),
        (
            "results.jsonl",
            b'{"name": "\xe4\xb8\x80", "extraction": 3}\n',
            r"results\.jsonl:1: not as .*: seconds: Field",
        ),
        ("dataset.jsonl", b"", r"dataset\.jsonl: changed since the run"),
    ],
)
def test_a_damaged_run_is_refused(done: Path, name: str, damage: bytes, says: str) -> None:
    (done / name).write_bytes(damage)
    with pytest.raises(InputError, match=says):
        dict(load_run(str(done)).answers)


def test_no_run(tmp_path: Path) -> None:
    for command in (["show"], ["page", "-o", tmp_path / "p.html"], ["gate", "--baseline", tmp_path]):
        result = nianbao("eval", *command, tmp_path)
        assert (result.exit_code, result.stdout, "no run, it has no manifest.json" in result.stderr) == (2, "", True)


def test_scored_again_against_corrected_gold(done: Path, tmp_path: Path) -> None:
    """With --gold the same answers are scored against other gold: nothing is read anew."""
    corrected = [line(name) for name in NAMES]
    corrected[0]["gold"]["requests"]["received"]["total"] = 7
    gold = write(tmp_path / "corrected.jsonl", corrected)
    assert "1,000 of 1,000, 100.0 %" in nianbao("eval", "show", done, "--table", "readers").stdout
    shown = nianbao("eval", "show", done, "--gold", gold, "--table", "readers").stdout
    assert "999 of 1,000, 99.9 %" in shown
    assert "1 of 5, under 65.8 %" in shown


def test_gold_of_other_reports_is_refused(done: Path, tmp_path: Path) -> None:
    for lines, says in (
        ([line(name) for name in NAMES[:4]], "no gold for 五"),
        ([line(name, "2019") for name in NAMES], "the text of 一 is not the one"),
    ):
        dataset = load_dataset(str(write(tmp_path / "other.jsonl", lines)))
        with pytest.raises(InputError, match=says):
            with_gold(load_run(str(done)), dataset)


def test_unreviewed_gold_is_warned_of(tmp_path: Path) -> None:
    """Each command that scores says how many reports have gold that nobody has looked at."""
    told = [line(name) for name in NAMES]
    for one in told[:2]:
        one["gold"]["reviewed"] = False
    nianbao("eval", "run", write(tmp_path / "lines.jsonl", told), "--out", tmp_path / "RUN")
    for command in (["show"], ["page", "-o", tmp_path / "p.html"], ["gate", "--baseline", tmp_path / "RUN"]):
        result = nianbao("eval", *command, tmp_path / "RUN")
        assert "the gold of 2 of 5 reports is not reviewed" in result.stderr
    assert "2 reports with gold that nobody has reviewed" in (tmp_path / "p.html").read_text(encoding="utf-8")


def test_every_table_is_shown_by_its_name(done: Path) -> None:
    """A table is printed alone under its name; an unknown name lists those that there are."""
    alter_run(done, {"二": ({f"{RECEIVED}.total": 7}, "discrepant")})
    for name in TABLES:
        assert nianbao("eval", "show", done, "--table", name).exit_code == 0
    assert nianbao("eval", "show", done, "--table", "section").stdout.startswith("By section\n")
    result = nianbao("eval", "show", done, "--table", "magic")
    assert (result.exit_code, ", ".join(TABLES) in result.stderr) == (2, True)


def test_names_do_nothing_to_a_terminal(tmp_path: Path) -> None:
    """Control characters and markup in a report's name are printed as text, or not at all."""
    told = line("一") | {"name": "\x1b[31m[bold]一\n二[/bold]", "layout": "[red]tabs\x07"}
    told["gold"]["requests"]["received"]["total"] = 7
    nianbao("eval", "run", write(tmp_path / "lines.jsonl", [told]), "--out", tmp_path / "RUN")
    shown = nianbao("eval", "show", tmp_path / "RUN").stdout
    assert "[bold]一 二[/bold]" in shown
    assert "[red]tabs" in shown
    assert not {"\x1b", "\x07"} & set(shown)


def test_a_run_yields_what_is_on_the_disk(tmp_path: Path, lines: Path) -> None:
    """Each answer is written before it is given on, so that stopping at any point loses none."""
    going = run(load_dataset(str(lines)), str(tmp_path / "RUN"))
    for count in (1, 2):
        next(going)
        assert len(answers(tmp_path / "RUN")) == count
    going.close()
    assert load_run(str(tmp_path / "RUN")).unanswered == 3


@pytest.mark.parametrize(("missing", "command"), [("scipy", ["show"]), ("jinja2", ["page", "-o", "page.html"])])
def test_the_extra_is_asked_for(done: Path, monkeypatch: pytest.MonkeyPatch, missing: str, command: list[str]) -> None:
    """Without nianbao[eval], one line says what to install."""
    for module in [name for name in sys.modules if name.split(".")[0] == missing]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, missing, None)
    result = nianbao("eval", *command, done)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"nianbao: {missing} is not installed")
    assert "pip install '.[eval]'" in result.stderr
