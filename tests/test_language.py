"""One switch for the language: every message of the program is there in both, and is told in the one that is spoken."""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from nianbao.eval.tables import TABLES
from nianbao.pipeline.cli.main import main
from nianbao.pipeline.errors import SettingsError
from nianbao.pipeline.language import Phrase, catalogue, in_chinese, language, speaking, told
from nianbao.pipeline.llm.settings import Settings
from nianbao.pipeline.serve.problems import PROBLEMS
from nianbao.schemas.findings import FINDINGS

from .test_cli import ONE, run

ROOT = Path(__file__).parent.parent
SPOKEN = ("pipeline", "eval")
APART = re.compile(
    r"eval/(bench|bulk_bench|cluster_bench|damaged|load|mutations|standin|throughput|tokens|batches|documents/)"
)
"""Programs of this repository's own, which no user runs."""
ERRORS = (
    "InputError",
    "SettingsError",
    "EndpointError",
    "BudgetError",
    "RefusedError",
    "FaultError",
    "ResponseError",
    "RequestError",
)
SAID = (
    *ERRORS,
    "say",
    "tell",
    "told",
    "finding",
    "UsageError",
    "BadParameter",
    "interruptible",
    "confirm",
    "bad",
    "busy",
)
TOLD_BY_LINE = ("many/summary", "many/estimate", "many/check_summary", "many/batch/", "llm/doctor", "eval/gate")
"""Modules that yield what is told, line by line."""
HAN = "一-鿿"


def messages() -> Iterator[tuple[str, str]]:
    """Every message that the code can say, with a 7 for each value, and where it stands."""
    for folder in SPOKEN:
        for path in sorted((ROOT / folder).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if not APART.match(name):
                tree = ast.parse(path.read_text(encoding="utf-8"))
                yield from (
                    (text, f"{name}:{line}") for text, line in _of_module(tree, any(m in name for m in TOLD_BY_LINE))
                )


def _of_module(tree: ast.Module, by_line: bool) -> Iterator[tuple[str, int]]:
    for function in [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]:
        named = {
            t.id: n.value
            for n in ast.walk(function)
            if isinstance(n, ast.Assign)
            for t in n.targets
            if isinstance(t, ast.Name)
        }
        for node in ast.walk(function):
            said: list[ast.expr] = []
            if isinstance(node, ast.Call) and _name(node.func) in SAID:
                said = node.args
            elif by_line and isinstance(node, ast.Yield) and node.value is not None:
                said = [node.value]
            for one in said:
                for text in _texts(one, named):
                    if re.search(rf"[a-z] [a-z]|[{HAN}]", text):
                        yield text, one.lineno


def _name(called: ast.expr) -> str:
    return called.id if isinstance(called, ast.Name) else called.attr if isinstance(called, ast.Attribute) else ""


def _texts(node: ast.expr, named: Mapping[str, ast.expr]) -> list[str]:
    """What an expression can be, as far as it is written out: 7 stands for a value. named: what the names in it stand for."""
    if isinstance(node, ast.Name) and node.id in named:
        return _texts(named[node.id], {name: value for name, value in named.items() if name != node.id})
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else []
    if isinstance(node, ast.IfExp):
        return _texts(node.body, named) + _texts(node.orelse, named)
    if isinstance(node, ast.BinOp):
        return [a + b for a in _texts(node.left, named) for b in _texts(node.right, named)]
    if isinstance(node, ast.JoinedStr):
        found = [""]
        for part in node.values:
            inner = part.value if isinstance(part, ast.FormattedValue) else part
            quoted = "'7'" if isinstance(part, ast.FormattedValue) and part.conversion == ord("r") else "7"
            found = [text + more for text in found for more in _texts(inner, named) or [quoted]]
        return found
    return []


def helps(command: click.Command = main) -> Iterator[str]:
    """Every line of help, as it is told."""
    for paragraph in (command.help or "").split("\n\n"):
        yield " ".join(paragraph.split()) if not paragraph.lstrip().startswith("\b") else ""
    yield command.get_short_help_str()
    for option in command.params:
        if isinstance(option, click.Option):
            yield from re.split(r"  (?=\[)", option.help or "")
    for inner in command.commands.values() if isinstance(command, click.Group) else ():
        yield from helps(inner)


def test_every_message_is_there_in_both_languages() -> None:
    """Whatever the program says, in errors, findings, help and tables, has its twin."""
    wanted = dict(messages())
    wanted |= dict.fromkeys(filter(None, helps()), "help")
    wanted |= dict.fromkeys((text for kind in FINDINGS.values() for text in (kind.meaning, kind.advice)), "findings")
    wanted |= dict.fromkeys((text for kind in PROBLEMS.values() for text in (kind.meaning, kind.advice)), "problems")
    lacking = {}
    for text, where in wanted.items():
        with speaking(
            "en"
            if re.search(
                rf"[{HAN}]", re.sub("（政府信息公开工作年度报告）|政府信息公开工作年度报告|元|万|亿", "", text)
            )
            else "zh"
        ):
            if told(text) == text:
                lacking[text] = where
    assert len(wanted) > 400
    assert lacking == {}


def test_the_catalogue_is_sound() -> None:
    """Both lines of a message have the same places, with words between them; none stands twice in the language it is written in."""
    pairs = catalogue()
    for pair in pairs:
        one, other = map(Phrase.of, pair)
        assert set(one.places) == set(other.places), pair
        assert all(phrase.words[1:-1].count("") == 0 for phrase in (one, other)), pair
    english = [en for en, _ in pairs]
    assert len(set(english)) == len(english)


VALUES = st.text(st.characters(codec="utf-8", exclude_characters="，；、,;“”‘’\n"), max_size=8)


@given(st.data())
def test_a_message_keeps_its_values(data: st.DataObject) -> None:
    """Told in the other language and back, a message has every value it had: none is lost, none is made up."""
    en, zh = (Phrase.of(line) for line in data.draw(st.sampled_from([p for p in catalogue() if "{" in p[0]])))
    values = {
        p: "7" if re.fullmatch(r"n\d*", p) else data.draw(st.from_regex(r"[A-Z]{3,9}", fullmatch=True))
        for p in en.places
    }
    with speaking("zh"):
        there = told(en.filled(values))
    assert there == zh.filled(values) or sorted(re.findall("[A-Z]{3,9}|7", there)) == sorted(
        re.findall("[A-Z]{3,9}|7", zh.filled(values))
    )


@given(st.text(max_size=60))
def test_what_is_no_message_is_left_alone(text: str) -> None:
    """Whatever is told, without a language it is as it is written."""
    assert told(text) == text


@pytest.mark.parametrize(
    ("flag", "variables", "spoken"),
    [
        ("zh", {"NIANBAO_LANG": "en", "LANG": "en_US.UTF-8"}, "zh"),
        (None, {"NIANBAO_LANG": "zh_CN.UTF-8", "LANG": "en_US.UTF-8"}, "zh"),
        (None, {"LC_ALL": "zh_CN.UTF-8", "LANG": "en_US.UTF-8"}, "zh"),
        (None, {"LANG": "zh_TW.UTF-8"}, "zh"),
        (None, {"LANG": "de_DE.UTF-8"}, "en"),
        (None, {"LC_ALL": "C"}, "en"),
    ],
)
def test_the_switch(flag: str | None, variables: dict[str, str], spoken: str) -> None:
    """The flag comes before NIANBAO_LANG, and that before the locale."""
    assert language(flag, variables.get) == spoken


def test_a_language_that_is_not_spoken() -> None:
    with pytest.raises(SettingsError, match="NIANBAO_LANG=fr: no language that is spoken here; set zh or en"):
        language(None, {"NIANBAO_LANG": "fr"}.get)


def says(result: Result) -> tuple[int, str]:
    return result.exit_code, result.output


def test_help_and_errors_follow_the_switch() -> None:
    """--lang is heard wherever it stands, also before a --help is answered; click's own words follow too."""
    for arguments in (["--help", "--lang", "zh"], ["--lang=zh", "--help"]):
        assert "把政府信息公开工作年度报告变成经过核验的数据" in run(*arguments).stdout
        assert "用法：" in run(*arguments).stdout
    assert "选项" in run("bulk", "--help", "--lang", "zh").stdout
    assert run("extract", "nowhere.txt", "--lang", "zh").stderr == "nianbao: nowhere.txt：没有这个文件；请核对路径\n"
    assert (
        run("extract", "nowhere.txt", "--lang", "en").stderr == "nianbao: nowhere.txt: no such file; check the path\n"
    )
    assert run("extract", "--lang", "zh").stderr.endswith("错误：缺少参数“PATH...”。\n")
    assert run("extract", ONE, "--lang", "fr").exit_code == 2


def test_help_in_chinese_holds_no_english_sentence() -> None:
    """Nothing of the help is left over in English; commands, names of options and examples are not translated."""

    def walk(path: list[str], command: click.Command) -> Iterator[str]:
        yield run(*path, "--help", "--lang", "zh").stdout
        for name, inner in command.commands.items() if isinstance(command, click.Group) else ():
            yield from walk([*path, name], inner)

    for text in walk([], main):
        prose = "\n".join(line for line in text.splitlines() if "nianbao" not in line)
        assert not re.search(r"[a-z]{2,} (?:of|the|a|an|is|are|and|to|in|for) [a-z]{2,}", prose), text


def test_the_view_follows_the_switch_and_json_does_not() -> None:
    """The readable view is in the language spoken; JSON is the same to the byte in either."""
    zh, en = (run("extract", ONE, "--lang", code).stdout for code in ("zh", "en"))
    assert "verified 已核验：每一格都有出处" in zh
    assert "verified: every cell has its place in the text" in en
    assert "“（七）总计” has a cell too many, “0” (character 2074)" in en
    assert len(en.splitlines()) == len(zh.splitlines())
    assert run("extract", ONE, "--json", "--lang", "zh").stdout == run("extract", ONE, "--json", "--lang", "en").stdout


def test_every_finding_of_the_samples_is_told_in_english() -> None:
    """What is said of a place in a report is told in English too, whatever process it comes from."""
    for path in sorted(ONE.parent.glob("*.txt")):
        shown = CliRunner().invoke(main, ["extract", str(path), "--lang", "en"]).stdout
        for line in shown.splitlines():
            if re.match(r"  [✗!·] ", line):
                assert not re.search(rf"[{HAN}]", re.sub("“.*?”|[一二三四五六]、[^:]*:", "", line)), line


def test_settings_say_what_they_are_in_both_languages() -> None:
    assert all(field.title and field.description for field in Settings.model_fields.values())


def test_tables_have_chinese_heads(tmp_path: Path) -> None:
    """Every table of an accuracy run is in Chinese to its last head and row."""
    assert run("eval", "run", "samples", "--engine", "rules", "--out", tmp_path / "RUN").exit_code == 0
    shown = run("eval", "show", tmp_path / "RUN", "--lang", "zh").stdout
    assert not re.search(
        r"[a-z]{3,} [a-z]{2,}", re.sub(r"\(\S+\)|verified|discrepant|unresolved|\S*\.txt.*", "", shown)
    ), shown
    assert TABLES


def test_what_goes_into_an_extraction_is_chinese() -> None:
    assert in_chinese("a.txt: the input is empty; give the text of a report") == "a.txt：输入是空的；请给出报告的文本"
    assert in_chinese("no JSON object; give one object a line") == "不是 JSON 对象；请每行给一个对象"
