"""Readers compared: every reader and combination against hand-counted answers, and through the command line."""

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from nianbao.eval.answers import Answer
from nianbao.eval.dataset import Dataset, load_dataset
from nianbao.eval.readers import Readers, combined, reader_tables
from nianbao.eval.run import Manifest, Run, Shape
from nianbao.pipeline.extract import REPORT, extract

from nianbao import Extraction
from tests.tools.standin import StandIn, answer_from

from .made_up_runs import RECEIVED, altered, cases, line, write
from .made_up_runs import run as nianbao

pytestmark = pytest.mark.usefixtures("read_once")

TOTAL = f"{RECEIVED}.total"
MODEL: Mapping[str, Any] = {"prompt": "1", "cached_calls": 0, "cost": "0.10"}


def made(dataset: Dataset, answers: Mapping[str, tuple[float, Extraction]], engine: Any = "rules") -> Run:
    manifest = Manifest(program="1", settings=Shape(engine=engine), dataset="d", reports=2, gold_sha256=dataset.sha256)
    given = {name: Answer(name=name, seconds=s, extraction=e) for name, (s, e) in answers.items()}
    return Run("run", manifest, dataset, given, given)


def asked(extraction: Extraction, name: str, calls: int, cells: Mapping[str, Any], status: str) -> Extraction:
    """A model's answer after so many calls, each of 100 tokens in and 10 out."""
    use = {**MODEL, "name": name, "calls": calls, "input_tokens": 100 * calls, "output_tokens": 10 * calls}
    return altered(extraction, cells, status=status, model=use)


@pytest.fixture
def readers(tmp_path: Path) -> Readers:
    """Two reports of 200 cells. The rules vouch for the first and for nothing of the second.

    a: settles nothing. b: vouches for the second, with one cell wrong; of the first it doubts all.
    """
    one, two = cases(tmp_path, line("一"), line("二"))
    dataset = Dataset("d", (one, two))
    first, second = (extract(case.text, "rules", name=case.name) for case in (one, two))
    doubted = altered(second, {}, status="unresolved")
    by_rules = {"一": (0.1, first), "二": (0.1, doubted)}
    a = {"一": (2.0, asked(first, "a", 1, {}, "verified")), "二": (2.0, asked(second, "a", 2, {}, "unresolved"))}
    b = {
        "一": (3.0, asked(first, "b", 2, {}, "unresolved")),
        "二": (3.0, asked(second, "b", 1, {TOTAL: 7}, "verified")),
    }
    runs = {
        ("rules",): made(dataset, by_rules),
        ("a",): made(dataset, a, "model"),
        ("b",): made(dataset, b, "model"),
        ("rules", "a"): made(dataset, {"一": (0.1, first), "二": (0.2, a["二"][1])}, "auto"),
        ("rules", "b"): made(dataset, {"一": (0.1, first), "二": (3.5, b["二"][1])}, "auto"),
    }
    return Readers(("rules", "a", "b"), runs)


def test_every_combination_is_hand_counted(readers: Readers) -> None:
    """Cells right, vouched for, silent; reports; calls, tokens, cost, seconds, of each reader and of each combination."""
    table, gains = reader_tables(readers, REPORT)
    assert table.lines == (
        # cells right, vouched for, silent, reports, silent, calls, tokens in, out, cost, seconds
        ("rules", "400 of 400", "200", "0", "1 of 2", "0", "–", "–", "–", "–", "0.2"),
        ("a", "400 of 400", "200", "0", "1 of 2", "0", "3", "300", "30", "0.20", "4.0"),
        ("b", "399 of 400", "200", "1", "1 of 2", "1", "3", "300", "30", "0.20", "6.0"),
        # a is asked about the second alone; it took 2 s when it was asked, whoever asked first
        ("rules + a", "400 of 400", "200", "0", "1 of 2", "0", "2", "200", "20", "0.10", "2.1"),
        ("rules + b", "399 of 400", "400", "1", "2 of 2", "1", "1", "100", "10", "0.10", "3.6"),
        # b is asked about what a leaves unresolved, the second
        ("a + b", "399 of 400", "400", "1", "2 of 2", "1", "4", "400", "40", "0.30", "7.0"),
        ("rules + a + b", "399 of 400", "400", "1", "2 of 2", "1", "3", "300", "30", "0.20", "5.6"),
    )
    assert gains.lines == (
        ("a", "+0: 200 → 200", "+0: 1 → 1", "+0: 0 → 0", "2", "200", "20"),
        ("b", "+200: 200 → 400", "+1: 1 → 2", "+1: 0 → 1", "1", "100", "10"),
    )
    whole = combined(readers)["a + b"].answers["二"].extraction
    assert whole is not None
    assert whole.model is not None
    assert (whole.model.name, whole.model.calls, whole.model.cost) == ("a, b", 3, Decimal("0.20"))
    assert [use.name for use in whole.models] == ["a", "b"]


def test_models_without_the_rules(readers: Readers) -> None:
    """Where the rules are not among the readers, nothing is said of what is added to them."""
    alone = Readers(("b",), {("b",): readers.runs["b",]})
    (table,) = reader_tables(alone, REPORT)
    assert [told[0] for told in table.lines] == ["b"]


def test_readers_are_run_and_compared(tmp_path: Path) -> None:
    """Two models at one endpoint, of which one answers nothing: each run is kept, and shown again without asking anything."""
    label_without_numbers = line("缺")
    label_without_numbers["text"] = label_without_numbers["text"].replace("规章\t0\t0\t0", "规章")
    lines = write(tmp_path / "lines.jsonl", [line("一"), label_without_numbers])
    right = answer_from(load_dataset(str(lines)).cases)
    home = tmp_path / "RUN"
    with StandIn(lambda body: right(body) if body["model"] == "org/good" else '{"rows":[]}') as server:
        call = ("eval", "run", lines, "--readers", "rules,org/good,mute", "--base-url", server.url, "--out", home)
        done = nianbao(*call)
        assert (done.exit_code, nianbao(*call).stdout) == (0, done.stdout)
        requests = len(server.requests)
    names = [
        "rules",
        "org/good",
        "mute",
        "rules + org/good",
        "rules + mute",
        "org/good + mute",
        "rules + org/good + mute",
    ]
    assert [row.split("  ")[0].strip() for row in done.stdout.splitlines()[4:11]] == names
    assert requests == len({json.dumps(body, sort_keys=True) for body in server.requests}), "nothing is asked twice"
    assert nianbao("eval", "show", home).stdout == done.stdout
    gains = nianbao("eval", "show", home, "--table", "gains").stdout
    assert gains.startswith("What a model adds to the rules alone")
    assert nianbao("eval", "show", home / "rules+mute", "--table", "readers").exit_code == 0
    other = nianbao("eval", "run", lines, "--readers", "rules,mute", "--base-url", server.url, "--out", home)
    assert (other.exit_code, "holds the runs of other readers" in other.stderr) == (2, True)


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (("--readers", "rules,rules"), "each once was expected"),
        (("--readers", "rules,"), "each once was expected"),
        (("--readers", "rules,m", "--engine", "auto"), "leave out --engine and --model"),
        (("--readers", "rules,m", "--model", "n"), "leave out --engine and --model"),
    ],
)
def test_what_are_no_readers(tmp_path: Path, flags: tuple[str, ...], says: str) -> None:
    lines = write(tmp_path / "lines.jsonl", [line("一")])
    done = nianbao("eval", "run", lines, "--out", tmp_path / "RUN", *flags)
    assert (done.exit_code, says in done.stderr) == (2, True)
