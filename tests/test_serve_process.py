"""The service as a process: streams, full queues, signals, its log, and requests made from its own description."""

import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from nianbao.pipeline.serve.problems import PROBLEMS
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from nianbao import extract
from tests.tools.load import ServerProcess

from .conftest import CASES

TEXT = CASES[1].text
BODY = json.dumps({"text": TEXT}).encode()
SECRET = "a-secret-token-of-the-tests"
LINE = ["time", "level", "event", "method", "path", "status", "ms", "verdict", "bytes_in", "bytes_out"]


@pytest.fixture(scope="module")
def server() -> Iterator[ServerProcess]:
    """One server for all tests that leave it as it was."""
    with ServerProcess("--workers", "1", "--queue", "0", "--max-body", "1000000") as found:
        yield found


@pytest.fixture
def own() -> Iterator[ServerProcess]:
    """A server of the test's own, to be ended by it."""
    with ServerProcess("--workers", "1") as found:
        yield found


class Held:
    """A request whose head is taken and whose body is still to come."""

    def __init__(self, server: ServerProcess, path: str = "/v1/extract", kind: str = "application/json") -> None:
        self._socket = socket.create_connection(("127.0.0.1", server.port), timeout=30)
        self._file = self._socket.makefile("rb")
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n"
        self._socket.sendall(f"{head}Expect: 100-continue\r\n\r\n".encode())
        assert self._file.readline() == b"HTTP/1.1 100 Continue\r\n"
        assert self._file.readline() == b"\r\n"

    def send(self, data: bytes) -> None:
        self._socket.sendall(b"%x\r\n%b\r\n" % (len(data), data))

    def end(self) -> None:
        self._socket.sendall(b"0\r\n\r\n")

    def head(self) -> tuple[int, dict[str, str]]:
        """The status and the headers of the answer."""
        status = int(self._file.readline().split()[1])
        headers = {}
        while line := self._file.readline().decode().strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        return status, headers

    def body(self, headers: dict[str, str]) -> Any:
        return json.loads(self._file.read(int(headers["content-length"])))

    def chunk(self) -> bytes:
        """The next chunk of a streamed answer; empty at its end. Raises EOFError where the connection ends before that."""
        size = self._file.readline()
        if not size:
            raise EOFError
        data = self._file.read(int(size, 16))
        self._file.readline()
        return data

    def close(self) -> None:
        self._file.close()
        self._socket.close()


def post(server: ServerProcess, body: bytes = BODY, path: str = "/v1/extract") -> httpx2.Response:
    return httpx2.post(server.url + path, content=body, headers={"Content-Type": "application/json"}, timeout=60)


# --- Limits ----------------------------------------------------------------------------------------------------------


def test_a_file_is_uploaded_as_a_form(server: ServerProcess) -> None:
    """The real server takes a form, and answers what `extract` gives for the file."""
    found = httpx2.post(f"{server.url}/v1/extract", files={"document": ("a.txt", TEXT.encode("gb18030"))}, timeout=60)
    assert (found.status_code, found.text) == (200, extract(TEXT.encode("gb18030"), name="a.txt").model_dump_json())


def test_a_full_queue_says_when_to_come_again(server: ServerProcess) -> None:
    """While the one place is taken the next request is answered 429 with Retry-After; then the first one is answered."""
    with closing(Held(server)) as held:
        refused = post(server)
        held.send(BODY)
        held.end()
        status, headers = held.head()
        assert (refused.status_code, refused.json()["error"]["code"]) == (429, "busy")
        assert int(refused.headers["retry-after"]) >= 1
        assert (status, held.body(headers)["status"]) == (200, "verified")
    assert post(server).status_code == 200


def test_a_client_that_goes_away_leaves_its_place(server: ServerProcess) -> None:
    """The place of a request whose client is gone is free again."""
    Held(server).close()
    while (found := post(server)).status_code == 429:
        pass
    assert found.status_code == 200


def test_a_body_is_refused_while_it_streams(server: ServerProcess) -> None:
    """A body of no declared length is answered 413 once it is over the limit, while its client is still sending."""
    with closing(Held(server)) as held:
        held.send(b" " * 750_000)
        held.send(b" " * 750_000)
        status, headers = held.head()
        assert (status, held.body(headers)["error"]["code"]) == (413, "too_large")


def test_a_worker_that_is_killed_is_replaced(server: ServerProcess) -> None:
    for worker in workers_of(server):
        os.kill(int(worker), signal.SIGKILL)
    assert post(server).status_code == 200


@pytest.mark.parametrize("sent", [b"\x16\x03\x01\x02\x00", b"GET / HTTP/9\r\n\r\n", b"x" * 100_000 + b"\r\n\r\n"])
def test_what_is_not_http(server: ServerProcess, sent: bytes) -> None:
    """Bytes that are no request of HTTP are answered 400, or not at all, and the server serves on."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as plain:
        plain.sendall(sent)
        plain.shutdown(socket.SHUT_WR)
        with suppress(ConnectionResetError):
            assert plain.recv(1000)[:12] in (b"", b"HTTP/1.1 400")
    assert httpx2.get(server.url + "/healthz").json() == {"status": "ok"}


def test_a_client_that_is_too_slow() -> None:
    """A body that does not come is answered 408, a batch that stands still ends with a word; a connection whose head does not end, or that is not used, is closed."""
    with limited("workers=1, receive_s=0.5, idle_s=0.3, stall_s=0.5") as server:
        with closing(Held(server)) as held:
            held.send(b'{"text":')
            status, headers = held.head()
            assert (status, held.body(headers)["error"]["code"]) == (408, "too_slow")
        with closing(Held(server, "/v1/extract/batch", "application/jsonl")) as held:
            held.send(BODY + b"\n" + BODY[:9])
            assert (held.head()[0], json.loads(held.chunk())["status"]) == (200, "verified")
            ended = json.loads(held.chunk())
            assert (ended["error"]["code"], ended["line"], held.chunk()) == ("too_slow", 2, b"")
        for begun in (b"", b"POST /v1/extract HTTP/1.1\r\nHost: x\r\nX-More:"):
            with socket.create_connection(("127.0.0.1", server.port), timeout=20) as plain:
                plain.sendall(begun)
                with suppress(ConnectionResetError):
                    assert plain.recv(1) == b""
        assert httpx2.get(server.url + "/healthz").status_code == 200


def limited(limits: str) -> ServerProcess:
    """A server with limits that no option sets."""
    code = "from nianbao.pipeline.serve import access, limits, run; run.serve('127.0.0.1', 0, limits.Limits({}), access.Access(), None)"
    return ServerProcess(command=[sys.executable, "-c", code.format(limits)])


def test_slow_bodies_starve_nobody() -> None:
    """Where bodies that do not come hold every place, one is given up for a body that does."""
    with limited("workers=1, queue=4, hurry_s=0.2") as server, ExitStack() as stack:
        held = [stack.enter_context(closing(Held(server))) for _ in range(5)]
        for each in held:
            each.send(b'{"text":')
        while (found := post(server)).status_code == 429:
            pass
        assert (found.status_code, found.json()["status"]) == (200, "verified")
        status, headers = held[0].head()
        assert (status, held[0].body(headers)["error"]["code"]) == (408, "too_slow")
        held[1].send(json.dumps(TEXT).encode() + b"}")
        held[1].end()
        assert held[1].head()[0] == 200


def test_slow_batches_starve_nobody() -> None:
    """A batch that waits for lines and is owed nothing is given up for another."""
    with limited("workers=1, batches=1, batch_hurry_s=0.2") as server:
        with closing(Held(server, "/v1/extract/batch", "application/jsonl")) as held:
            held.send(BODY + b"\n")
            assert (held.head()[0], json.loads(held.chunk())["status"]) == (200, "verified")
            headers = {"Content-Type": "application/jsonl"}
            while (
                found := httpx2.post(server.url + "/v1/extract/batch", content=BODY, headers=headers)
            ).status_code == 429:
                pass
            assert json.loads(held.chunk())["error"]["code"] == "too_slow"
        assert (found.status_code, found.json()["status"]) == (200, "verified")


def test_slow_heads_starve_nobody() -> None:
    """Where connections that send no whole head are as many as there may be, the oldest makes room for a new one."""
    with limited("workers=1, connections=9, idle_s=60") as server, ExitStack() as stack:
        begun = [
            stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=30)) for _ in range(20)
        ]
        for each in begun[11:]:
            each.sendall(b"POST /v1/extract HTTP/1.1\r\nHost: x\r\nX-More:")
        assert post(server).status_code == 200
        with suppress(ConnectionResetError):
            assert begun[0].recv(1) == b""


# --- Batches ---------------------------------------------------------------------------------------------------------


def test_a_line_comes_out_before_the_next_goes_in(server: ServerProcess) -> None:
    """A batch is answered line by line, as its lines come."""
    with closing(Held(server, "/v1/extract/batch", "application/x-ndjson")) as held:
        held.send(BODY + b"\n")
        assert held.head()[0] == 200
        assert json.loads(held.chunk())["status"] == "verified"
        held.send(b"[]\n" + BODY[:100])
        assert json.loads(held.chunk())["line"] == 2
        held.send(BODY[100:])
        held.end()
        assert json.loads(held.chunk())["status"] == "verified"
        assert held.chunk() == b""


def test_a_client_may_send_everything_before_it_reads(server: ServerProcess) -> None:
    """A batch that its client sends whole before it reads a byte is answered whole, though no buffer holds the answers."""
    count = 150

    def lines() -> Iterator[bytes]:
        for _ in range(count):
            yield BODY + b"\n"

    found = httpx2.post(
        server.url + "/v1/extract/batch",
        content=lines(),
        headers={"Content-Type": "application/jsonl"},
        timeout=60,
    )
    answers = found.text.splitlines()
    assert (len(answers), len(set(answers))) == (count, 1)


# --- The end ---------------------------------------------------------------------------------------------------------


def test_told_to_stop_it_finishes_what_it_took(own: ServerProcess) -> None:
    """On SIGTERM a request that was taken is answered, a batch ends with a word, nothing new is taken, the exit status is 0."""
    with closing(Held(own)) as held, closing(Held(own, "/v1/check/batch", "application/x-ndjson")) as batch:
        batch.send(json.dumps({"text": TEXT, "record": {}, "engine": "rules"}).encode() + b"\n")
        assert batch.head()[0] == 200
        assert json.loads(batch.chunk())["status"] == "verified"
        own.stop()
        ended = json.loads(batch.chunk())
        assert (ended["error"]["code"], ended["line"], batch.chunk()) == ("stopping", 2, b"")
        assert refuses_connections(own)
        held.send(BODY)
        held.end()
        status, headers = held.head()
        assert (status, held.body(headers)["status"]) == (200, "verified")
    assert own.process.wait(timeout=30) == 0
    events = [line["event"] for line in own.log() if line.get("path") != "/healthz"]
    assert events == ["listening", "stopping", "request", "request", "stopped"]


def refuses_connections(server: ServerProcess) -> bool:
    for _ in range(500):
        try:
            httpx2.get(server.url + "/healthz", timeout=1)
        except httpx2.TransportError:
            return True
    return False


def test_killed_no_client_is_left_with_a_part(own: ServerProcess) -> None:
    """Clients of a server that is killed see an error, a batch no proper end; its workers end; started again, it answers."""
    workers = workers_of(own)
    with closing(Held(own)) as held, closing(Held(own, "/v1/extract/batch", "application/x-ndjson")) as batch:
        batch.send(BODY + b"\n")
        assert (batch.head()[0], json.loads(batch.chunk())["status"]) == (200, "verified")
        own.kill()
        with pytest.raises((EOFError, ConnectionError)):
            batch.chunk()
        with pytest.raises((IndexError, ConnectionError)):
            held.head()
        with pytest.raises(httpx2.TransportError):
            post(own)
    assert workers
    for worker in workers:
        ended = threading.Event()
        while Path(f"/proc/{worker}").exists() and not is_zombie(worker):
            ended.wait(0.05)
    own.start()
    assert post(own).status_code == 200


def workers_of(server: ServerProcess) -> list[str]:
    """The processes that any thread of a server has started."""
    threads = Path(f"/proc/{server.process.pid}/task").iterdir()
    return [pid for thread in threads for pid in (thread / "children").read_text().split()]


def is_zombie(pid: str) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return True


# --- The log ---------------------------------------------------------------------------------------------------------


def test_the_log_tells_nothing_of_a_report(tmp_path: Path) -> None:
    """One line of JSON a request: no text, no name, no token, no address that a stranger made up; the model's key never."""
    token = tmp_path / "token"
    token.write_text(SECRET)
    env = {
        **os.environ,
        "NIANBAO_MODEL": "m",
        "NIANBAO_BASE_URL": "http://127.0.0.1:9/v1",
        "NIANBAO_API_KEY": "sk-key-1",
    }
    with ServerProcess("--workers", "1", "--token-file", str(token), env=env) as server:
        headers = {"Authorization": f"Bearer {SECRET}", "Content-Type": "application/json"}
        name = "名字-of-a-report"
        for path, body in (
            ("/v1/extract", {"text": TEXT, "name": name}),
            ("/v1/extract", {"text": TEXT, name: 1}),
            (f"/v1/{name}?{name}", {}),
            ("/v1/check", {"text": TEXT, "record": {name: 1}}),
        ):
            httpx2.post(server.url + path, json=body, headers=headers, timeout=60)
        httpx2.post(server.url + "/v1/extract", json={"text": TEXT}, headers={"Authorization": "Bearer wrong"})
        server.stop()
        server.process.wait(timeout=30)
        said, log = server.said(), server.log()
    lines = [line for line in log if line["event"] == "request"]
    assert [(x["path"], x["status"], x["verdict"]) for x in lines] == [
        ("/v1/extract", 200, "verified"),
        ("/v1/extract", 422, "wrong_request"),
        ("unknown", 404, "not_found"),
        ("/v1/check", 422, "unusable_input"),
        ("/v1/extract", 401, "unauthorized"),
    ]
    assert {tuple(x) for x in lines} == {tuple(LINE)}
    assert sorted(x["event"] for x in log if x not in lines) == ["listening", "stopped", "stopping"]
    report = {line.strip() for line in TEXT.splitlines() if len(line.strip()) > 1}
    assert not [x for x in (SECRET, name, "sk-key-1", "wrong ", "名字", *report) if x in said]
    assert len(said.splitlines()) == len(log) == len(lines) + 3


# --- The description -------------------------------------------------------------------------------------------------


CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
]


@pytest.mark.parametrize(
    ("method", "path", "mode"),
    [
        ("GET", "/healthz", GenerationMode.POSITIVE),
        ("GET", "/v1/schema", GenerationMode.POSITIVE),
        *(("POST", path, mode) for path in ("/v1/extract", "/v1/check") for mode in GenerationMode),
    ],
)
def test_every_answer_is_as_described(server: ServerProcess, method: str, path: str, mode: GenerationMode) -> None:
    """Whatever is made from the description, right and wrong, is answered as the description says."""
    operation = schemathesis.openapi.from_url(server.url + "/openapi.json")[path][method]

    @settings(max_examples=20 if method == "POST" else 3, deadline=None, suppress_health_check=list(HealthCheck))
    @given(operation.as_strategy(generation_mode=mode))
    def ask(case: "schemathesis.Case[Any]") -> None:
        case.call_and_validate(checks=CHECKS)

    ask()


@pytest.mark.parametrize("path", ["/v1/extract", "/v1/check"])
def test_an_answer_to_an_example_is_as_described(server: ServerProcess, path: str) -> None:
    operation = schemathesis.openapi.from_url(server.url + "/openapi.json")[path]["POST"]
    example = operation.definition.raw["requestBody"]["content"]["application/json"]["example"]
    answer = operation.Case(body=example, media_type="application/json").call_and_validate(checks=CHECKS)
    assert answer.status_code == 200


def test_every_problem_is_described(server: ServerProcess) -> None:
    """Each code that the service gives is in its description, under its status, where it may come."""
    paths = httpx2.get(server.url + "/openapi.json").json()["paths"]
    told = {
        (code, status)
        for path in paths.values()
        for operation in path.values()
        for status, response in operation["responses"].items()
        for code in PROBLEMS
        if f"`{code}`" in response["description"]
    }
    of_the_router = {"not_found", "wrong_method", "unauthorized"}
    assert told == {(code, str(kind.status)) for code, kind in PROBLEMS.items() if code not in of_the_router}
