"""docs/check.md: its code runs as it stands, and prints what it says."""

import contextlib
import io
import json
import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.tools.damaged import is_accepted

from .conftest import SAMPLES
from .test_cli import run

DOCS = Path(__file__).parent.parent / "docs"
BLOCK = re.compile(r"```(python|sh|text)\n(.*?)```\n", re.DOTALL)


def blocks(name: str) -> list[tuple[str, str]]:
    """The blocks of a document that this test runs: the service has its own."""
    text = (DOCS / name).read_text(encoding="utf-8")
    return BLOCK.findall(re.sub(r"(?s)## Over HTTP\n.*?(?=\n## )", "", text))


@pytest.mark.parametrize("name", ["check.md", "check.zh-CN.md"])
def test_the_code_of_the_document_runs(name: str, tmp_path: Path) -> None:
    """Python blocks run in turn, commands end with the status they say, and a text block after either is what comes out."""
    sample = SAMPLES[1]
    (tmp_path / "report.txt").write_text(sample.text, encoding="utf-8")
    (tmp_path / "record.json").write_text(json.dumps(dict(sample.gold)), encoding="utf-8")
    (tmp_path / "records.jsonl").write_text(json.dumps({"path": "report.txt", "record": dict(sample.gold)}), "utf-8")
    for file in ("theirs.json", "map.toml"):
        shutil.copy(DOCS / "example" / file, tmp_path)
    names: dict[str, Any] = {}
    out = ""
    for language, block in blocks(name):
        if language == "text":
            assert out == block
        else:
            out = _python(block, names) if language == "python" else "".join(map(_command, block.splitlines()))
    assert is_accepted(sample.case)


def _python(block: str, names: dict[str, Any]) -> str:
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(compile(block, "docs/check.md", "exec"), names)
    return out.getvalue()


def _command(line: str) -> str:
    expected = re.search(r"# exit status (\d)$", line)
    program, *arguments = shlex.split(line, comments=True)
    assert program == "nianbao"
    result = run(*arguments)
    assert result.exit_code == int(expected[1] if expected else 0)
    return result.stdout + result.stderr


def test_both_languages_show_the_same() -> None:
    """The English and the Chinese document hold the same blocks and the same number of sections."""
    assert blocks("check.md") == blocks("check.zh-CN.md")
    english, chinese = ((DOCS / n).read_text(encoding="utf-8") for n in ("check.md", "check.zh-CN.md"))
    assert english.count("\n## ") == chinese.count("\n## ")
