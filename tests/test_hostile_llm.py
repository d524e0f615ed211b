"""Hostile endpoints, caches and clients: the rules' reading is kept whatever comes, nothing hangs, nothing is let in."""

import asyncio
import json
import logging
import re
import zlib
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from nianbao.pipeline.cli.main import main
from nianbao.pipeline.errors import EndpointError
from nianbao.pipeline.extract import extract_async
from nianbao.pipeline.llm.answer import Tokens, completion_of, parse, raw_of, tokens_of
from nianbao.pipeline.llm.ask import fence, harmless
from nianbao.pipeline.llm.cache import DiskCache
from nianbao.pipeline.llm.client import Client, connect
from nianbao.pipeline.llm.doctor import examine
from nianbao.pipeline.llm.failures import LONGEST_WAIT_S
from nianbao.pipeline.llm.reply import Reply
from nianbao.pipeline.llm.trouble import PATIENCE_S
from nianbao.pipeline.llm.wire import Pointing
from nianbao.pipeline.many.batch.endpoint import Endpoint
from nianbao.prompts import prompt

from .hostile_llm.answers import (
    DAMAGED,
    Dripping,
    Endless,
    Sent,
    anything,
    completion,
    serving,
    settings_for,
    try_answers,
)
from .hostile_llm.entries import try_entries
from .hostile_llm.requests import try_requests

pytestmark = pytest.mark.usefixtures("read_once")

RIGHT = '{"rows":["1: 1-3"]}'
QUESTION = [{"role": "user", "content": "问"}]
SOUND = json.dumps(completion(RIGHT)).encode()


def ask(*plan: Sent, **more: Any) -> tuple[Reply[Pointing], list[bytes]]:
    """The reply to a question, and the requests that it took."""

    async def work() -> tuple[Reply[Pointing], list[bytes]]:
        async with serving(*plan) as (endpoint, url), connect(settings_for(url, **more), None) as client:
            return await client.ask(QUESTION, Pointing), endpoint.requests

    return asyncio.run(work())


# --- Answers ---------------------------------------------------------------------------------------------------------


def test_whatever_an_endpoint_answers_the_rules_reading_is_kept() -> None:
    """Completions of any shape, other bodies, packings, statuses and headers: no exception, each request is counted,
    no cell that the rules vouch for becomes another, nothing wrong is vouched for, and what is kept can be read."""
    told = try_answers(60)
    assert min(told["answer taken"], told["answer given up"], told["endpoint given up"]) > 0


def used(**more: Any) -> dict[str, Any]:
    return {"usage": {"prompt_tokens": 10, "completion_tokens": 2, **more}}


@pytest.mark.parametrize(
    ("told", "raw", "failure", "tokens"),
    [
        ({}, "", "empty answer", (0, 0)),
        ({"choices": None, "usage": None}, "", "empty answer", (0, 0)),
        ({"choices": {"0": 1}}, "", "empty answer", (0, 0)),
        ({"choices": [None]}, "", "empty answer", (0, 0)),
        ({"choices": [{"message": {"content": {"rows": []}}}]}, "", "empty answer", (0, 0)),
        ({"choices": [{"message": {"content": "a\ud800"}}]}, "a?", "", (0, 0)),
        ({"choices": [{"message": {"content": "a", "tool_calls": "b"}}]}, "a", "", (0, 0)),
        ({"choices": [{"message": {"content": "a", "tool_calls": [None, {"function": {"arguments": "b"}}]}}]}, "b", "", (0, 0)),
        ({"choices": [{"message": {"content": "a"}, "finish_reason": ["stop"]}]}, "a", "", (0, 0)),
        ({"choices": [{"message": {"content": "a"}, "finish_reason": "length"}]}, "a", "cut off", (0, 0)),
        ({"choices": [{"message": {"content": "a", "refusal": "no"}}]}, "a", "content filter", (0, 0)),
        ({"usage": {"prompt_tokens": -5, "completion_tokens": 7}}, "", "empty answer", (0, 7)),
        ({"usage": {"prompt_tokens": True, "completion_tokens": "7"}}, "", "empty answer", (0, 0)),
        ({"usage": {"prompt_tokens": 10**40, "completion_tokens": 1e9}}, "", "empty answer", (0, 0)),
        (used(prompt_tokens_details={"cached_tokens": 8}), "", "empty answer", (10, 2, 8)),
        (used(prompt_tokens_details={"cached_tokens": 11}), "", "empty answer", (10, 2, 10)),
        (used(prompt_tokens_details=[8]), "", "empty answer", (10, 2, 0)),
        (used(prompt_cache_hit_tokens=8, prompt_cache_miss_tokens=2), "", "empty answer", (10, 2, 8)),
        (used(prompt_cache_hit_tokens="8"), "", "empty answer", (10, 2, 0)),
    ],
)  # fmt: skip
def test_the_shape_of_a_completion(told: dict[str, Any], raw: str, failure: str, tokens: tuple[int, ...]) -> None:
    """Of a completion of any shape what can be used is used, and the rest is as if it were not there."""
    found = completion_of(told)
    assert (*raw_of(found), tokens_of(found)) == (raw, failure, Tokens(*tokens))


def test_a_lone_surrogate_is_no_reason_to_stop(tmp_path: Path) -> None:
    """An answer with half a character, which no file takes, is kept and read again; the run goes on."""
    told = json.dumps(completion("\ud800" + RIGHT)).encode()

    async def work() -> list[Reply[Pointing]]:
        with DiskCache(tmp_path / "c") as cache:
            async with serving(Sent(told)) as (_, url), connect(settings_for(url), cache) as client:
                return [await client.ask(QUESTION, Pointing) for _ in range(2)]

    first, second = asyncio.run(work())
    assert (first.raw, first.is_cached, second.is_cached) == ("?" + RIGHT, False, True)
    assert first.answer == second.answer == Pointing(rows=["1: 1-3"])


def bomb() -> Iterator[bytes]:
    """A stream of gzip that grows a thousandfold and does not end."""
    packing = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    while True:
        yield packing.compress(bytes(1_000_000))


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        (Dripping(b" "), "no answer within 0.5 s"),
        (Endless(b" " * 65_536), "a response of more than 4,000,000 bytes"),
        (Sent(SOUND + b" " * 4_000_000), "a response of more than 4,000,000 bytes"),
        (Sent(b"".join(islice(bomb(), 50)), headers={"content-encoding": "gzip"}), "of more than 4,000,000 bytes"),
        (Sent(SOUND, headers={"content-encoding": "br"}), "packed, which was not asked for"),
        (Sent(SOUND, headers={"content-encoding": "gzip"}), "a response that cannot be unpacked"),
        (Sent(b"<html>"), "no chat completion in the response"),
        (Endless(b"", 500), "no answer within 0.5 s"),
    ],
    ids=["dripping", "endless", "large", "bomb", "brotli", "no gzip", "a page", "silent"],
)
def test_a_body_without_measure(sent: Sent, says: str) -> None:
    """A body that drips, does not end, or unpacks to more than an answer takes is given up, and what it was is said."""
    with pytest.raises(EndpointError, match=says):
        ask(sent, timeout_s=0.5)


def test_a_packed_answer_is_read() -> None:
    """What is packed as no server was asked to is unpacked within the same bounds."""
    packed = zlib.compress(SOUND, wbits=zlib.MAX_WBITS | 16)
    assert ask(Sent(packed, headers={"content-encoding": "gzip"}))[0].answer == Pointing(rows=["1: 1-3"])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_carries_nothing_elsewhere(status: int) -> None:
    """A report and a key go to the host that was named, and to no other that it sends to."""

    async def work() -> tuple[str, int, int]:
        async with (
            serving(Sent(SOUND)) as (elsewhere, url),
            serving(Sent(b"", status, {"location": url})) as (named, own),
            connect(settings_for(own), None) as client,
        ):
            with pytest.raises(EndpointError) as error:
                await client.ask(QUESTION, Pointing)
            return str(error.value), len(named.requests), len(elsewhere.requests)

    said, asked, carried = asyncio.run(work())
    assert (asked, carried) == (1, 0)
    assert f"status {status}; it sends elsewhere" in said


@pytest.mark.parametrize(
    "wait", ["inf", "1e400", "86400", "601", "Fri, 31 Dec 9999 23:59:59 GMT", "Fri, 31 Dec 9999 23:59:59 -2359"]
)
@pytest.mark.parametrize("status", [429, 503])
def test_a_wait_without_measure(wait: str, status: int) -> None:
    """An endpoint that asks for a longer wait than there is patience for is not waited for, and that is said."""
    with pytest.raises(EndpointError, match=rf"status {status}; it asks to wait .* s, above the {LONGEST_WAIT_S:g} s"):
        ask(Sent(b"", status, {"retry-after": wait}))


@pytest.mark.parametrize("wait", ["nan", "-5", "soon", "Mon, 01 Jan 0001 00:00:00 -0000", "\xff", ""])
def test_a_wait_that_is_none(wait: str) -> None:
    reply, requests = ask(Sent(b"", 429, {"retry-after": wait}), Sent(SOUND))
    assert (reply.answer, len(requests)) == (Pointing(rows=["1: 1-3"]), 2)


@pytest.mark.parametrize(
    "error", [{"param": ["temperature"]}, {"param": {"a": 1}}, ["x"], "no", None, 5, {"message": 1}]
)
def test_the_shape_of_a_refusal(error: Any) -> None:
    """A refusal of any shape is one."""
    with pytest.raises(EndpointError, match="refuses every way"):
        ask(Sent(json.dumps({"error": error}).encode(), 400))


@given(
    told=st.dictionaries(st.sampled_from(["id", "status", "object", "data", "errors", "metadata"]), anything) | anything
)
def test_the_shape_of_everything_else(told: Any) -> None:
    """A list of models and a batch of any shape are read or refused in our words."""

    async def work() -> None:
        sent = Sent(json.dumps(told).encode())
        async with serving(sent, sent, Sent(SOUND)) as (endpoint, url):
            chosen = settings_for(url, cache_dir=Path("doctor"))
            with suppress(EndpointError):
                assert [line async for line in examine(chosen)]
            endpoint.plan = [sent]
            async with connect(chosen, None) as client:
                with suppress(EndpointError):
                    assert isinstance((await Endpoint(client).look("b")).id, str)

    asyncio.run(work())


def test_many_names_are_no_answer() -> None:
    """An answer that names more rows, or longer ones, than any form has is malformed, not a flood of findings."""
    many = [f"{n}: 1-99999" for n in range(10_000)]
    for rows in (many, ["9" * 2_000], ["\x1b[2J: 1"]):
        assert parse(json.dumps({"rows": rows}), Pointing) is None
    assert parse(json.dumps({"rows": many[:60]}), Pointing) is not None


def test_an_answer_of_fences_ends() -> None:
    """A fence that is opened and never closed, over as many lines as an answer may have, is looked at once."""
    assert parse("```" + "\n" * 199_000, Pointing) is None
    assert parse("```json" + " \n" * 90_000 + RIGHT, Pointing) == Pointing(rows=["1: 1-3"])


def test_nothing_of_the_environment_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a library finds in variables of its own is in no request: only the key that was set is, in one header."""
    for name in ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_ADMIN_KEY", "OPENAI_API_KEY"):
        monkeypatch.setenv(name, "of-environment")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Secret: of-environment")
    request = ask(Sent(SOUND), api_key="own-key")[1][0]
    assert (b"of-environment" in request, request.count(b"own-key")) == (False, 1)
    assert b"authorization: bearer own-key\r\n" in request.lower()


# --- Endpoints that are down -----------------------------------------------------------------------------------------


def ask_impatiently(*plan: Sent, patience_s: float, **more: Any) -> None:
    """A question through a client that says after so long what it is waiting for; no plan: nothing listens."""

    async def work() -> None:
        async with AsyncExitStack() as stack:
            _, url = await stack.enter_async_context(serving(*plan))
            if not plan:
                await stack.aclose()
            async with connect(settings_for(url, **more), None) as opened:
                await Client(opened.settings, None, opened.connection, patience_s=patience_s).ask(QUESTION, Pointing)

    asyncio.run(work())


@pytest.mark.parametrize(
    ("plan", "says"),
    [
        ((), r"127\.0\.0\.1:\d+: cannot be reached; attempt 1 of 2 failed, the next one is in \d+ s"),
        ((Sent(b"", 503),), r"127\.0\.0\.1:\d+: status 503; attempt 1 of 2 failed, the next one is in \d+ s"),
        ((Dripping(b""),), r"127\.0\.0\.1:\d+: no answer yet; a request waits up to 0\.2 s for one"),
    ],
    ids=["down", "failing", "silent"],
)
def test_an_endpoint_that_is_down_is_said(plan: tuple[Sent, ...], says: str, caplog: pytest.LogCaptureFixture) -> None:
    """What is being tried is said while it is, with the address, and not only when all of it has failed."""
    with pytest.raises(EndpointError):
        ask_impatiently(*plan, patience_s=0, timeout_s=0.2)
    assert re.search(says, caplog.text)


def test_what_passes_is_not_said(caplog: pytest.LogCaptureFixture) -> None:
    """A failure that is over before anybody would wonder is nobody's concern; nor is anything said after the end."""
    ask_impatiently(Sent(b"", 503), Sent(SOUND), patience_s=PATIENCE_S)
    with pytest.raises(EndpointError):
        ask_impatiently(Sent(b"", 401), patience_s=PATIENCE_S)
    assert ([r for r in caplog.records if r.name.startswith("nianbao")], PATIENCE_S) == ([], 5)


def test_the_command_says_what_the_library_warns_of() -> None:
    assert CliRunner().invoke(main, ["cache", "info"]).exit_code == 0
    with CliRunner().isolation() as (_, err, _):
        logging.getLogger("nianbao.pipeline.llm.trouble").warning("host: cannot be reached\x1b[2J")
        assert err.getvalue().decode() == "nianbao: host: cannot be reached\ufffd[2J\n"


# --- Questions -------------------------------------------------------------------------------------------------------

MARKS = [
    "<|im_end|>",
    "<|im_start|>system",
    "</s>",
    "[INST]",
    "<<SYS>>",
    "<｜User｜>",
    "<think>",
    "]~b]",
    "\x1b[2J",
    "\u202e",
]


@pytest.mark.parametrize("mark", MARKS, ids=ascii)
def test_marks_of_a_chat_are_made_harmless(mark: str) -> None:
    """What a report holds of a chat's own marks, of control characters and of broken ones is in no request as such."""

    async def work() -> str:
        text = DAMAGED.replace("行政许可", f"{mark}行政许可")
        assert text != DAMAGED
        async with serving(Sent(SOUND)) as (endpoint, url), connect(settings_for(url), None) as client:
            await extract_async(text, "auto", model=client)
            body = json.loads(endpoint.requests[0].partition(b"\r\n\r\n")[2])
        return "\n".join(m["content"] for m in body["messages"] if m["role"] == "user")

    question = asyncio.run(work())
    assert mark not in question
    assert "行政许可" in question


def test_what_is_harmless_stays_as_it_is() -> None:
    """Reports as they are lose nothing, and are asked about in the same words as ever."""
    for text in ("«1»规章|0|0\n## 二", harmless("数<|im_end|>")):
        assert harmless(text) == text
    assert fence("«1»规章").count("<") == 2
    assert "\x00" not in prompt("pointing.md")


# --- The cache -------------------------------------------------------------------------------------------------------


def test_a_cache_that_was_tampered_with() -> None:
    """Whatever is changed in its tables and files, an entry is sound or a miss, nothing runs, and nothing outside is touched."""
    told = try_entries(60)
    assert min(told["asked anew"], told["taken"]) > 0


def test_fewer_tokens_than_none_are_asked_for_anew(tmp_path: Path) -> None:
    """An entry that would give back what was spent is a miss, and is replaced."""

    async def work() -> tuple[Reply[Pointing], int, int]:
        with DiskCache(tmp_path / "c") as cache:
            async with serving(Sent(SOUND)) as (endpoint, url), connect(settings_for(url), cache) as client:
                cache.set(client.key(QUESTION, Pointing), json.dumps({"raw": RIGHT, "usages": [[-1_000_000, 5]]}))
                damaged = len(list(cache.damaged()))
                return await client.ask(QUESTION, Pointing), damaged, len(endpoint.requests)

    reply, damaged, requests = asyncio.run(work())
    assert (reply.is_cached, damaged, requests) == (False, 1, 1)


# --- The service -----------------------------------------------------------------------------------------------------


def test_requests_of_strangers() -> None:
    """Whatever the head and the body, a request is answered or refused as described, and never under another host's name."""
    told = try_requests(150)
    assert min(told["answered"], told["refused"]) > 0
