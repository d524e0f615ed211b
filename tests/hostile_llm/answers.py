"""An endpoint that answers with whatever it is told to, down to the bytes, and answers of any shape to tell it."""

import asyncio
import copy
import gzip
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nianbao.pipeline.extract import REPORT, extract_async
from nianbao.pipeline.llm.ask import shown_of
from nianbao.pipeline.llm.cache import Cache, DiskCache
from nianbao.pipeline.llm.client import Client, connect
from nianbao.pipeline.llm.settings import Settings
from nianbao.pipeline.page import lay_out, with_all_text
from nianbao.pipeline.readers.pointing import point
from nianbao.pipeline.readers.rules import read_by_rules
from nianbao.pipeline.source.decode import from_text

from nianbao import Extraction, extract
from tests.tools.standin import slots_of

from ..conftest import SURE
from ..test_laws import cells_of

DAMAGED = SURE[0].text.replace("规章\t0\t0\t0", "规章")
"""A sample of which a row has lost its numbers, so that a model is asked."""
T = TypeVar("T")


@dataclass(frozen=True)
class Sent:
    """A response, as it is sent. body: pieces, of which there may be no end."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"content-type": "application/json"})

    def head(self) -> bytes:
        lines = [f"HTTP/1.1 {self.status} Any", "connection: close", *(f"{k}: {v}" for k, v in self.headers.items())]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    async def pieces(self) -> AsyncIterator[bytes]:
        yield self.body


class Endless(Sent):
    """A body that does not end. pause_s: after each time that `body` is sent."""

    pause_s = 0.0

    async def pieces(self) -> AsyncIterator[bytes]:
        while True:
            yield self.body
            await asyncio.sleep(self.pause_s)


class Dripping(Endless):
    pause_s = 0.02


class Endpoint:
    """A server on loopback, in the running loop. plan: taken one a request; the last one stays. requests: what came in."""

    def __init__(self, plan: Sequence[Sent]) -> None:
        self.plan = list(plan)
        self.requests: list[bytes] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next((int(x[15:]) for x in head.split(b"\r\n") if x.lower().startswith(b"content-length:")), 0)
            self.requests.append(head + await reader.readexactly(length))
            sent = self.plan.pop(0) if len(self.plan) > 1 else self.plan[0]
            writer.write(sent.head())
            async for piece in sent.pieces():
                writer.write(piece)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving(*plan: Sent) -> AsyncIterator[tuple[Endpoint, str]]:
    """An endpoint, and its address."""
    endpoint = Endpoint(plan)
    server = await asyncio.start_server(endpoint, "127.0.0.1", 0)
    try:
        yield endpoint, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    finally:
        server.close()


def settings_for(url: str, **more: Any) -> Settings:
    return Settings.model_validate(
        {"model": "m", "base_url": url, "max_attempts": 2, "max_wait_s": 0.001, "timeout_s": 5.0, **more}
    )


# --- Any shape -------------------------------------------------------------------------------------------------------

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()), max_size=12)
    | st.sampled_from(["\ud800", "stop", "length", "content_filter", "function", '{"rows":[]}', "```\n" * 50, 10**400]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def completion(text: str) -> dict[str, Any]:
    """A sound completion that holds a text in every place where one may stand."""
    call = {"id": "1", "type": "function", "function": {"name": "Pointing", "arguments": text}}
    message = {"role": "assistant", "content": text, "refusal": None, "tool_calls": [call]}
    return {
        "id": "1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
    }


@st.composite
def completions(draw: st.DrawFn, text: str) -> bytes:
    """A completion, most with a text that is an answer, of some other shape."""
    said = draw(st.sampled_from([text, text, '{"rows":["1: 1-99999","2: 1 空"]}', "{", ""]))
    return draw(reshaped(completion(said)))


@st.composite
def reshaped(draw: st.DrawFn, sound: dict[str, Any]) -> bytes:
    """A body of which some parts are replaced, removed, doubled or wrapped."""
    told: Any = [copy.deepcopy(sound)]
    for _ in range(draw(st.integers(1, 3))):
        holder, key = draw(st.sampled_from(list(_places(told))))
        change = draw(st.sampled_from(["replace", "replace", "replace", "remove", "double", "wrap"]))
        if change == "remove" and holder is not told:
            del holder[key]
        else:
            old = holder[key]
            holder[key] = {"double": [old, copy.deepcopy(old)], "wrap": {"x": old}}.get(change) or draw(anything)
    return json.dumps(told[0]).encode()


def _places(told: Any) -> Iterator[tuple[Any, Any]]:
    for key in told if isinstance(told, dict) else range(len(told)) if isinstance(told, list) else ():
        yield told, key
        yield from _places(told[key])


bodies_of_none = st.binary(max_size=40) | st.sampled_from(
    [
        b"[" * 100_000,
        b'{"choices":' + b"[" * 100_000,
        b'{"usage":' + b"9" * 9_999 + b"}",
        b"\xff\xfe{\x00}\x00",
        b"null",
    ]
)


@st.composite
def responses(draw: st.DrawFn, text: str) -> Sent:
    """A response: mostly a completion of some shape; now and then packed, of another kind, status or with other headers."""
    of_none = anything.map(lambda told: json.dumps(told).encode()) | bodies_of_none
    kind = draw(st.sampled_from(["shape"] * 8 + ["none", "packed", "status", "status"]))
    body = draw(of_none if kind == "none" else completions(text))
    headers = {"content-type": draw(st.sampled_from(["application/json", "text/html", ""])), "location": "//x/"}
    if kind == "packed":
        headers["content-encoding"] = draw(st.sampled_from(["gzip", "gzip, gzip", "br", "identity"]))
        body = gzip.compress(body) if draw(st.booleans()) else body
    if kind == "status" and (wait := draw(st.sampled_from(WAITS))) is not None:
        headers["retry-after"] = wait
    return Sent(body, draw(st.sampled_from(STATUSES)) if kind == "status" else 200, headers)


STATUSES = [201, 204, 301, 307, 400, 400, 401, 404, 422, 429, 429, 500, 503, 999]
WAITS = [None, None, "0", "nan", "-5", "inf", "1e400", "86400", "Fri, 31 Dec 9999 23:59:59 -2359", "soon", "\xff"]


# --- The law ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Known:
    """A damaged report, as the rules read it, what a perfect model answers, and what the report prints."""

    text: str
    by_rules: Extraction
    answer: str
    right: Mapping[str, Any]


def known() -> Known:
    laid_out = lay_out(from_text(DAMAGED, "text"), REPORT)
    page = with_all_text(laid_out, REPORT)
    shown = shown_of(page, REPORT)
    right = {p: v for p, v in cells_of(SURE[0].extraction).items() if not p.startswith("disclosure.regulations.")}
    answer = point(slots_of(page, read_by_rules(laid_out, REPORT), shown, right, None), shown, REPORT)
    return Known(DAMAGED, extract(DAMAGED, "rules"), answer.model_dump_json(), right)


@dataclass(frozen=True)
class Tried:
    """What came of a report; whether the endpoint was given up; how many requests it took."""

    found: Extraction
    is_unusable: bool
    requests: int


def broken_law(tried: Tried, known: Known) -> str:
    """What of the law does not hold: whatever an endpoint answers, the rules' reading is kept, and nothing wrong let in."""
    found, rules = tried.found, known.by_rules
    if found.model is None or found.model.calls != tried.requests:
        return f"{tried.requests} requests, and told of are {found.model}"
    told = {f.code for f in found.findings}
    if "model_failed" in told and not told & {"readers_differ", "readers_agree"}:
        whole = {"report", "evidence", "checks", "doubts", "status", "coverage"}
        if found.model_dump(include=whole) != rules.model_dump(include=whole):
            return "no usable answer, and another reading than the rules'"
    cells, own = cells_of(found), cells_of(rules)
    sure = [p for p, e in rules.evidence.items() if e.trust == "vouched"]
    if lost := [p for p in sure if cells.get(p) != own.get(p)]:
        return f"cells that the rules vouched for are others: {lost}"
    vouched = [p for p, e in found.evidence.items() if e.trust == "vouched"]
    if wrong := [p for p in vouched if cells.get(p) != known.right.get(p)]:
        return f"vouched for, and not what is printed: {wrong}"
    return ""


@asynccontextmanager
async def asking(case: Known, cache: Cache) -> AsyncIterator[Callable[[Sequence[Sent]], Awaitable[Tried]]]:
    """What reads the report with the answers of a plan, each time as a question that was not asked before."""
    askers: dict[Any, Any] = {}
    number = count()
    async with serving(Sent(b"")) as (endpoint, url), connect(settings_for(url), None) as opened:

        async def read(plan: Sequence[Sent]) -> Tried:
            endpoint.plan, endpoint.requests = list(plan), []
            asked = opened.settings.model_copy(update={"model": f"m{next(number)}"})
            client = Client(asked, cache, opened.connection, _askers=askers)
            found = await extract_async(case.text, "auto", model=client)
            return Tried(found, client.unusable is not None, len(endpoint.requests))

        yield read


def try_answers(examples: int) -> Counter[str]:
    """Fuzz the responses to a question about the damaged report → how many came to what; raises where the law is broken."""
    told: Counter[str] = Counter()
    case = known()
    with TemporaryDirectory() as folder, DiskCache(Path(folder, "cache")) as cache, asyncio.Runner() as loop:
        opened = asking(case, cache)
        read = loop.run(opened.__aenter__())

        @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(st.lists(responses(case.answer), min_size=1, max_size=4))
        def law(plan: list[Sent]) -> None:
            tried = loop.run(_awaited(read(plan)))
            assert broken_law(tried, case) == ""
            failed = any(f.code == "model_failed" for f in tried.found.findings)
            told["endpoint given up" if tried.is_unusable else "answer given up" if failed else "answer taken"] += 1
            told["responses"] += tried.requests
            told["readings"] += 1

        try:
            law()
            assert list(cache.damaged()) == []
        finally:
            loop.run(opened.__aexit__(None, None, None))
    return told


async def _awaited(work: Awaitable[T]) -> T:
    return await work
