"""Texts through tools: a tool that is missing is named, one that is there is used; the corpus is what it says."""

import json
import re
import stat
import sys
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner
from nianbao.eval.cli import evaluate
from nianbao.eval.dataset import EXTRACTED, Dataset, load_dataset
from nianbao.eval.documents.corpus import CORPUS
from nianbao.eval.documents.ocr import Box, Word, account_of_words, boxes_of
from nianbao.eval.documents.tools import NAMES, RECOGNISER, open_tools, reads

TAGS_TO_LINES = """#!{python}
import html, re, sys
if sys.argv[1:] == ["-version"]:
    sys.exit(print("w3m of this test"))
page = open(sys.argv[-1], encoding="utf-8").read().partition("</head>")[2]
cells = re.sub(r"\\s*</tr>\\s*", "\\n", re.sub(r"\\s*</t[dh]>\\s*", "\\t", re.sub(r"\\n\\s*", "", page)))
print(html.unescape(re.sub(r"<[^>]+>", "", re.sub(r"</(p|h1|h3|div|table)>", "\\n", cells))))
"""


@pytest.fixture
def only_w3m(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A PATH where the one tool is a w3m that writes a row of a table on a line, cells parted by tabs."""
    folder = tmp_path / "bin"
    folder.mkdir()
    command = folder / "w3m"
    command.write_text(TAGS_TO_LINES.format(python=sys.executable), encoding="utf-8")
    command.chmod(command.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("PATH", str(folder))


@pytest.mark.usefixtures("only_w3m")
def test_what_is_missing_is_named() -> None:
    """Of the commands one is found, with its version; the others are missing, each with a reason."""
    with open_tools(sys.executable) as tools:
        commands = {name for name in tools.found if reads(name) == "html"} & {"w3m", "lynx", "pandoc-plain"}
        assert (commands, tools.found["w3m"]) == ({"w3m"}, "w3m of this test")
        assert tools.missing["lynx"] == "the command lynx is not installed"
        assert tools.missing["pdftotext"] == "the command pdftotext is not installed"
        assert RECOGNISER in tools.missing
        assert tools.found.keys() | tools.missing.keys() == set(NAMES)
        assert not tools.found.keys() & tools.missing.keys()


@pytest.mark.usefixtures("only_w3m")
def test_texts_are_made_through_a_tool(tmp_path: Path) -> None:
    """Every text is made by the tool that is there and accounted for; the tool that is not is named; a run reads the file."""
    out = tmp_path / "extracted.jsonl"
    call = ["make", "--through", "w3m,lynx", "--count", "9", "--seed", "3", "--out", str(out)]
    done = CliRunner().invoke(evaluate, call, catch_exceptions=False)
    assert "left out: lynx: the command lynx is not installed" in done.output
    assert f"{out}: 9 texts" in done.output
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    for line in lines:
        assert line["layout"] == "w3m"
        for start, end in line["places"].values():
            assert re.fullmatch(r"[-+增加减少]*[0-9.]+(\s*\D{1,2}|[(（].*)?", line["text"][start:end])
        assert line["account"] == {}, "tabs and lines lose nothing"
    assert json.loads((tmp_path / "extracted.jsonl.tools.json").read_text()) == {"w3m": "w3m of this test"}
    assert len(load_dataset(str(out)).cases) == 9
    again = tmp_path / "again.jsonl"
    CliRunner().invoke(evaluate, [*call[:-1], str(again)], catch_exceptions=False)
    assert again.read_bytes() == out.read_bytes()


@pytest.mark.usefixtures("only_w3m")
@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--through", "w4m"], "--through w4m: no such tool; there are pdftotext"),
        (["--through", "lynx,pdftotext"], "lynx: the command lynx is not installed; pdftotext: the command"),
        (["--through", "w3m", "--difficulty", "1"], "--difficulty: tells nothing with --through"),
        (["--through", "w3m", "--tools-python", "/no/such/python"], "see --out and --tools-python"),
    ],
)
def test_what_cannot_be_made_is_said(tmp_path: Path, flags: list[str], says: str) -> None:
    """Unknown tools, none of the tools, flags that do not go together, an interpreter that is not there."""
    done = CliRunner().invoke(evaluate, ["make", "--out", str(tmp_path / "x"), *flags])
    assert done.exit_code
    assert says in done.output + str(done.exception)


# --- Recognised pages -------------------------------------------------------------------------------------------------


def test_recognised_words_are_accounted_for_by_their_boxes() -> None:
    """A word that stands in a cell's box is its value if it says the same; misread, it is lost; two in one word are glued."""
    code = {"123": "a.x", "124": "a.y", "125": "a.z"}
    glyph = [(0, left, 0.0, left + 8, 10.0) for left in (0.0, 100.0, 200.0)]
    prints = [[(*place, number[n]) for place, number in zip(glyph, code, strict=True)] for n in range(3)]
    boxes = boxes_of(prints, code)
    assert boxes["a.y"] == Box(0, 100, 0, 108, 10)
    words = [
        Word("5", Box(0, 1, 1, 7, 9), 0, 1),
        Word("8", Box(0, 101, 1, 107, 9), 2, 3),
        Word("77", Box(0, 150, 1, 260, 9), 4, 6),
    ]
    found = account_of_words(words, boxes, {"a.x": "5", "a.y": "3", "a.z": "7"})
    assert dict(found.held) == {"a.x": "held", "a.y": "lost", "a.z": "glued"}
    assert dict(found.places) == {"a.x": (0, 1)}


# --- The corpus -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def corpus() -> Dataset:
    return load_dataset(EXTRACTED)


def test_the_corpus_is_balanced(corpus: Dataset) -> None:
    """Some four hundred texts in under three megabytes; of each tool five or more, whose version is kept; both forms, all sizes."""
    versions = json.loads(CORPUS.with_name(f"{CORPUS.name}.tools.json").read_text(encoding="utf-8"))
    tools = Counter(case.line.layout for case in corpus.cases)
    assert 400 <= len(corpus.cases) <= 450
    assert CORPUS.stat().st_size < 3_000_000
    assert set(tools) == set(versions) - {"chromium", "soffice"} == set(NAMES)
    assert min(tools.values()) >= 5
    forms = Counter(case.form for case in corpus.cases)
    assert min(forms[name] for name in ("2019", "2021", "mixed")) >= 20
    done = Counter(what for case in corpus.cases for what in case.line.done)
    assert min(done[size] for size in ("all zero", "sparse", "small", "middling", "busy")) >= 50
    assert min(done[f"zeros {how}"] for how in ("as 0", "blank", "as -", "as /", "mixed")) >= 30


def test_the_corpus_accounts_for_every_number(corpus: Dataset) -> None:
    """Each number of the gold has a place that says it, or the account says why not; lost cells are those of the account."""
    for case in corpus.cases:
        line = case.line
        account = {path: why for why, paths in (line.account or {}).items() for path in paths}
        assert set(account) == set(line.lost)
        for path, (start, end) in (line.places or {}).items():
            value = case.gold.cells[path]
            number = value["figure"] if isinstance(value, dict) else str(value)
            said = re.sub(r"[\s\\|]", "", line.text[start:end])
            assert number.lstrip("-") in said, (case.name, path)
        printed = {path for path, value in case.gold.cells.items() if value is not None}
        assert printed <= {*(line.places or {}), *(line.account or {}).get("torn", ())}, case.name
