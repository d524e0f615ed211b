"""Write what a program prints into the documents: python docs/write.py [--check] [--quick]

A document marks such a place with a comment, and the block after it is replaced by what comes out:

    <!-- prints: nianbao schema -->    the output of a nianbao command, in a text block
    <!-- prints: tests.tools NAME -->  the output of a tool of tests/tools/
    <!-- findings: en -->              the table of finding codes, in English or Chinese heads
    <!-- settings: en -->              the table of settings, in English or Chinese
    <!-- problems: en -->              the table of the service's error codes, likewise
    <!-- file: example/map.toml -->    a file of this folder, in a block of any language
    <!-- run folder: en -->            the files of a bulk run, in English or Chinese
    <!-- columns: cells, en -->        the columns of a table of a bulk run, likewise

A command that prints nothing of its own but is needed first stands in a comment without a block, as
`<!-- runs: nianbao eval run samples --out RUN -->`. A word in capitals is a file of that name, which is there while the
document is rendered. Where a command takes long, as `<!-- runs, long: … -->` or `<!-- prints, long: … -->` says, --quick leaves what it
prints, or what is made of its files, as it is.
Who asks a model asks the stand-in, which answers from the recorded readings of tests/readings.

With --check nothing is written; the exit status is 1 where a document is not what it should be.
"""

import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

from click.testing import CliRunner
from nianbao.pipeline.cli.main import main as nianbao
from nianbao.pipeline.extract import REPORT
from nianbao.pipeline.language import LANGUAGES, Language, speaking, told
from nianbao.pipeline.llm.configuration import SHARED_KEYS, VARIABLES
from nianbao.pipeline.llm.settings import Settings
from nianbao.pipeline.many.formats import FORMATS
from nianbao.pipeline.many.ledger import LAYOUT
from nianbao.pipeline.many.summary import SUMMARY_FILES
from nianbao.pipeline.many.tables import CELLS, DOUBTS, REPORTS
from nianbao.pipeline.serve.problems import PROBLEMS
from nianbao.schemas.findings import FINDINGS

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
from tests.tools.recorded import load_recorded  # noqa: E402
from tests.tools.standin import StandIn, answer_from  # noqa: E402

DOCUMENTS = (
    "README.md",
    "README.zh-CN.md",
    *(
        f"docs/{name}.md"
        for name in (
            "accuracy",
            "findings",
            "model",
            "model.zh-CN",
            "check",
            "check.zh-CN",
            "serve",
            "serve.zh-CN",
            "bulk",
            "bulk.zh-CN",
            "accuracy",
            "accuracy.zh-CN",
            "findings.zh-CN",
        )
    ),
)
_COMMANDS = re.compile(
    r"(<!-- runs(?P<long>, long)?: nianbao (?P<first>[^\n]*?) -->\n)|(?P<mark><!-- prints(?P<takes_long>, long)?: (?:nianbao|(?P<tools>tests\.tools)) (?P<command>[^\n]*?) -->\n)```text\n.*?```\n",
    re.DOTALL,
)
_FINDINGS = re.compile(r"(<!-- findings: (?P<language>\w+) -->\n)(?:\|.*\n)*")
_PROBLEMS = re.compile(r"(<!-- problems: (?P<language>\w+) -->\n)(?:\|.*\n)*")
_PROBLEM_HEADS = {"en": ("status", "code", "meaning", "what to do"), "zh": ("状态", "代码", "含义", "怎么办")}
_FILES = re.compile(r"(<!-- file: (?P<path>[^\n]*?) -->\n```\w+\n).*?```\n", re.DOTALL)
_FOLDER = re.compile(r"(<!-- run folder: (?P<language>\w+) -->\n)(?:\|.*\n)*")
_FOLDER_HEADS = {"en": ("file", "what it is"), "zh": ("文件", "内容")}
_FOLDER_ZH = {
    "manifest.json": "运行的是什么：版本、引擎、模型、设置、来源，以及文件清单的哈希",
    "inputs.jsonl": "该清单：每个文件的地址、种类和大小",
    "shards/000000.jsonl.gz": "一个分片：每行一份抽取结果，按来源的次序",
    "shards/000000.json": "分片的标记，最后写入；没有它，这个分片重新读取",
    "done.json": "共有几个分片、几份报告；全部完成时写入",
    "log.jsonl": "每个分片何时提交、到那时用了多少：唯一含有时间的文件",
    "texts.sqlite": "运行的锁；不在工作时是空的",
    "batch/": "用 `--batch` 时：发出的问题和收回的回答（docs/batch.zh-CN.md）",
    "summary.json": "按结论、格式、年度统计的报告数，确认的格数，最常不成立的勾稽，存疑的缘由，核查提示，回答的费用",
    "summary.txt": "同上，供人阅读，中文",
}
"""File of a run → what it is, in Chinese; a test sees that none is missing, as the table cannot be written then."""
_COLUMNS = re.compile(r"(<!-- columns: (?P<table>\w+), (?P<language>\w+) -->\n)(?:\|.*\n)*")
_COLUMN_HEADS = {"en": ("column", "head", "holds"), "zh": ("列", "表头", "内容")}
_COLUMN_KINDS = {"en": {"text": "text", "number": "number"}, "zh": {"text": "文字", "number": "数"}}
_COLUMN_CELLS = {
    "en": ("each path of a cell", "行名·列名", "number; an amount in three: `.figure`, `.unit`, `.yuan`, text"),
    "zh": ("每个单元格的路径", "行名·列名", "数；金额分三列：`.figure`、`.unit`、`.yuan`，文字"),
}
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
    text = _PROBLEMS.sub(lambda m: m[1] + _problems(_language(m["language"])), text)
    text = _FILES.sub(lambda m: f"{m[1]}{(ROOT / 'docs' / m['path']).read_text(encoding='utf-8')}```\n", text)
    text = _FOLDER.sub(lambda m: m[1] + _folder(m["language"]), text)
    text = _COLUMNS.sub(lambda m: m[1] + _columns(m["table"], m["language"]), text)
    return _FINDINGS.sub(lambda m: m[1] + _findings(_language(m["language"])), text)


_LEFT: set[str] = set()
"""Files of commands that were left out, with --quick."""


def _block(marked: re.Match[str], folder: Path) -> str:
    """The mark, and after one that prints the output of its command."""
    command = marked["first"] or marked["command"]
    files = {word for word in command.split() if _is_file(word)}
    if files & _LEFT or ("--quick" in sys.argv and (marked["long"] or marked["takes_long"])):
        _LEFT.update(files)
        return marked[0]
    told = _tool(command) if marked["tools"] else _output(command, folder)
    return marked[0] if marked["first"] else f"{marked['mark']}```text\n{told}```\n"


def _is_file(word: str) -> bool:
    return word.isalpha() and word.isupper()


@cache
def _output(command: str, folder: Path) -> str:
    """What a command prints; run once, however many documents show it."""
    arguments = [str(folder / word) if _is_file(word) else word for word in command.split()]
    result = CliRunner().invoke(nianbao, arguments, catch_exceptions=False)
    if result.exit_code:
        sys.exit(f"nianbao {command}: exit status {result.exit_code}: {result.stderr}")
    return "".join(line.rstrip() + "\n" for line in result.stdout.strip("\n").splitlines())


@cache
def _tool(name: str) -> str:
    """What a tool of `tests/tools/` prints."""
    result = CliRunner().invoke(import_module(f"tests.tools.{name}").main, [], catch_exceptions=False)
    if result.exit_code:
        sys.exit(f"tests.tools.{name}: exit status {result.exit_code}: {result.output}")
    return result.stdout


def _language(named: str) -> Language:
    return next(each for each in LANGUAGES if each == named)


def _findings(language: Language) -> str:
    with speaking(language):
        rows = [(f"`{code}`", kind.severity, told(kind.meaning), told(kind.advice)) for code, kind in FINDINGS.items()]
    return _table([_HEADS[language], *rows])


def _settings(language: str) -> str:
    flags = {p.name for p in nianbao.commands["doctor"].params}
    rows = []
    for name, field in Settings.model_fields.items():
        variables = f"`{VARIABLES[name]}`" if name in VARIABLES else ""
        variables += "".join(f", `{key}`" for key in SHARED_KEYS) if name == "api_key" else ""
        flag = f"`--{name.replace('_', '-')}`" if name in flags else ""
        default = "" if field.default in (None, ()) else f"{field.default}"
        meaning = (field.title if language == "zh" else field.description) or ""
        rows.append((f"`{name}`", variables, flag, default, meaning))
    return _table([_SETTING_HEADS[language], *rows])


def _problems(language: Language) -> str:
    with speaking(language):
        rows = [
            (str(kind.status), f"`{code}`", told(kind.meaning), told(kind.advice)) for code, kind in PROBLEMS.items()
        ]
    return _table([_PROBLEM_HEADS[language], *rows])


def _folder(language: str) -> str:
    own = {**LAYOUT, **SUMMARY_FILES}
    told = {file: _FOLDER_ZH[file] for file in own} if language == "zh" else own
    options = {f: f"`--formats {name}`" for name, found in FORMATS.items() for f in found.files}
    made = "with {}" if language == "en" else "用 {} 时"
    rows = [*told.items(), *((file, made.format(option)) for file, option in options.items())]
    return _table([_FOLDER_HEADS[language], *((f"`{name}`", meaning) for name, meaning in rows)])


def _columns(name: str, language: str) -> str:
    """The columns of a table; those of the form's cells in one line."""
    table = next(t for t in (CELLS, REPORTS, DOUBTS) if t.name == name)
    own = [c for c in table.columns if c.name not in REPORT.columns and c.name.rpartition(".")[0] not in REPORT.columns]
    rows = [(f"`{c.name}`", c.head, _COLUMN_KINDS[language][c.kind]) for c in own]
    if len(own) < len(table.columns):
        rows.append(_COLUMN_CELLS[language])
    return _table([_COLUMN_HEADS[language], *rows])


def _table(rows: Sequence[Sequence[str]]) -> str:
    lines = [rows[0], ("---",) * len(rows[0]), *rows[1:]]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main() -> None:
    with TemporaryDirectory() as folder, _recorded(Path(folder)):
        stale = _write(Path(folder))
    if stale:
        print(("stale: " if "--check" in sys.argv else "written: ") + ", ".join(stale))
    sys.exit(bool(stale) and "--check" in sys.argv)


@contextmanager
def _recorded(folder: Path) -> Iterator[None]:
    """Within, the model that is asked is the stand-in, and the working folder is the project's."""
    os.chdir(ROOT)
    with StandIn(answer_from((), load_recorded("tests/readings"))) as server:
        os.environ |= {"NIANBAO_BASE_URL": server.url, "NIANBAO_CACHE_DIR": str(folder / "cache"), "NIANBAO_LOG": "off"}
        yield


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
