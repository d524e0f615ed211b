"""The command line: what goes where, exit statuses, and one clear line for each input that cannot be read."""

import asyncio
import fcntl
import json
import os
import re
import signal
import socket
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from nianbao.eval.cli import evaluate
from nianbao.pipeline.cli.main import main
from nianbao.pipeline.cli.view import view
from nianbao.pipeline.errors import FaultError
from nianbao.pipeline.extract import REPORT
from nianbao.pipeline.many.questions import Heard, Question
from nianbao.pipeline.many.read import Result as Read
from nianbao.pipeline.many.read import read
from nianbao.pipeline.many.sources import Given
from nianbao.pipeline.many.work import read_asking
from nianbao.schemas.findings import FINDINGS
from rich.table import Table
from rich.text import Text

from nianbao import Extraction, InputError, extract

from .conftest import SURE
from .made_up import report
from .made_up_runs import altered, doubted

COLUMNS = [c.name for c in REPORT.rows["requests.carried_in"].columns]
SAMPLES = Path(__file__).parent.parent / "eval" / "samples"
ONE = SAMPLES / "001_00cf7cc126b6d59e.txt"


def run(*arguments: str | Path, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments], input=stdin, catch_exceptions=False)


def lines(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_json_is_one_extraction_a_line_in_the_order_given() -> None:
    files = sorted((SAMPLES / sample.name for sample in SURE), reverse=True)
    result = run("extract", "--json", *files)
    assert (result.exit_code, result.stderr) == (0, "")
    assert [line["source"]["name"] for line in lines(result)] == [str(f) for f in files]
    assert {line["contract"] for line in lines(result)} == {"nianbao/2"}


def test_the_keys_of_the_contract() -> None:
    """Every key of the contract is there, in every object, also where it is null."""
    (line,) = lines(run("extract", "--json", ONE))
    assert list(line) == [
        "contract", "source", "status", "reader", "report", "coverage", "evidence", "doubts", "checks", "findings", "readers",
        "model", "models",
    ]  # fmt: skip
    assert list(line["source"]) == ["name", "sha256", "characters", "encoding", "kind", "pages", "extractor"]
    assert list(line["report"]) == [
        "form", "agency", "year", "title", "issued_on", "disclosure", "requests", "review_litigation", "narrative",
    ]  # fmt: skip
    assert line["report"]["requests"]["other_outcomes"]["unpaid"] is None
    assert line["report"]["disclosure"]["procurement"]["amount"] == {
        "figure": "780877.39", "unit": "元", "yuan": "780877.39",
    }  # fmt: skip
    assert list(line["checks"][0]) == ["id", "outcome", "left", "right", "paths", "message"]
    (other,) = lines(run("extract", "--json", SAMPLES / SURE[1].name))
    assert list(other["findings"][0]) == ["code", "severity", "path", "message"]
    assert (line["reader"], line["model"]) == ("rules", None)


def test_standard_input() -> None:
    result = run("extract", "-", "--json", stdin=ONE.read_bytes())
    assert (result.exit_code, lines(result)[0]["source"]["name"]) == (0, "-")


def test_a_folder_is_searched(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "a.TXT").write_bytes(ONE.read_bytes())
    (tmp_path / "c.md").write_bytes(ONE.read_bytes())
    (tmp_path / ".hidden.txt").write_text("x")
    (tmp_path / "d.json").write_text("{}")
    result = run("extract", "--json", tmp_path)
    assert [Path(line["source"]["name"]).name for line in lines(result)] == ["a.TXT", "c.md"]


def test_unresolved_is_1(tmp_path: Path) -> None:
    """A report with a row that has lost its numbers exits with 1, and the readable view says which and what to do."""
    text = re.sub(r"(?m)^(.*重复申请)\t.*$", r"\1", ONE.read_text(encoding="utf-8"))
    file = tmp_path / "r.txt"
    file.write_text(text, encoding="utf-8")
    result = run("extract", file, "--lang", "zh")
    assert result.exit_code == 1
    assert "unresolved 未能全部确认" in result.stdout
    assert "label_alone 有“2.重复申请”的行名" in result.stdout
    assert "→ 核对原文" in result.stdout


def test_the_view(sample: Any) -> None:
    """For a person: the title, the verdict, the filled tables; nothing for a terminal where there is none."""
    result = run("extract", SAMPLES / sample.name, "--lang", "zh")
    told = "verified 已核验" if sample.extraction.status == "verified" else "unresolved 未能全部确认"
    assert told in result.stdout
    assert all(title in result.stdout for title in ("二、主动公开", "三、收到和处理", "四、政府信息公开行政复议"))
    assert "\x1b" not in result.stdout


def test_the_view_of_doubts() -> None:
    """How much is vouched for; each doubtful cell with what else it could be; each doubt with the ways to read it."""
    granted, whole = "requests.granted.", [f"requests.carried_in.{column}" for column in COLUMNS]
    doubts: list[tuple[str, list[dict[str, Any]]]] = [
        (
            "cells_do_not_fit",
            [{granted + "other": 3, granted + "research": None}, {granted + "other": 0, granted + "research": 3}],
        ),
        ("label_alone", [dict.fromkeys(whole, 0), {}]),
        ("readings_differ", [{granted + "total": 3}] * 9),
    ]
    found = doubted(extract(report("2019", {granted + "other": "3", granted + "total": "3"})), doubts)
    parts = [p.plain for p in view(found, REPORT) if isinstance(p, Text)]
    text = "\n".join(parts)
    cells = len(found.evidence)
    assert f"未能全部确认：有的格存疑，其余各格已确认\n  确认 {cells - 10} 格，存疑 10 格\n" in text
    assert text[text.index("存疑之处") :].splitlines()[:8] == [
        "存疑之处",
        f"  ? cells_do_not_fit （一）予以公开·其他、科研机构：{FINDINGS['cells_do_not_fit'].meaning}",
        "      读法0：（一）予以公开：其他 3，科研机构 空",
        "      读法1：（一）予以公开：其他 0，科研机构 3",
        f"  ? label_alone 二、上年结转政府信息公开申请数量：{FINDINGS['label_alone'].meaning}",
        "      读法0：二、上年结转政府信息公开申请数量：自然人 0，商业企业 0，科研机构 0，社会公益组织 0，法律服务机构 0，其他 0，总计 0",
        "      读法1：二、上年结转政府信息公开申请数量：没有这一行",
        f"  ? readings_differ （一）予以公开·总计：{FINDINGS['readings_differ'].meaning}",
    ]
    assert text.rstrip().endswith("等 9 种读法")
    (grid,) = [p for p in view(found, REPORT) if isinstance(p, Table) and len(p.columns) == 8]
    shown = [[str(cell) for cell in column.cells] for column in grid.columns]
    assert [column[1] for column in shown[1:]] == ["0", "0", "0?空/3", "0", "0", "3?0", "3?"]
    assert all(column[0] == "0?无此格" for column in shown[1:])


def test_the_view_where_nothing_is_vouched_for() -> None:
    """It says so; rows of zeros are still only counted, as doubtful."""
    found = altered(extract(report("2019")), {}, status="unresolved")
    text = "\n".join(p.plain for p in view(found, REPORT) if isinstance(p, Text))
    assert f"没有一格能确认，记录仅供参考\n  确认 0 格，存疑 {len(found.evidence)} 格" in text
    assert "全部 23 行各格均为 0，存疑" in text


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody may enter."""
    with TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def bad(open_folder: Path) -> dict[str, tuple[Path, str]]:
    files = {
        "empty": (b"", "empty"),
        "binary": (bytes(range(256)) * 8, "binary|encoding"),
        "broken": ("政府信息公开工作年度报告\n".encode() * 50 + b"\xff" + "一、总体情况".encode() * 20, "broken utf-8"),
        "large": ("政府信息公开 0 0 0\n".encode() * 2_100_000, "limit"),
        "other": (("今天天气很好，我们去公园。\n" * 50).encode(), "no yearly report"),
        "forbidden": (b"x", "permission"),
    }
    for name, (data, _) in files.items():
        (open_folder / f"{name}.txt").write_bytes(data)
    (open_folder / "forbidden.txt").chmod(0)
    (open_folder / "nothing").mkdir()
    found = {name: (open_folder / f"{name}.txt", says) for name, (_, says) in files.items()}
    found["missing"] = (open_folder / "gone.txt", "no such file")
    found["folder"] = (open_folder / "nothing", "no reports")
    return found


@pytest.fixture
def not_root(bad: dict[str, tuple[Path, str]]) -> Iterator[None]:
    """Root may read any file: give the right up for the test, so that a forbidden file is forbidden."""
    run("extract", ONE, bad["binary"][0])
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    yield
    os.seteuid(0)


@pytest.mark.parametrize("name", ["empty", "binary", "broken", "large", "other", "missing", "folder"])
def test_bad_input(bad: dict[str, tuple[Path, str]], name: str) -> None:
    """One line on standard error with the path and what to do, status 2, and the other inputs are still read."""
    path, says = bad[name]
    result = run("extract", "--json", path, "-", stdin=ONE.read_bytes())
    assert result.exit_code == 2
    assert [line["source"]["name"] for line in lines(result)] == ["-"]
    complained(result, path, says)


@pytest.mark.usefixtures("not_root")
def test_a_forbidden_file(bad: dict[str, tuple[Path, str]]) -> None:
    """As every bad input."""
    path, says = bad["forbidden"]
    result = run("extract", "--json", path)
    assert (result.exit_code, result.stdout) == (2, "")
    complained(result, path, says)


def complained(result: Result, path: Path, says: str) -> None:
    (complaint,) = result.stderr.splitlines()
    assert complaint.startswith(f"nianbao: {path}: ")
    assert any(part in complaint for part in says.split("|"))
    assert ";" in complaint


def fails_on_b(asked: tuple[Given, Heard | None]) -> Extraction | Question:
    return read_asking("rules", asked) if not asked[0].name.endswith("b.txt") else [][0]


def test_a_fault_of_ours_stops_no_other_input(tmp_path: Path) -> None:
    """Where reading itself fails on a report, that is said of this report, and the others are read."""
    paths = [tmp_path / name for name in ("a.txt", "b.txt", "c.txt")]
    for path in paths:
        path.write_text(ONE.read_text(encoding="utf-8"), encoding="utf-8")

    async def work() -> list[Read]:
        return [found async for found in read(iter(map(str, paths)), "rules", None, 30, fails_on_b)]

    first, second, third = asyncio.run(work())
    assert isinstance(first, Extraction)
    assert isinstance(third, Extraction)
    assert isinstance(second, FaultError)
    assert str(second).startswith(f"{paths[1]}: reading failed (IndexError: list index out of range); this is a fault")


def test_hostile_names_and_text(tmp_path: Path) -> None:
    """Control characters of a file's name or a report's title never reach the terminal."""
    file = tmp_path / "a\x1b[31m\n.txt"
    file.write_bytes(("\x1b]0;x\x07某县2020年政府信息公开工作年度报告\n").encode() + ONE.read_bytes())
    assert "\x1b" not in run("extract", file).output
    assert "\x1b" not in run("extract", tmp_path / "b\x1b.txt").output


def test_engine_model_has_no_endpoint() -> None:
    result = run("extract", "--engine", "model", ONE)
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.count("\n") == 1


@pytest.mark.processes
def test_a_report_that_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is unresolved and says so; the time is a flag's, else the environment's, else that of `.env`."""
    result = run("extract", "--json", "--deadline", "0.000001", ONE)
    (told,) = lines(result)
    assert (result.exit_code, told["status"], told["report"]) == (1, "unresolved", None)
    assert [found["code"] for found in told["findings"]] == ["out_of_time"]
    Path(".env").write_text("NIANBAO_DEADLINE=0.000001\n")
    assert run("extract", ONE).exit_code == 1
    monkeypatch.setenv("NIANBAO_DEADLINE", "60")
    assert run("extract", ONE).exit_code == 0
    monkeypatch.setenv("NIANBAO_DEADLINE", "soon")
    result = run("extract", ONE)
    assert (result.exit_code, result.stderr) == (
        2, "nianbao: NIANBAO_DEADLINE=soon: give a number of seconds above 0, as 30\n"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("error", "status", "says"),
    [
        (ZeroDivisionError("x"), 70, "a fault of nianbao (ZeroDivisionError at test_cli.py:"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (click.Abort(), 130, "interrupted"),
        (BrokenPipeError(), 141, ""),
    ],
)
def test_what_stops_a_command(monkeypatch: pytest.MonkeyPatch, error: BaseException, status: int, says: str) -> None:
    """A fault, an interrupt, a reader that went away: a status of its own, which is no verdict, and never a traceback."""

    def fails() -> None:
        raise error

    monkeypatch.setattr(main.commands["schema"], "callback", fails)
    result = run("schema")
    assert (result.exit_code, result.stdout, "Traceback" in result.stderr) == (status, "", False)
    assert says in result.stderr
    assert result.stderr.count("\n") == bool(says)


def _hearing() -> None:
    """Ctrl-C is heard, whatever the tests were started with: in the background of a script it is not."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_ctrl_c_while_a_person_types() -> None:
    """Waiting for standard input ends at the first."""
    command = [sys.executable, "-c", "from nianbao.pipeline.cli.main import main; main()", "extract", "-"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=_hearing
    ) as process:
        assert process.stdin
        process.stdin.write("政府信息公开\n")
        process.stdin.flush()
        left = bytearray(4)
        while fcntl.ioctl(process.stdin, termios.FIONREAD, left) or any(
            left
        ):  # until it is read, and more is waited for
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        assert process.stderr
        assert (process.stderr.read(), process.wait()) == ("nianbao: interrupted\n", 130)


def test_usage_errors_are_2() -> None:
    assert run("extract").exit_code == 2
    assert run("extract", "--engine", "magic", ONE).exit_code == 2
    assert run("nothing").exit_code == 2


@pytest.mark.parametrize(
    "command", [[], ["extract"], ["schema"], ["eval"], *(["eval", name] for name in evaluate.commands)]
)
def test_help_has_an_example(command: list[str]) -> None:
    result = run(*command, "--help")
    assert (result.exit_code, "Example: nianbao" in result.stdout) == (0, True)


def test_schema_has_the_official_labels() -> None:
    """The JSON Schema carries the form's Chinese labels as titles and their variants in the description."""
    schema = json.loads(run("schema").stdout)
    definitions = schema["$defs"]
    assert definitions["Applicants"]["properties"]["natural_person"]["title"] == "自然人"
    assert definitions["Requests"]["properties"]["received"]["title"] == "一、本年新收政府信息公开申请数量"
    assert "本年制发件数" in definitions["Documents"]["properties"]["made"]["description"]
    assert set(schema["required"]) == set(schema["properties"])
    assert definitions["Evidence"]["properties"]["trust"] == {
        "enum": ["vouched", "doubtful"], "title": "可信", "type": "string"
    }  # fmt: skip


def test_utf8_whatever_the_locale() -> None:
    """Data on standard output is UTF-8 also where the locale is not."""
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    command = [
        sys.executable,
        "-c",
        "from nianbao.pipeline.cli.main import main; main()",
        "extract",
        "--json",
        str(ONE),
    ]
    done = subprocess.run(command, capture_output=True, env=environment, check=True)
    assert "八卦洲街道" in done.stdout.decode("utf-8")


def test_help_imports_nothing_heavy() -> None:
    """--help loads neither pydantic nor rich."""
    script = (
        "import sys; from click.testing import CliRunner; from nianbao.pipeline.cli.main import main;"
        "CliRunner().invoke(main, ['--help']); sys.exit(bool({'pydantic', 'rich', 'chardet'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


# --- What a new user meets -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", [None, 3, ["一、总体情况"]])
def test_what_is_no_text(given: Any) -> None:
    """Anything else in the place of a report is told of with what to give."""
    with pytest.raises(
        InputError, match=r"^r: the text, the bytes or the path of a report were expected, not \w+; give one of these"
    ):
        extract(given, name="r")


def test_tables_that_are_images() -> None:
    """A text without one table says so; a text with images says it of each section that has no table."""
    text = report("2021")
    heads = [text.index(f"\n{head}") + 1 for head in ("二、主动", "三、收到", "四、政府", "五、")]
    titles = [text[at:].partition("\n")[0] for at in heads]
    none = text[: heads[0]] + "\n".join(titles[:3]) + "\n" + text[heads[3] :]
    one = text[: heads[2]] + titles[2] + "\n![](table.png)\n" + text[heads[3] :]
    found = [[f.path for f in extract(t).findings if f.code == "tables_are_images"] for t in (text, none, one)]
    assert found == [[], [None], ["review_litigation"]]


def test_serve_on_a_taken_port() -> None:
    """One line, status 2."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("serve", "--port", str(port))
    assert (result.exit_code, result.stderr) == (
        2, f"nianbao: --host 127.0.0.1 --port {port}: cannot be listened on (Address already in use);"
        " name another --port, or 0 for one that is free\n",
    )  # fmt: skip


@pytest.mark.parametrize("missing", ["fastapi", "starlette", "uvicorn"])
def test_serve_without_its_extra(missing: str) -> None:
    """One line that says what to install, status 2."""
    script = f"import sys; sys.modules[{missing!r}] = None; from nianbao.pipeline.cli.main import main; main()"
    done = subprocess.run([sys.executable, "-c", script, "serve"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "nianbao serve needs the package" in done.stderr
    assert ".[serve]" in done.stderr
