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

ROOT = Path(__file__).parent.parent


def test_documents_are_fresh() -> None:
    """Every output and table in the documents is what the program prints today; those of long runs are held by `make docs`, in CI."""
    done = subprocess.run(
        [sys.executable, "docs/write.py", "--check", "--quick"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_readme_names_every_command(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert all(f"nianbao {command}" in text for command in main.commands)
    assert all(f"nianbao eval {command}" in text for command in evaluate.commands)
    assert re.search(r"```sh\nmake demo.*\nmake test", text)


def test_both_readmes_show_the_same() -> None:
    """The two READMEs hold the same blocks of output and the same number of sections."""
    english, chinese = ((ROOT / n).read_text(encoding="utf-8") for n in ("README.md", "README.zh-CN.md"))
    assert re.findall(r"```text\n.*?```", english, re.DOTALL) == re.findall(r"```text\n.*?```", chinese, re.DOTALL)
    assert english.count("\n## ") == chinese.count("\n## ")


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
