"""Anthropic's and Google's protocols, each through its own package, against the stand-in, which speaks them as they are documented."""

import asyncio
import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from nianbao.pipeline.cli.main import main
from nianbao.pipeline.errors import EndpointError, SettingsError
from nianbao.pipeline.llm.answer import Tokens
from nianbao.pipeline.llm.cache import DiskCache
from nianbao.pipeline.llm.calls import read_calls
from nianbao.pipeline.llm.client import connect
from nianbao.pipeline.llm.configuration import Variables, settings_from
from nianbao.pipeline.llm.prices import price
from nianbao.pipeline.llm.reply import Reply
from nianbao.pipeline.llm.settings import Settings
from nianbao.pipeline.llm.wire import Pointing

from nianbao import extract
from tests.tools.standin import MODEL, StandIn, answer_from
from tests.tools.wires import WIRES

from .conftest import CASES, SURE
from .hostile_llm.answers import Sent, completion, reshaped, serving

pytestmark = pytest.mark.usefixtures("read_once")

RIGHT = '{"rows":["1: 1-3"]}'
QUESTION = [{"role": "system", "content": "怎样答"}, {"role": "user", "content": "问 {{ 7*7 }}"}]
SECRET = "sk-1234567890-marker"
NATIVE = ("anthropic", "google")


def settings(server: StandIn, provider: str, **more: Any) -> Settings:
    fast = {"max_wait_s": 0.01, "max_attempts": 4, "timeout_s": 5.0}
    told = {"model": f"{provider}/{MODEL}", "provider": provider, "base_url": server.root, "api_key": SECRET}
    return Settings.model_validate({**told, **fast, **more})


def ask(settings: Settings, cache: DiskCache | None = None) -> Reply[Pointing]:
    async def work() -> Reply[Pointing]:
        async with connect(settings, cache) as client:
            return await client.ask(QUESTION, Pointing)

    return asyncio.run(work())


@pytest.mark.parametrize("provider", NATIVE)
@pytest.mark.parametrize(
    ("faults", "requests", "failure"),
    [
        ([], 1, ""),
        (["429"], 2, ""),
        (["529", "503"], 3, ""),
        (["reset"], 2, ""),
        (["html"], 2, ""),
        (["slow"], 1, ""),
        (["400"], 2, ""),
        (["truncated"], 2, ""),
        (["no_choices", "no_choices"], 2, "empty answer"),
        (["wrong_schema", "wrong_schema"], 2, "malformed answer"),
        (["cut"], 2, ""),
        (["cut", "cut"], 2, "cut off"),
        (["filtered"], 1, "content filter"),
    ],
)
def test_faults(provider: str, faults: list[str], requests: int, failure: str) -> None:
    """Busy, overloaded, broken off, cut off, refused: each ends as it does with OpenAI's protocol."""
    with StandIn(lambda _: RIGHT, faults) as server:
        reply = ask(settings(server, provider))
        assert (reply.answer == Pointing(rows=["1: 1-3"]), reply.failure, reply.requests) == (
            not failure,
            failure,
            requests,
        )
        assert len(server.requests) == requests


@pytest.mark.parametrize("provider", NATIVE)
@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("401", "“status 401 on demand”; the key was refused"),
        ("429", "still too many requests after every attempt"),
        ("529", "status 529, “status 529 on demand”; try again later"),
        ("reset", "cannot be reached; check NIANBAO_BASE_URL"),
        ("hang", "no answer within 0.3 s"),
        ("400", "refuses every way to ask for structured answers"),
    ],
)
def test_an_endpoint_that_cannot_be_used(provider: str, fault: str, says: str) -> None:
    with StandIn(lambda _: RIGHT, [fault] * 20) as server, pytest.raises(EndpointError) as error:
        ask(settings(server, provider, timeout_s=0.3 if fault == "hang" else 5.0, max_attempts=2))
    assert says in str(error.value)
    assert SECRET not in repr(error.value)


def test_what_is_sent_to_anthropic() -> None:
    """The fixed part is marked for the cache of prompts; options stand where its protocol has them."""
    with StandIn(lambda _: RIGHT) as server:
        ask(settings(server, "anthropic", reasoning_effort="low", extra_body={"metadata": {"user_id": "u"}}))
    body = server.requests[0]
    tool = body.pop("tools")[0]
    assert (tool["name"], tool["input_schema"]["required"], body.pop("tool_choice")["name"]) == (
        "Pointing",
        ["rows"],
        "Pointing",
    )
    assert body == {
        "model": MODEL,
        "max_tokens": 4096,
        "temperature": 0,
        "output_config": {"effort": "low"},
        "metadata": {"user_id": "u"},
        "system": [{"type": "text", "text": "怎样答", "cache_control": {"type": "ephemeral"}}],
        "messages": [{"role": "user", "content": "问 {{ 7*7 }}"}],
    }


def test_what_is_sent_to_google() -> None:
    with StandIn(lambda _: RIGHT, ["wrong_schema"]) as server:
        ask(settings(server, "google", reasoning_effort="low", extra_body={"cachedContent": "c"}))
    first, again = server.requests
    told = first["generationConfig"]
    assert (told["maxOutputTokens"], told["temperature"], told["responseMimeType"]) == (4096, 0, "application/json")
    assert (first["cachedContent"], first["systemInstruction"]["parts"][0]["text"].strip()) == ("c", "怎样答")
    assert first["contents"] == [{"role": "user", "parts": [{"text": "问 {{ 7*7 }}"}]}]
    assert [content["role"] for content in again["contents"]] == ["user", "model", "user"]


@pytest.mark.parametrize("provider", NATIVE)
def test_a_refused_option_is_left_out(provider: str) -> None:
    def refuse(body: Any) -> tuple[int, Any] | None:
        told = {"error": {"message": "`temperature` is deprecated for this model."}}
        return (400, told) if "temperature" in {*body, *body.get("generationConfig", {})} else None

    with StandIn(lambda _: RIGHT, refuse=refuse) as server:
        reply = ask(settings(server, provider))
        assert (reply.answer is not None, len(server.requests)) == (True, 2)


@pytest.mark.parametrize(("provider", "tokens"), [("anthropic", (9, 13, 9)), ("google", (11, 26, 5))])
def test_what_is_paid(provider: str, tokens: tuple[int, int, int], tmp_path: Path) -> None:
    """Tokens in, with those that were read before; tokens out, those of thoughts too; and the answer is kept with them."""
    with StandIn(lambda _: RIGHT) as server, DiskCache(tmp_path / "c") as cache:
        asked = settings(server, provider)
        first, second = ask(asked, cache), ask(asked, cache)
    assert ([usage.tokens for usage in first.usages], second.kept) == ([tokens], first.usages)
    assert (second.is_cached, second.answer) == (True, first.answer)


@pytest.mark.parametrize("provider", NATIVE)
def test_a_report(provider: str, tmp_path: Path) -> None:
    """A whole report, read from gold over each protocol."""
    with StandIn(answer_from(CASES)) as server:
        asked = settings(server, provider, cache_dir=tmp_path / "c")
        found = extract(SURE[0].text, "model", model=asked)
    assert (found.status, found.reader, found.model and found.model.name) == (
        "verified",
        "model",
        f"{provider}/{MODEL}",
    )


def test_tokens_that_were_read_before(tmp_path: Path) -> None:
    """They stand apart in the extraction, in the log, and for each model in the summary of a run; they cost less where that is known."""
    (tmp_path / "in").mkdir()
    damaged = SURE[0].text.replace("规章\t0\t0\t0", "规章")
    (tmp_path / "in" / "一.txt").write_text(damaged, encoding="utf-8")
    with StandIn(lambda _: '{"rows":[]}') as one, StandIn(answer_from(CASES)) as other:
        then = settings(other, "google", model="gemini-3.8-flash", log=tmp_path / "calls.db")
        model = settings(one, "anthropic", model="claude-sonnet-5-5", then=(then,), log=tmp_path / "calls.db")
        found = extract(damaged, model=model.model_copy(update={"cache_dir": tmp_path / "c"}))
        (tmp_path / "nianbao.toml").write_text(
            f"""model = "claude-sonnet-5-5,gemini-3.8-flash"
cache_dir = "{tmp_path / "c"}"
[models."claude-sonnet-5-5"]
provider = "anthropic"
base_url = "{one.root}"
[models."gemini-3.8-flash"]
provider = "google"
base_url = "{other.root}"
"""
        )
        result = CliRunner().invoke(main, ["bulk", "in", "--out", "RUN"])
    first, second = found.models
    logged = [call for _, call in read_calls(tmp_path / "calls.db", 9)]
    for use, share in ((first, 0.9), (second, 0.5)):  # which the stand-in says were read before
        calls = [call for call in logged if call.model.endswith(use.name)]
        assert [call.cached_input_tokens / call.input_tokens for call in calls] == [
            pytest.approx(share, abs=0.001)
        ] * use.calls
        assert use.cached_input_tokens == sum(call.cached_input_tokens for call in calls)
    full = price(model, Tokens(first.input_tokens, first.output_tokens))
    assert first.cost is not None
    assert full is not None
    assert first.cost < full / 2
    assert result.exit_code == 1, result.output
    told = json.loads((tmp_path / "RUN" / "summary.json").read_bytes())["models"]
    assert {name: use["cached_input_tokens"] for name, use in told.items()} == {
        use.name: use.cached_input_tokens for use in found.models
    }
    summary = (tmp_path / "RUN" / "summary.txt").read_text(encoding="utf-8")
    assert f"模型 claude-sonnet-5-5：问了 1 份报告，得到 {first.calls} 个回答" in summary


@pytest.mark.parametrize(
    ("told", "protocol", "name", "address"),
    [
        ({"model": "gpt-x"}, "openai", "gpt-x", "https://api.openai.com/v1"),
        ({"model": "anthropic/x"}, "anthropic", "x", "https://api.anthropic.com"),
        ({"model": "google/x"}, "google", "x", "https://generativelanguage.googleapis.com"),
        ({"model": "Qwen/x"}, "openai", "Qwen/x", "https://api.openai.com/v1"),
        ({"model": "anthropic/x", "base_url": "http://h/v1"}, "openai", "anthropic/x", "http://h/v1"),
        ({"model": "x", "base_url": "http://h", "provider": "anthropic"}, "anthropic", "x", "http://h"),
        ({"model": "google/x", "provider": "openai"}, "openai", "google/x", "https://api.openai.com/v1"),
    ],
)
def test_whose_protocol(told: dict[str, str], protocol: str, name: str, address: str) -> None:
    """Of an address of the user's a model's name says nothing, as gateways have the models of all providers."""
    found = Settings.model_validate(told)
    assert (found.protocol, found.name, found.address) == (protocol, name, address)


KEYS = {"OPENAI_API_KEY": "o", "ANTHROPIC_API_KEY": "a", "GOOGLE_API_KEY": "g"}


@pytest.mark.parametrize(
    ("environ", "keys"),
    [
        ({"NIANBAO_MODEL": "gpt-x,anthropic/y,google/z"}, ["o", "a", "g"]),
        ({"NIANBAO_MODEL": "google/z", "GEMINI_API_KEY": "gemini"}, ["gemini"]),
        ({"NIANBAO_MODEL": "anthropic/y", "NIANBAO_API_KEY": "own"}, ["own"]),
        ({"NIANBAO_MODEL": "anthropic/y", "ANTHROPIC_API_KEY": ""}, [None]),
        ({"NIANBAO_MODEL": "y", "NIANBAO_PROVIDER": "anthropic", "NIANBAO_BASE_URL": "http://h"}, ["a"]),
        ({"NIANBAO_MODEL": "anthropic/y", "NIANBAO_BASE_URL": "http://gateway/v1"}, ["o"]),
    ],
)
def test_a_key_is_for_one_provider(environ: dict[str, str], keys: list[str | None]) -> None:
    """A provider's key goes to no other's endpoint; nianbao's own comes before it."""
    found = settings_from(Variables({**KEYS, **environ})).models
    assert [one.api_key and one.api_key.get_secret_value() for one in found] == keys


@pytest.mark.parametrize(
    ("provider", "package", "says"),
    [
        (
            "anthropic",
            "anthropic",
            r"model anthropic/stand-in needs the package anthropic; pip install '.\[anthropic\]'",
        ),
        ("google", "google.genai", r"model google/stand-in needs the package google; pip install '.\[gemini\]'"),
    ],
)
def test_an_extra_that_is_missing(provider: str, package: str, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with StandIn(lambda _: RIGHT) as server, pytest.raises(SettingsError, match=says):
        ask(settings(server, provider))


def test_a_way_to_ask_that_a_provider_has_not() -> None:
    with StandIn(lambda _: RIGHT) as server, pytest.raises(EndpointError, match="set mode to one of: tools, md_json"):
        ask(settings(server, "anthropic", mode="json_schema"))


@pytest.mark.parametrize("provider", NATIVE)
def test_the_doctor(provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIANBAO_API_KEY", SECRET)
    with StandIn(lambda _: RIGHT) as server:
        flags = ["--provider", provider, "--base-url", server.root, "--model", MODEL]
        result = CliRunner().invoke(main, ["doctor", *flags])
    assert (result.exit_code, f"model {MODEL}: listed" in result.output, SECRET in result.output) == (0, True, False)


def requests(provider: str, *plan: Sent) -> list[bytes]:
    """The requests of a question that is answered so, and perhaps fails of it."""

    async def work() -> list[bytes]:
        async with serving(*plan) as (endpoint, url):
            told = {"model": MODEL, "provider": provider, "base_url": url.removesuffix("/v1"), "api_key": SECRET}
            few = {"max_attempts": 2, "max_wait_s": 0.001, "timeout_s": 5.0}
            with suppress(EndpointError):
                async with connect(Settings.model_validate({**told, **few}), None) as client:
                    await client.ask(QUESTION, Pointing)
            return endpoint.requests

    return asyncio.run(work())


@pytest.mark.parametrize("provider", NATIVE)
@given(st.data())
def test_any_shape(provider: str, data: st.DataObject) -> None:
    """Whatever an endpoint makes of its answers, they are answers, failures that are said, or an endpoint that cannot be used."""
    told = WIRES[provider].told(completion(RIGHT))
    assert requests(provider, *(Sent(data.draw(reshaped(told))) for _ in range(2)))


@pytest.mark.parametrize("provider", NATIVE)
def test_nothing_of_the_environment_is_sent(provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a package finds in variables of its own reaches nobody: not the address, not a header."""
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "GOOGLE_API_KEY", "GEMINI_API_KEY"):
        monkeypatch.setenv(name, "of-environment")
    for name in ("ANTHROPIC_BASE_URL", "GOOGLE_GEMINI_BASE_URL"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", "X-Secret: of-environment")
    monkeypatch.setenv("GOOGLE_GENAI_USE_VERTEXAI", "true")

    sent = requests(provider, Sent(b"", 401))[0].decode().lower()
    assert ("of-environment" in sent, sent.count(SECRET)) == (False, 1)
    assert {"anthropic": f"authorization: bearer {SECRET}\r\n", "google": f"x-goog-api-key: {SECRET}\r\n"}[
        provider
    ] in sent
