"""What is seen of the calls to a model: the log, the spans, and -v."""

import json
import multiprocessing
import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from nianbao.pipeline.cli.console import settings_of
from nianbao.pipeline.cli.main import main
from nianbao.pipeline.errors import EndpointError
from nianbao.pipeline.llm import calls
from nianbao.pipeline.llm.calls import Call, CallLog, asking_about, read_calls
from nianbao.pipeline.llm.settings import Settings
from nianbao.pipeline.llm.wire import Pointing

from tests.tools.standin import MODEL, StandIn, answer_from

from .conftest import CASES, SURE
from .elsewhere import log_many
from .test_client import QUESTION, RIGHT, SECRET, ask, do, right, settings


def call(**more: Any) -> Call:
    return Call(**{
        "time": "2026-01-02T03:04:05.678+00:00", "model": "m", "endpoint": "host", "report": "一.txt", "mode": "tools",
        "request": "{}", "answer": RIGHT, "failure": "", "input_tokens": 1200, "output_tokens": 34, "cached_input_tokens": 1000, "cost": "0.0123",
        "seconds": 1.5, **more,
    })  # fmt: skip


def keep(path: Path, *kept: Call) -> None:
    log = CallLog(path)
    for each in kept:
        log.add(each)
    log.close()


def test_every_request_is_logged(tmp_path: Path) -> None:
    """Those that fail, too, with what was asked about which report, answered, and spent; never the key, never a cached answer."""
    path = tmp_path / "new" / "calls.db"

    async def work(client: Any) -> None:
        with asking_about("一.txt"):
            await ask(client)

    with StandIn(right, ["429", "truncated"]) as server:
        do(work, settings(server, log=path, input_price=1, output_price=2))
        host = server.url[7:-3]
    found = [each for _, each in read_calls(path, 10)]
    assert [(c.model, c.endpoint, c.report, c.mode) for c in found] == [(MODEL, host, "一.txt", "json_schema")] * 3
    assert [(c.answer, c.failure) for c in found] == [
        ("", f"{host}: status 429, “status 429 on demand”"), (RIGHT[: len(RIGHT) // 2], ""), (RIGHT, ""),
    ]  # fmt: skip
    assert [(c.input_tokens > 0, c.output_tokens > 0) for c in found] == [(False, False), (True, True), (True, True)]
    assert [float(c.cost or "nan") for c in found] == [(c.input_tokens + 2 * c.output_tokens) / 1e6 for c in found]
    asked = json.loads(found[0].request)
    assert (asked["messages"], asked["temperature"], asked["max_tokens"]) == (QUESTION, 0, 4096)
    assert SECRET.encode() not in b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_log_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest calls are dropped."""
    monkeypatch.setattr(calls, "MOST_CALLS", 5)
    keep(tmp_path / "c.db", *(call(answer=str(n)) for n in range(12)))
    keep(tmp_path / "c.db", call(answer="last"))
    assert [c.answer for _, c in read_calls(tmp_path / "c.db", 99)] == ["8", "9", "10", "11", "last"]
    assert [n for n, _ in read_calls(tmp_path / "c.db", 2)] == [12, 13]


def test_processes_log_at_once(tmp_path: Path) -> None:
    """Nothing is lost where several processes write."""
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        pool.map(log_many, [tmp_path / "c.db"] * 3)
    assert len(read_calls(tmp_path / "c.db", 1000)) == 300


def test_a_log_of_an_earlier_version(tmp_path: Path) -> None:
    """It gets the columns that it lacks, and keeps its calls."""
    keep(tmp_path / "c.db", call())
    with closing(sqlite3.connect(tmp_path / "c.db")) as db, db:
        db.execute("ALTER TABLE calls DROP COLUMN cached_input_tokens")
    keep(tmp_path / "c.db", call())
    assert [c.cached_input_tokens for _, c in read_calls(tmp_path / "c.db", 9)] == [0, 1000]


@pytest.mark.parametrize("kind", ["text", "database", "folder"])
def test_a_log_that_is_none_stops_nothing(kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A file that holds something else is left as it is, which is said once; the questions are answered."""
    path = tmp_path / "c.db"
    if kind == "database":
        with sqlite3.connect(path) as db:
            db.execute("CREATE TABLE years_of_work (x)")
    elif kind == "folder":
        path.mkdir()
    else:
        path.write_text("years of work")
    before = None if kind == "folder" else path.read_bytes()

    async def twice(client: Any) -> list[str]:
        return [(await client.ask([{"role": "user", "content": text}], Pointing)).failure for text in "ab"]

    with StandIn(right) as server:
        assert do(twice, settings(server, log=path)) == ["", ""]
    said = [r.getMessage() for r in caplog.records if "cannot be written" in r.getMessage()]
    assert len(said) == 1
    assert kind == "folder" or path.read_bytes() == before


def run(*args: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, list(args))
    return result.exit_code, result.stdout, result.stderr


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was asked is listed in a line each, or whole as JSON; by report, and so many."""
    monkeypatch.setenv("NIANBAO_LOG", str(tmp_path / "c.db"))
    assert run("log") == (0, "", "")
    keep(tmp_path / "c.db", call(), call(report="二.txt", answer="", failure="host: status 500", cost=None))
    assert run("log")[1] == (
        f"1  2026-01-02T03:04:05  m  一.txt  tools  1,200(1,000)+34  0.0123  1.50 s  {RIGHT}\n"
        "2  2026-01-02T03:04:05  m  二.txt  tools  1,200(1,000)+34  -  1.50 s  host: status 500\n"
    )
    assert [json.loads(line)["id"] for line in run("log", "--json", "--report", "二")[1].splitlines()] == [2]
    assert run("log", "-n", "1", "--lang", "zh")[1].endswith("host：状态 500\n")
    assert run("log", "--path")[1] == f"{tmp_path / 'c.db'}\n"
    (tmp_path / "c.db").write_text("no log")
    for more in tmp_path.glob("c.db-*"):
        more.unlink()
    status, _, err = run("log")
    assert (status, "cannot be read" in err, "Traceback" in err) == (2, True, False)
    monkeypatch.setenv("NIANBAO_LOG", "off")
    assert run("log") == (0, "", "nianbao: no call is logged, as NIANBAO_LOG says\n")


def test_where_calls_are_logged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands log into the user's state folder unless they are told otherwise, with the report's name; Python does not."""
    monkeypatch.delenv("NIANBAO_LOG")
    Path("one.txt").write_text(SURE[0].text, encoding="utf-8")
    with StandIn(answer_from(CASES)) as server:
        flags = ("--engine", "model", "--json", "--model", MODEL, "--base-url", server.url)
        assert run("extract", "one.txt", *flags)[0] == 0
        assert run("extract", "one.txt", *flags, "--log", "own.db")[0] == 0  # from the cache: no call
    assert [c.report for _, c in read_calls(tmp_path / "state" / "nianbao" / "calls.db", 9)] == ["one.txt"]
    assert read_calls(Path("own.db"), 9) == []
    both = settings_of({"model": "cheap,strong"})
    assert [each.log for each in both.models] == [tmp_path / "state" / "nianbao" / "calls.db"] * 2
    assert (Settings().log, settings_of({"model": "m"}, is_logged=False).log) == (None, None)


@pytest.mark.parametrize("place", ["before", "after", "inside"])
def test_verbose(place: str) -> None:
    """With -v, anywhere, it is said what is done; without, nothing."""
    Path("one.txt").write_text(SURE[0].text, encoding="utf-8")

    def refuse(body: Any) -> Any:
        return (
            (400, {"error": {"message": "no temperature", "param": "temperature"}}) if "temperature" in body else None
        )

    with StandIn(answer_from(CASES), refuse=refuse) as server:
        call = ["extract", "one.txt", "--engine", "model", "--json", "--model", MODEL, "--base-url", server.url]
        call.insert({"before": 0, "after": len(call), "inside": 2}[place], "-v")
        _, _, err = run(*call)
        host = server.url[7:-3]
    told = err.replace(host, "HOST").splitlines()
    assert told[0].startswith("nianbao: HOST: stand-in asked about one.txt by json_schema in ")
    assert told[0].endswith("s, 0 tokens in, 0 out: HOST: status 400, “no temperature”")
    assert told[1] == "nianbao: HOST: temperature is refused, and not sent any more"
    assert told[2].endswith(" out: answered")
    assert told[3] == "nianbao: HOST: structured answers are asked for by json_schema"
    assert told[4].startswith("nianbao: one.txt: verified, read in ")
    assert run(*[word for word in call if word != "-v"])[2] == ""
    assert "-v, --verbose" in run("cache", "info", "--help")[1]


def test_spans() -> None:
    """Where OpenTelemetry is set up, each request is a span, named as its conventions have it."""
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    seen = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(seen))
    trace.set_tracer_provider(provider)

    async def work(client: Any) -> None:
        with asking_about("一.txt"):
            await ask(client)

    with StandIn(right, ["ok", "401"]) as server:
        do(work, settings(server))
        with pytest.raises(EndpointError):
            do(work, settings(server))
        port = int(server.url.split(":")[2][:-3])
    answered, refused = ({**(span.attributes or {}), "name": span.name} for span in seen.get_finished_spans())
    common = {
        "name": f"chat {MODEL}", "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai",
        "gen_ai.request.model": MODEL, "gen_ai.request.max_tokens": 4096, "gen_ai.request.temperature": 0.0,
        "gen_ai.output.type": "json", "server.address": "127.0.0.1", "server.port": port, "nianbao.mode": "json_schema",
        "nianbao.report": "一.txt",
    }  # fmt: skip
    of_answer = {
        "gen_ai.usage.input_tokens": 1, "gen_ai.usage.output_tokens": 13, "gen_ai.usage.cache_read.input_tokens": 0,
            "gen_ai.response.finish_reasons": ("stop",),
    }  # fmt: skip
    assert answered == common | of_answer
    assert refused == common | {"error.type": "401"}
    assert SECRET not in str([span.to_json() for span in seen.get_finished_spans()])
