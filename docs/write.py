"""Write what a program prints into the documents: python docs/write.py [--check]

A document marks such a place with a comment, and the block after it is replaced by what comes out:

    <!-- prints: nianbao schema -->    the output of a nianbao command, in a text block
    <!-- findings: en -->              the table of finding codes, in English or Chinese heads
    <!-- settings: en -->              the table of settings, in English or Chinese
    <!-- problems: en -->              the table of the service's error codes, likewise
    <!-- file: example/map.toml -->    a file of this folder, in a block of any language
    <!-- run folder -->                the files of a bulk run
    <!-- columns: cells -->            the columns of a table of a bulk run

A command that prints nothing of its own but is needed first stands in a comment without a block, as
`<!-- runs: nianbao eval run samples --out RUN -->`. A word in capitals is a file of that name, which is there while the
document is rendered. With --check nothing is written; the exit status is 1 where a document is not what it should be.
"""

import re
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from click.testing import CliRunner
from nianbao.pipeline.bulk.formats import FORMATS
from nianbao.pipeline.bulk.ledger import LAYOUT
from nianbao.pipeline.bulk.summary import SUMMARY_FILES
from nianbao.pipeline.bulk.tables import CELLS, DOUBTS, REPORTS
from nianbao.pipeline.cli import main as nianbao
from nianbao.pipeline.extract import REPORT
from nianbao.pipeline.serve.problems import PROBLEMS
from nianbao.pipeline.settings import VARIABLES, Settings
from nianbao.schemas.findings import FINDINGS

ROOT = Path(__file__).parent.parent
DOCUMENTS = (
    "README.md",
    "README.zh-CN.md",
    *(
        f"docs/{name}.md"
        for name in ("findings", "model", "model.zh-CN", "check", "check.zh-CN", "serve", "serve.zh-CN", "bulk")
    ),
)
_COMMANDS = re.compile(
    r"(<!-- runs: nianbao (?P<first>[^\n]*?) -->\n)|(<!-- prints: nianbao (?P<command>[^\n]*?) -->\n)```text\n.*?```\n",
    re.DOTALL,
)
_FINDINGS = re.compile(r"(<!-- findings: (?P<language>\w+) -->\n)(?:\|.*\n)*")
_PROBLEMS = re.compile(r"(<!-- problems: (?P<language>\w+) -->\n)(?:\|.*\n)*")
_PROBLEM_HEADS = {"en": ("status", "code", "meaning", "what to do"), "zh": ("状态", "代码", "含义", "怎么办")}
_FILES = re.compile(r"(<!-- file: (?P<path>[^\n]*?) -->\n```\w+\n).*?```\n", re.DOTALL)
_FOLDER = re.compile(r"(<!-- run folder -->\n)(?:\|.*\n)*")
_COLUMNS = re.compile(r"(<!-- columns: (?P<table>\w+) -->\n)(?:\|.*\n)*")
_HEADS = {"en": ("code", "severity", "meaning", "what to do"), "zh": ("代码", "级别", "含义", "怎么办")}
_SETTINGS = re.compile(r"(<!-- settings: (?P<language>\w+) -->\n)(?:\|.*\n)*")
_SETTING_HEADS = {
    "en": ("setting", "environment or `.env`", "flag", "default", "meaning"),
    "zh": ("设置", "环境变量或 `.env`", "选项", "默认", "含义"),
}


def render(text: str, folder: Path) -> str:
    """A document → the document with every marked block as it should be; folder: for the files of its commands."""
    text = _COMMANDS.sub(lambda m: _block(m, folder), text)
    text = _SETTINGS.sub(lambda m: m[1] + _settings(m["language"]), text)
    text = _PROBLEMS.sub(lambda m: m[1] + _problems(m["language"]), text)
    text = _FILES.sub(lambda m: f"{m[1]}{(ROOT / 'docs' / m['path']).read_text(encoding='utf-8')}```\n", text)
    text = _FOLDER.sub(lambda m: m[1] + _folder(), text)
    text = _COLUMNS.sub(lambda m: m[1] + _columns(m["table"]), text)
    return _FINDINGS.sub(lambda m: m[1] + _findings(m["language"]), text)


def _block(marked: re.Match[str], folder: Path) -> str:
    """The mark, and after one that prints the output of its command."""
    if marked["first"]:
        _output(marked["first"], folder)
        return marked[0]
    return f"{marked[3]}```text\n{_output(marked['command'], folder)}```\n"


@cache
def _output(command: str, folder: Path) -> str:
    """What a command prints; run once, however many documents show it."""
    arguments = [str(folder / word) if word.isalpha() and word.isupper() else word for word in command.split()]
    result = CliRunner().invoke(nianbao, arguments, catch_exceptions=False)
    if result.exit_code:
        sys.exit(f"nianbao {command}: exit status {result.exit_code}: {result.stderr}")
    return "".join(line.rstrip() + "\n" for line in result.stdout.strip("\n").splitlines())


def _findings(language: str) -> str:
    rows = [(f"`{code}`", kind.severity, kind.meaning, kind.advice) for code, kind in FINDINGS.items()]
    return _table([_HEADS[language], *rows])


def _settings(language: str) -> str:
    flags = {p.name for p in nianbao.commands["doctor"].params}
    rows = []
    for name, field in Settings.model_fields.items():
        variables = ", ".join(f"`{v}`" for v in VARIABLES.get(name, ()))
        flag = f"`--{name.replace('_', '-')}`" if name in flags else ""
        default = "" if field.default is None else f"{field.default}"
        meaning = (field.title if language == "zh" else field.description) or ""
        rows.append((f"`{name}`", variables, flag, default, meaning))
    return _table([_SETTING_HEADS[language], *rows])


def _problems(language: str) -> str:
    rows = [(str(kind.status), f"`{code}`", kind.meaning, kind.advice) for code, kind in PROBLEMS.items()]
    return _table([_PROBLEM_HEADS[language], *rows])


def _folder() -> str:
    made = [(file, f"with `--formats {name}`") for name, found in FORMATS.items() for file in found.files]
    rows = [*LAYOUT.items(), *SUMMARY_FILES.items(), *made]
    return _table([("file", "what it is"), *((f"`{name}`", meaning) for name, meaning in rows)])


def _columns(name: str) -> str:
    """The columns of a table; those of the form's cells in one line."""
    table = next(t for t in (CELLS, REPORTS, DOUBTS) if t.name == name)
    own = [c for c in table.columns if c.name not in REPORT.columns and c.name.rpartition(".")[0] not in REPORT.columns]
    rows = [(f"`{c.name}`", c.head, c.kind) for c in own]
    if len(own) < len(table.columns):
        rows.append(
            ("each path of a cell", "行名·列名", "number; an amount in three: `.figure`, `.unit`, `.yuan`, text")
        )
    return _table([("column", "head", "holds"), *rows])


def _table(rows: Sequence[Sequence[str]]) -> str:
    lines = [rows[0], ("---",) * len(rows[0]), *rows[1:]]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main() -> None:
    with TemporaryDirectory() as folder:
        stale = _write(Path(folder))
    if stale:
        print(("stale: " if "--check" in sys.argv else "written: ") + ", ".join(stale))
    sys.exit(bool(stale) and "--check" in sys.argv)


def _write(folder: Path) -> list[str]:
    """The names of the documents that were not as they should be; without --check they are now."""
    stale = []
    for name in DOCUMENTS:
        path = ROOT / name
        old = path.read_text(encoding="utf-8")
        new = render(old, folder)
        if old != new:
            stale.append(name)
            if "--check" not in sys.argv:
                path.write_text(new, encoding="utf-8")
    return stale


if __name__ == "__main__":
    main()
