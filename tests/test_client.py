"""The model's endpoint, tried against the stand-in over loopback: faults, limits, budget, cache, and keys that never show."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from decimal import Decimal
from email.utils import formatdate
from pathlib import Path
from typing import Any, ClassVar

import pytest
from nianbao.pipeline.errors import BudgetError, EndpointError, RefusedError
from nianbao.pipeline.extract import extract_async
from nianbao.pipeline.llm.answer import parse
from nianbao.pipeline.llm.cache import Cache, DiskCache
from nianbao.pipeline.llm.client import Client, connect
from nianbao.pipeline.llm.failures import retry_after
from nianbao.pipeline.llm.reply import Reply
from nianbao.pipeline.llm.settings import Settings
from nianbao.pipeline.llm.wire import Pointing

from nianbao import Extraction, extract
from tests.tools.standin import FAULTS, MODEL, StandIn, answer_from

from .conftest import CASES, SURE
from .made_up import report
from .test_laws import cells_of

pytestmark = pytest.mark.usefixtures("read_once")

RIGHT = '{"rows":["1: 1-3"]}'
QUESTION = [{"role": "user", "content": "问"}]
SECRET = "sk-1234567890-marker"
ANSWER = answer_from(CASES)

Work = Callable[[Client], Awaitable[Any]]


def settings(server: StandIn, **more: Any) -> Settings:
    fast = {"max_wait_s": 0.01, "max_attempts": 4, "timeout_s": 2.0}
    return Settings.model_validate({"model": MODEL, "base_url": server.url, "api_key": SECRET, **fast, **more})


def do(work: Work, settings: Settings, cache: Cache | None = None) -> Any:
    async def opened() -> Any:
        async with connect(settings, cache) as client:
            return await work(client)

    return asyncio.run(opened())


async def ask(client: Client) -> Reply[Pointing]:
    return await client.ask(QUESTION, Pointing)


def right(_: Any) -> str:
    return RIGHT


@pytest.mark.parametrize(
    ("faults", "requests", "failure"),
    [
        ([], 1, ""),
        (["429"], 2, ""),
        (["429", "429", "429"], 4, ""),
        (["500", "503"], 3, ""),
        (["reset"], 2, ""),
        (["html"], 2, ""),
        (["slow"], 1, ""),
        (["fenced"], 1, ""),
        (["think"], 1, ""),
        (["reasoning", "reasoning", "reasoning"], 3, ""),
        (["400"], 2, ""),
        (["400", "400"], 3, ""),
        (["truncated"], 2, ""),
        (["truncated", "truncated"], 2, "malformed answer"),
        (["empty", "empty"], 2, "empty answer"),
        (["wrong_schema", "not_json"], 2, "malformed answer"),
        (["no_choices", "empty"], 2, "empty answer"),
        (["huge", "huge"], 2, "too long an answer"),
        (["huge"], 2, ""),
    ],
)
def test_faults(faults: list[str], requests: int, failure: str) -> None:
    """Each fault ends in an answer or in a failure that is said, after so many requests."""
    with StandIn(right, faults) as server:
        reply = do(ask, settings(server))
        assert (reply.answer == Pointing(rows=["1: 1-3"]), reply.failure, reply.requests) == (
            not failure,
            failure,
            requests,
        )
        assert len(server.requests) == requests


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("401", "the key was refused; check NIANBAO_API_KEY"),
        ("429", "still too many requests after every attempt"),
        ("500", "status 500, “status 500 on demand”; try again later"),
        ("reset", "cannot be reached; check NIANBAO_BASE_URL"),
        ("hang", "no answer within 0.2 s"),
        ("400", "refuses every way to ask for structured answers"),
    ],
)
def test_an_endpoint_that_cannot_be_used(fault: str, says: str) -> None:
    """What stays wrong after every attempt is an error that names the host and what to do, and never the key."""
    with StandIn(right, [fault] * 20) as server, pytest.raises(EndpointError) as error:
        do(ask, settings(server, timeout_s=0.2 if fault == "hang" else 2.0, max_attempts=2))
    assert says in str(error.value)
    assert "127.0.0.1" in str(error.value)
    assert SECRET not in repr(error.value)


def test_a_question_that_is_refused() -> None:
    """After an answer a refusal is a failure of that question alone; many in a row say that the endpoint cannot be used."""

    said: list[str] = []

    async def work(client: Client) -> None:
        for n in range(30):
            said.append((await client.ask([{"role": "user", "content": f"{n}"}], Pointing)).failure)

    with StandIn(right, ["ok", "400", "ok", *["400"] * 20]) as server, pytest.raises(RefusedError, match="status 400"):
        do(work, settings(server))
    assert [bool(failure) for failure in said] == [False, True, False, *[True] * 9]
    assert "status 400" in said[1]


@pytest.mark.parametrize("by_answer", [False, True])
def test_what_an_answer_took(tmp_path: Path, by_answer: bool) -> None:
    """A second reading pays nothing and says so; told by its answers, it says what they took when they were asked."""
    damaged = SURE[0].text.replace("规章\t0\t0\t0", "规章")

    async def work(client: Client) -> Extraction:
        client.by_answer = by_answer
        return await extract_async(damaged, model=client)

    with StandIn(ANSWER) as server, DiskCache(tmp_path / "c") as cache:
        first, second = (do(work, settings(server, input_price=1), cache).model for _ in range(2))
    assert (first.calls > 0, first.cached_calls, first.cost > 0, first.input_tokens > 0) == (True, 0, True, True)
    if by_answer:
        assert second == first
    else:
        assert (second.calls, second.cached_calls, second.cost, second.input_tokens) == (0, first.calls, 0, 0)


def test_nothing_listens() -> None:
    with StandIn(right) as server:
        gone = settings(server, max_attempts=1)
    with pytest.raises(EndpointError, match="cannot be reached"):
        do(ask, gone)


@pytest.mark.parametrize("fault", FAULTS)
def test_no_fault_loses_a_report(fault: str) -> None:
    """With any fault, twice over, each report has its extraction, and is counted in it."""
    if fault == "hang":
        return
    with StandIn(ANSWER, [fault] * 2) as server:
        sample = SURE[0]
        found = extract(sample.text, "auto", model=settings(server, cache_dir=None))
        assert found.status == "verified"
        damaged = sample.text.replace("规章\t0\t0\t0", "规章")
        assert damaged != sample.text
        found = extract(damaged, "auto", model=settings(server, max_attempts=6, cache_dir=server_cache(server)))
    assert (found.status, found.model is not None) == ("unresolved", True)
    assert found.model is not None
    assert found.model.calls == len(server.requests)


def server_cache(server: StandIn) -> Path:
    """A cache folder that no other test shares."""
    import tempfile

    return Path(tempfile.mkdtemp()) / str(server.port)


def test_the_mode_that_works_is_kept() -> None:
    """An endpoint that refuses JSON schema is asked with tools, from then on at once."""
    with StandIn(right, ["400"]) as server:

        async def twice(client: Client) -> Any:
            await client.ask(QUESTION, Pointing)
            await client.ask([{"role": "user", "content": "再问"}], Pointing)
            return client.mode

        assert do(twice, settings(server)) == "tools"
        assert ["tools" in body for body in server.requests] == [False, True, True]


@pytest.mark.parametrize(
    ("mode", "sent"), [("json_schema", "response_format"), ("tools", "tools"), ("md_json", "messages")]
)
def test_every_mode(mode: str, sent: str) -> None:
    with StandIn(right) as server:
        reply = do(ask, settings(server, mode=mode))
    assert reply.answer == Pointing(rows=["1: 1-3"])
    assert sent in server.requests[0]
    assert (server.requests[0]["temperature"], server.requests[0]["model"]) == (0, MODEL)


def test_how_long_to_wait() -> None:
    """Retry-After is honoured as seconds and as a date, however long."""
    assert retry_after("0.5") == 0.5
    assert retry_after("86400") == 86400
    assert retry_after(formatdate(time.time() + 3600, usegmt=True)) == pytest.approx(3600, abs=5)
    assert [retry_after(h) for h in (None, "", "soon", "-3")] == [None, None, None, 0.0]


def test_an_endpoint_that_names_a_time_is_given_it() -> None:
    with StandIn(right, ["429"], retry_after="0.3") as server:
        start = time.monotonic()
        do(ask, settings(server))
    assert time.monotonic() - start >= 0.3


def test_requests_in_flight_are_bounded() -> None:
    with StandIn(right, latency_s=0.02) as server:

        async def many(client: Client) -> None:
            await asyncio.gather(*(client.ask([{"role": "user", "content": str(i)}], Pointing) for i in range(30)))

        do(many, settings(server, max_in_flight=4))
    assert (len(server.requests), server.in_flight_most) == (30, 4)


def test_answers_not_kept_yet_are_in_flight(tmp_path: Path) -> None:
    """However slow the cache: a kill at any moment loses no more answers than may be in flight."""
    with StandIn(right) as server:

        class Slow(DiskCache):
            kept: ClassVar[list[str]] = []
            lost_most = 0

            def set(self, key: str, raw: str) -> None:
                time.sleep(0.02)
                self.lost_most = max(self.lost_most, len(server.requests) - len(self.kept))
                super().set(key, raw)
                self.kept.append(key)

        async def many(client: Client) -> None:
            await asyncio.gather(*(client.ask([{"role": "user", "content": str(i)}], Pointing) for i in range(12)))

        with Slow(tmp_path / "c") as cache:
            do(many, settings(server, max_in_flight=2), cache)
    assert (len(cache.kept), cache.lost_most) == (12, 2)


def test_what_waits_leaves_its_room_to_others() -> None:
    """A question that was told to come later does not keep others from being asked."""
    with StandIn(right, ["429"], retry_after="0.5") as server:

        async def two(client: Client) -> list[str]:
            done: list[str] = []

            async def one(name: str) -> None:
                await client.ask([{"role": "user", "content": name}], Pointing)
                done.append(name)

            await asyncio.gather(one("told to wait"), one("asked meanwhile"))
            return done

        assert do(two, settings(server, max_in_flight=1)) == ["asked meanwhile", "told to wait"]


def test_requests_a_minute_are_limited() -> None:
    """Above so many a minute, a request waits its turn."""
    with StandIn(right) as server:

        async def hurry(client: Client) -> int:
            asked = [client.ask([{"role": "user", "content": str(i)}], Pointing) for i in range(4)]
            done, waiting = await asyncio.wait(map(asyncio.create_task, asked), timeout=1.0)
            for task in waiting:
                task.cancel()
            return len(done)

        assert do(hurry, settings(server, requests_per_minute=2)) == 2


def test_one_question_at_once_is_asked_once(tmp_path: Path) -> None:
    """Fifty times the same question at once is one request; asked again later, none."""
    with StandIn(right, latency_s=0.05) as server, DiskCache(tmp_path / "c") as cache:

        async def all_at_once(client: Client) -> list[Reply[Pointing]]:
            return list(await asyncio.gather(*(ask(client) for _ in range(50))))

        replies = do(all_at_once, settings(server), cache)
        assert [r.answer for r in replies] == [Pointing(rows=["1: 1-3"])] * 50
        assert (len(server.requests), sum(not r.is_cached for r in replies)) == (1, 1)
        assert (do(ask, settings(server), cache).is_cached, len(server.requests)) == (True, 1)


def test_a_budget_of_money_stops_cleanly() -> None:
    """Above the budget nothing more is asked, and the error says what was spent."""
    with StandIn(right) as server:
        spent: list[Decimal] = []

        async def until_it_stops(client: Client) -> None:
            for i in range(100):
                reply = await client.ask([{"role": "user", "content": "问" * 300 + str(i)}], Pointing)
                spent.extend(u.cost or Decimal(0) for u in reply.usages)

        with pytest.raises(BudgetError, match=r"--max-cost 0.01 reached: 0\.01\d* US dollars spent"):
            do(until_it_stops, settings(server, max_cost="0.01", input_price="10", output_price="10"))
    assert Decimal("0.01") <= sum(spent) < Decimal("0.013")
    assert len(server.requests) == len(spent) < 10


def test_a_budget_needs_a_price() -> None:
    async def twice(client: Client) -> None:
        for i in range(2):
            await client.ask([{"role": "user", "content": str(i)}], Pointing)

    with StandIn(right) as server, pytest.raises(BudgetError, match="no price is known for model stand-in"):
        do(twice, settings(server, max_cost="1"))


def test_a_second_run_costs_nothing(tmp_path: Path) -> None:
    """The same reports read again send no request, and say so; another model or endpoint is asked anew."""
    with StandIn(ANSWER) as server:
        first = [extract(s.text, "model", name=s.name, model=settings(server, cache_dir=tmp_path)) for s in SURE]
        sent = len(server.requests)
        again = [extract(s.text, "model", name=s.name, model=settings(server, cache_dir=tmp_path)) for s in SURE]
        assert (sent, len(server.requests)) == (len(SURE), sent)
        extract(SURE[0].text, "model", model=settings(server, cache_dir=tmp_path, model="other"))
        assert len(server.requests) == sent + 1
    for one, other, sample in zip(first, again, SURE, strict=True):
        assert one.model is not None
        assert other.model is not None
        assert (one.status, one.reader, one.model.calls, one.model.cached_calls) == ("verified", "model", 1, 0)
        assert (other.model.calls, other.model.cached_calls, other.model.input_tokens) == (0, 1, 0)
        assert one.model_dump(exclude={"model"}) == other.model_dump(exclude={"model"})
        assert cells_of(one) == cells_of(sample.extraction)


def test_the_key_shows_nowhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """The key is in no output, log, error, cache, extraction, representation or recorded request."""
    caplog.set_level(0)
    with StandIn(ANSWER, ["429", "truncated", "ok", "401"]) as server:
        chosen = settings(server, cache_dir=tmp_path / "cache")
        found: list[Extraction] = [extract(SURE[0].text, "model", model=chosen)]
        with pytest.raises(EndpointError) as error:
            extract(SURE[1].text, "model", model=chosen)
        shown = [repr(chosen), chosen.model_dump_json(), found[0].model_dump_json(), repr(error.value), caplog.text]
        shown += [*capsys.readouterr(), json.dumps(server.requests)]
    kept = [p.read_bytes() for p in (tmp_path / "cache").rglob("*") if p.is_file()]
    assert kept
    assert not any(SECRET in text for text in shown)
    assert not any(SECRET.encode() in data for data in kept)


def test_a_model_reads_what_the_rules_leave_open() -> None:
    """`auto` asks only where the rules are in doubt, keeps what they agree on, and never vouches for a model's word alone."""
    with StandIn(ANSWER) as server:
        chosen = settings(server, cache_dir=server_cache(server))
        assert extract(SURE[0].text, "auto", model=chosen).reader == "rules"
        assert server.requests == []
        lost = report(change=lambda t: t.replace("1.属于国家秘密\t0\t0\t0\t0\t0\t0\t0", "1.属于国家秘密\t0\t0"))
        found = extract(lost, "auto", model=chosen)
    assert (found.status, len(server.requests)) == ("unresolved", 2)
    assert {"readers_differ", "readers_agree"} & {f.code for f in found.findings}


def test_inside_a_running_loop() -> None:
    """The plain function works where an event loop runs already."""
    with StandIn(ANSWER) as server:
        chosen = settings(server, cache_dir=server_cache(server))

        async def inside() -> Extraction:
            return extract(SURE[2].text, "model", model=chosen)

        assert asyncio.run(inside()).status == "verified"


@pytest.mark.parametrize(
    ("raw", "rows"),
    [
        (RIGHT, ["1: 1-3"]),
        (f"<think>{{不}}</think>{RIGHT}", ["1: 1-3"]),
        (f"```json\n{RIGHT}\n```", ["1: 1-3"]),
        (f"好的，{RIGHT}。", ["1: 1-3"]),
        ('{"rows":["2: 1 空 3"]}', ["2: 1 空 3"]),
        ('{"rows":{"1":"1-3"}}', None),
        ('{"rows":["1: 1-3"],"note":"x"}', None),
        ('{"rows":[1]}', None),
        ("[" * 5000, None),
        ("", None),
    ],
)
def test_answers(raw: str, rows: Any) -> None:
    """An answer is found after thoughts, in a fence, among words; what is no answer is none."""
    found = parse(raw, Pointing)
    assert (found.rows if found else None) == rows


def test_settings_and_replies_are_plain_data() -> None:
    assert asdict(Reply(None, "", True)) == {
        "answer": None, "raw": "", "is_cached": True, "usages": (), "failure": "", "requests": 0, "kept": (),
    }  # fmt: skip
