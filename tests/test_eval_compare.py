"""Two runs against each other, the gate, and drafts of gold."""

import json
import shutil
from pathlib import Path

import pytest
from nianbao.eval.dataset import load_dataset

from .made_up_runs import RECEIVED, alter_run, line, run, write

WRONG = {f"{RECEIVED}.total": 7}
NAMES = [f"{n}号" for n in range(20)]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the rules over twenty reports."""
    folder = tmp_path_factory.mktemp("made")
    run("eval", "run", write(folder / "lines.jsonl", [line(name) for name in NAMES]), "--out", folder / "A")
    return folder / "A"


@pytest.fixture
def runs(made: Path, tmp_path: Path) -> tuple[Path, Path]:
    """Two runs of the rules over the same twenty reports."""
    shutil.copytree(made, tmp_path / "A")
    shutil.copytree(made, tmp_path / "B")
    return tmp_path / "A", tmp_path / "B"


def test_what_flipped(runs: tuple[Path, Path]) -> None:
    """Reports and cells that flipped either way, McNemar's p, and the difference with its interval over reports."""
    alter_run(runs[0], dict.fromkeys(NAMES[:6], (WRONG, "unresolved")))
    alter_run(runs[1], {"19号": (WRONG, "verified")})
    result = run("eval", "compare", *runs)
    assert result.exit_code == 0
    found = {line.split()[0]: line for line in result.stdout.splitlines() if line.strip()}
    # 1 and 6 flipped: p = 2 * (C(7, 0) + C(7, 1)) / 2 ** 7 = 0.125
    assert found["exact"].split()[1:6] == ["14", "19", "1", "6", "+25.00"]
    assert found["exact"].split()[-1] == "0.125"
    assert found["vouched"].split()[2:6] == ["14", "20", "0", "6"]
    assert found["silent"].split()[2:6] == ["0", "1", "0", "1"]
    assert found["compared"].split()[3:9] == ["3,994", "of", "4,000", "3,999", "of", "4,000"]
    assert found["19号"].split()[1:] == [f"{RECEIVED}.total", "correct", "wrong"]
    assert "unresolved, 1 cell in error" in result.stdout
    assert "7 in all" in result.stdout


def test_a_run_against_itself(runs: tuple[Path, Path]) -> None:
    """Nothing flipped: no difference, p 1, no list."""
    shown = run("eval", "compare", *runs).stdout
    assert "flipped" not in shown.partition("Cells")[2]
    assert [line.split()[-2:] for line in shown.splitlines() if line.strip().startswith("exact")] == [["0", "1"]]


def test_different_gold_is_not_compared(runs: tuple[Path, Path], tmp_path: Path) -> None:
    """Refused, unless both are scored against the same gold."""
    corrected = [line(name) for name in NAMES]
    corrected[0]["gold"]["requests"]["received"]["total"] = 7
    gold = write(tmp_path / "corrected.jsonl", corrected)
    run("eval", "run", gold, "--out", tmp_path / "C")
    commands: tuple[tuple[str | Path, ...], ...] = (
        ("compare", runs[0], tmp_path / "C"),
        ("gate", runs[0], "--baseline", tmp_path / "C"),
    )
    for command in commands:
        result = run("eval", *command)
        assert (result.exit_code, result.stdout, "runs over different gold" in result.stderr) == (2, "", True)
        assert run("eval", *command, "--gold", gold).exit_code == 0


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, None),
        ({"3号": ({}, "unresolved")}, None),
        ({"3号": (WRONG, "unresolved")}, None),
        ({name: ({}, "unresolved") for name in NAMES[:4]}, "coverage 16 of 20 (80.0 %) is below 83.8 %"),
        ({"3号": (WRONG, "verified")}, "silent errors in 1 report that had none in A: 3号"),
        (dict.fromkeys(NAMES[:12], (WRONG, "discrepant")), "9号 and 2 more"),
    ],
)
def test_the_gate(runs: tuple[Path, Path], changes: dict[str, tuple[dict[str, int], str]], says: str | None) -> None:
    """It fails on a silent error that the baseline has not, and on coverage below the baseline's interval."""
    alter_run(runs[1], changes)
    result = run("eval", "gate", runs[1], "--baseline", runs[0])
    assert (result.exit_code, result.stdout.startswith("failed: " if says else "passed: ")) == (1 if says else 0, True)
    assert (says or "") in result.stdout


def test_the_gate_passes_what_the_baseline_has(runs: tuple[Path, Path]) -> None:
    """A silent error that was there before does not appear now; where it moved to another report, it does."""
    alter_run(runs[0], {"3号": (WRONG, "verified")})
    alter_run(runs[1], {"3号": (WRONG, "verified")})
    assert run("eval", "gate", runs[1], "--baseline", runs[0]).exit_code == 0
    alter_run(runs[1], {"3号": ({f"{RECEIVED}.total": 0}, "verified"), "4号": (WRONG, "verified")})
    assert "had none in A: 4号" in run("eval", "gate", runs[1], "--baseline", runs[0]).stdout


def test_missing_answers_fail_the_gate(runs: tuple[Path, Path]) -> None:
    """A run that was stopped covers less."""
    (runs[1] / "results.jsonl").write_bytes(b"")
    result = run("eval", "gate", runs[1], "--baseline", runs[0])
    assert (result.exit_code, "coverage 0 of 20" in result.stdout) == (1, True)


def test_a_draft_of_gold(tmp_path: Path) -> None:
    """Filled in from the reading, marked as unreviewed, taken by a run with a warning, and not written over."""
    text = tmp_path / "甲.txt"
    text.write_text(line("甲", cells={f"{RECEIVED}.total": "3"})["text"], encoding="gb18030")
    result = run("eval", "label", text)
    assert (result.exit_code, result.stdout) == (0, "")
    assert "identity_fails" in result.stderr
    gold = json.loads((tmp_path / "甲.gold.json").read_text(encoding="utf-8"))
    assert list(gold) == [
        "reviewed", "notes", "form", "agency", "year", "title", "issued_on", "disclosure", "requests", "review_litigation",
    ]  # fmt: skip
    assert (gold["reviewed"], gold["notes"], gold["requests"]["received"]["total"]) == (
        False,
        "drafted by rules, discrepant",
        3,
    )
    assert load_dataset(str(tmp_path)).unreviewed == 1
    result = run("eval", "label", text)
    assert (result.exit_code, "is not written over" in result.stderr) == (2, True)
    (tmp_path / "甲.gold.json").write_text(json.dumps(gold | {"reviewed": True}), encoding="utf-8")
    assert load_dataset(str(tmp_path)).unreviewed == 0


def test_a_draft_to_another_file(tmp_path: Path) -> None:
    """--out names the file; a text whose name would make no pair needs one; what is no report is refused."""
    text = tmp_path / "甲.md"
    text.write_text(line("甲")["text"], encoding="utf-8")
    assert "ends in .txt" in run("eval", "label", text).stderr
    assert run("eval", "label", text, "--out", tmp_path / "甲.gold.json").exit_code == 0
    (tmp_path / "乙.txt").write_text("今天天气很好。", encoding="utf-8")
    assert (run("eval", "label", tmp_path / "乙.txt").exit_code, (tmp_path / "乙.gold.json").exists()) == (2, False)
    assert run("eval", "label", tmp_path / "丙.txt").exit_code == 2
    assert "cannot be written" in run("eval", "label", text, "--out", tmp_path / "no" / "x.json").stderr
