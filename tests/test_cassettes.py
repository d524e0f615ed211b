"""Whole conversations with an endpoint, recorded against the stand-in and replayed without any: make cassettes records them anew."""

import json
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from nianbao.pipeline.errors import EndpointError
from nianbao.pipeline.llm.settings import Settings
from vcr.cassette import Cassette
from vcr.request import Request

from nianbao import extract
from tests.tools.standin import MODEL, StandIn, answer_from

from .conftest import CASES

pytestmark = [pytest.mark.vcr, pytest.mark.block_network]

PORT = 8799
KEY = "sk-marker-0123456789"
CASSETTES = Path(__file__).parent / "cassettes" / "test_cassettes"
TEXT = CASES[4].text

GOOD: list[str] = []
MODES = ("json_schema", "tools", "md_json")
CONVERSATIONS = {
    **{f"{mode}-good": (mode, GOOD, 1) for mode in MODES},
    **{f"{mode}-malformed": (mode, ["wrong_schema"], 2) for mode in MODES},
    **{f"{mode}-rate_limit": (mode, ["429", "429"], 3) for mode in MODES},
    "md_json-thoughts_and_fence": ("md_json", ["think"], 1),
    "auto-fallback": ("auto", ["400", "400"], 3),
}
"""Name → mode, faults in their order, and the requests that it takes."""


def _request(request: Request) -> Request:
    """A request as it is kept: no header but what its body is."""
    request.headers = {k: v for k, v in request.headers.items() if k == "content-type"}
    return request


def _response(response: dict[str, Any]) -> dict[str, Any]:
    """A response as it is kept: no header but those that are acted on."""
    kept = ("content-type", "retry-after")
    return {**response, "headers": {k: v for k, v in response["headers"].items() if k.lower() in kept}}


@pytest.fixture(scope="module")
def vcr_config() -> dict[str, Any]:
    return {
        "match_on": ["method", "path", "body"],
        "before_record_request": _request,
        "before_record_response": _response,
        "serializer": "json",
    }


@pytest.fixture
def conversation(request: pytest.FixtureRequest, record_mode: str) -> Iterator[tuple[str, int]]:
    """The mode of a conversation and its number of requests, with a stand-in to record them, or none to replay them."""
    mode, faults, requests = CONVERSATIONS[request.param]
    server = nullcontext() if record_mode == "none" else StandIn(answer_from(CASES), faults, port=PORT)
    with server:
        yield mode, requests


def settings(mode: str, cache: Path) -> Settings:
    chosen = {"model": MODEL, "base_url": f"http://127.0.0.1:{PORT}/v1", "api_key": KEY, "mode": mode}
    return Settings.model_validate({**chosen, "cache_dir": cache, "max_wait_s": 0.01, "max_attempts": 3})


@pytest.mark.parametrize("conversation", CONVERSATIONS, indirect=True)
def test_conversation(conversation: tuple[str, int], vcr: Cassette, record_mode: str, tmp_path: Path) -> None:
    """In every mode the model's answer is read, asked for again where it is malformed, and waited for where it is late."""
    mode, requests = conversation
    found = extract(TEXT, "model", model=settings(mode, tmp_path))
    assert found.model is not None
    assert (found.status, found.reader, found.model.calls) == ("verified", "model", requests)
    assert record_mode != "none" or (vcr.all_played and vcr.play_count == requests)


@pytest.mark.default_cassette("test_conversation[json_schema-good]")
@pytest.mark.vcr(record_mode="none")
@pytest.mark.parametrize("change", ["text", "model", "mode"])
def test_a_changed_request_is_not_answered(change: str, vcr: Cassette, tmp_path: Path) -> None:
    """Another text, model or mode does not match what was recorded."""
    text = TEXT.replace("173", "174") if change == "text" else TEXT
    chosen = settings("tools" if change == "mode" else "json_schema", tmp_path)
    chosen = chosen.model_copy(
        update={"model": "other", "max_attempts": 1} if change == "model" else {"max_attempts": 1}
    )
    with pytest.raises(EndpointError, match="cannot be reached"):
        extract(text, "model", model=chosen)
    assert (len(vcr), vcr.play_count) == (1, 0)


def test_cassettes_hold_no_key() -> None:
    """No cassette holds the key, or any header of a request but the type of its body; each holds its conversation."""
    kept = {path.stem: path.read_text(encoding="utf-8") for path in CASSETTES.iterdir()}
    assert set(kept) == {f"test_conversation[{name}]" for name in CONVERSATIONS}
    for name, (_, _, requests) in CONVERSATIONS.items():
        text = kept[f"test_conversation[{name}]"]
        recorded = json.loads(text)["interactions"]
        assert KEY not in text
        assert [list(one["request"]["headers"]) for one in recorded] == [["content-type"]] * requests
