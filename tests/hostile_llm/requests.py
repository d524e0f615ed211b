"""Requests to the service as strangers make them: heads, hosts and bodies of any kind."""

import json
from collections import Counter
from typing import Any

from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nianbao.pipeline.serve.access import Access
from nianbao.pipeline.serve.app import make_app
from nianbao.pipeline.serve.limits import Limits
from nianbao.pipeline.serve.problems import PROBLEMS

from ..conftest import SURE
from .answers import anything

PATHS = ("/v1/extract", "/v1/check", "/v1/extract/batch", "/v1/schema", "/", "/healthz", "/v1/x")
KINDS = ("application/json", "application/x-ndjson", "text/plain", "", "application/json; charset=gbk")
HOSTS = (
    "127.0.0.1",
    "localhost:8000",
    "[::1]",
    "example.org",
    "localhost@example.org",
    "127.0.0.1.example.org",
    "a b",
    "[",
    "",
)
OWN_HOSTS = HOSTS[:3]

fields = st.dictionaries(
    st.sampled_from(["text", "record", "engine", "name", "map", "x", "k" * 300]), anything, max_size=4
)


@st.composite
def requests(draw: st.DrawFn) -> dict[str, Any]:
    told = draw(fields | st.just({}))
    if draw(st.booleans()):
        told["text"] = draw(st.sampled_from([SURE[0].text, "", "今天天气很好。", "五、" * 999]))
    body = draw(st.sampled_from([json.dumps(told).encode(), json.dumps(told).encode()[:-1]]) | st.binary(max_size=99))
    headers = {
        "Host": draw(
            st.sampled_from([*OWN_HOSTS * 3, *HOSTS])
            | st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20)
        ),
        "Content-Type": draw(st.sampled_from([*KINDS[:1] * 5, *KINDS])),
        "Accept": draw(st.sampled_from(["*/*", "text/plain", "application/json", ""])),
        "Content-Encoding": draw(st.sampled_from(["identity", "identity", "identity", "gzip"])),
    }
    path = draw(st.sampled_from([*PATHS[:2] * 3, *PATHS]))
    return {
        "method": draw(st.sampled_from(["POST"] * 5 + ["GET", "PUT"])),
        "url": path,
        "content": body,
        "headers": headers,
    }


def try_requests(examples: int) -> Counter[str]:
    """Send requests to a server for this machine alone → how many came to what; raises where one is answered otherwise than
    the description says, is a fault of the server, or is answered under another host's name."""
    told: Counter[str] = Counter()
    limits = Limits(workers=1, body_bytes=100_000)
    with TestClient(make_app(limits, Access(is_local=True)), raise_server_exceptions=False) as client:

        @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(requests())
        def law(request: dict[str, Any]) -> None:
            found = client.request(**request)
            host, path = request["headers"]["Host"], request["url"]
            assert found.status_code < 500
            if found.status_code >= 400:
                problem = found.json()["error"]
                assert PROBLEMS[problem["code"]].status == found.status_code
                assert len(problem["message"]) <= 500
            elif path.startswith("/v1"):
                assert host.lower() in OWN_HOSTS
            told["refused" if found.status_code >= 400 else "answered"] += 1
            told["requests"] += 1

        law()
    return told
