"""The documents say what the program does."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from nianbao.eval.cli import evaluate
from nianbao.pipeline.cli.main import main
from nianbao.schemas.findings import FINDINGS

import nianbao

from .conftest import WHOLE

ROOT = Path(__file__).parent.parent


def test_documents_are_fresh() -> None:
    """Every output and table in the documents is what the program prints today; those of long runs in `make docs`, and in CI."""
    command = [sys.executable, "docs/write.py", "--check", *(() if WHOLE else ("--quick",))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_readme_names_every_command(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert all(f"nianbao {command}" in text for command in main.commands)
    assert all(f"nianbao eval {command}" in text for command in evaluate.commands)
    assert re.search(r"```sh\nmake demo.*\nmake test", text)


TWINS = [
    ("README.md", "README.zh-CN.md"),
    ("docs/accuracy.md", "docs/accuracy.zh-CN.md"),
    ("docs/findings.md", "docs/findings.zh-CN.md"),
]


@pytest.mark.parametrize(("one", "other"), TWINS)
def test_twins_show_the_same(one: str, other: str) -> None:
    """A document and its Chinese twin show the same outputs, each in its own language, and have as many sections and tables."""
    english, chinese = ((ROOT / name).read_text(encoding="utf-8") for name in (one, other))
    shown = [re.findall(r"<!-- (?:prints|runs): .*? -->", text) for text in (english, chinese)]
    assert [line.replace("--lang en", "--lang zh") for line in shown[0]] == shown[1]
    assert all("--lang" in line for line in shown[1] if "prints" in line)
    for mark in ("\n## ", "\n```", "\n| --- |"):
        assert english.count(mark) == chinese.count(mark)


@pytest.mark.parametrize("name", [other for _, other in TWINS])
def test_the_chinese_twin_is_chinese(name: str) -> None:
    """To the last table: no block of output holds English words, but for names that are nobody's to translate."""
    text = (ROOT / name).read_text(encoding="utf-8")
    for block in re.findall(r"```text\n(.*?)```", text, re.DOTALL):
        assert not re.search(r"[a-z]{3,} [a-z]{2,}", block), block


def test_the_readme_tells_things_in_the_order_that_a_reader_asks() -> None:
    """What it is, why to trust it, a model, many reports, a parser of one's own, the limits before the figures."""
    heads = re.findall(r"\n## (.*)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert heads == [
        "What it is", "Why trust it", "With a model", "Many reports", "Behind your own parser", "Limits", "How well it does",
        "Accuracy runs", "How it works",
    ]  # fmt: skip


def test_discrepant_is_told_in_this_order() -> None:
    """First compare with the original, then that the report may be wrong as printed; and that the text is what is vouched for."""
    told = [FINDINGS["identity_fails"].advice, *((ROOT / name).read_text(encoding="utf-8") for name in TWINS[0])]
    for text, first, then in zip(
        told,
        ("先与原件核对", "Compare with the original first", "先与原件核对"),
        ("所印有误", "wrong as printed", "所印有误"),
        strict=True,
    ):
        assert 0 <= text.index(first) < text.index(then)
    assert "**What is vouched for is what *the text* prints**" in told[1]
    assert "**所确认的，是*文本*所印**" in told[2]


def test_the_public_names() -> None:
    """What nianbao offers is exactly this list, and each name is there."""
    assert nianbao.__all__ == [
        "Amount", "BudgetError", "Check", "Choice", "Client", "Coverage", "Doubt", "EndpointError", "Evidence", "Extraction",
        "Finding", "InputError", "NianbaoError", "ReaderShare", "Report", "Settings", "SettingsError",
        "check", "check_async", "extract", "extract_async", "open_client",
    ]  # fmt: skip
    assert all(getattr(nianbao, name) is not None for name in nianbao.__all__)
    assert dir(nianbao) == sorted(nianbao.__all__)
    with pytest.raises(AttributeError):
        nianbao.nothing  # noqa: B018


def test_the_product_stands_by_itself() -> None:
    """Nothing that reads reports imports the accuracy runs or the tests."""
    for folder in ("pipeline", "schemas", "prompts", "nianbao"):
        for path in (ROOT / folder).rglob("*.py"):
            found = re.findall(
                r"^\s*(?:from|import) (\S*\b(?:eval|tests)\b\S*)", path.read_text(encoding="utf-8"), re.M
            )
            assert found == [], path


def test_every_finding_that_the_code_gives_is_listed() -> None:
    """Each code in the pipeline is declared, and each declared code is given somewhere."""
    code = "".join(p.read_text(encoding="utf-8") for p in (ROOT / "pipeline").rglob("*.py"))
    assert set(re.findall(r'finding\(\s*"(\w+)"', code)) <= set(FINDINGS)
    assert set(FINDINGS) - set(re.findall(r'"(\w+)"', code)) == set()
