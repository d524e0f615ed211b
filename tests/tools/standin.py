"""A stand-in for a model's endpoint: it speaks OpenAI's protocol, Anthropic's and Google's, and answers from gold. It is scripted, and
no model.

    python -m tests.tools.standin --port 8765 [--faults 429,500] [--batch-faults shuffled,expired] [--readings FOLDER] [FOLDER...]

Questions about the samples, and about the reports with gold of the folders, are answered rightly; those about a text of which a
reading was recorded as it was read then, right or wrong; others with no row.
The questions of a batch are answered as others are, each with the next of the faults; see `batches.py`.
"""

import json
import os
import re
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import click
from nianbao.eval.dataset import SAMPLES, Case, load_dataset
from nianbao.pipeline.errors import InputError
from nianbao.pipeline.extract import REPORT
from nianbao.pipeline.llm.ask import harmless
from nianbao.pipeline.llm.shown import Shown, show
from nianbao.pipeline.llm.wire import NO_ROW, Pointing, line_of, said_in, wire_rows
from nianbao.pipeline.page import Page, lay_out, with_all_text
from nianbao.pipeline.readers.pointing import point
from nianbao.pipeline.readers.rules import Alignments, read_by_rules
from nianbao.pipeline.readers.supplied.tie import tie
from nianbao.pipeline.source.decode import from_text
from nianbao.pipeline.table.fills import Slot, slot_of

from tests.tools.batches import BATCH_FAULTS, Batches
from tests.tools.recorded import Recorded, answer_as_recorded, left_in, load_recorded
from tests.tools.wires import Wire, wire_at

MODEL = "stand-in"
FAULTS = (
    "429", "500", "503", "400", "401", "reset", "hang", "truncated", "empty", "wrong_schema", "not_json", "huge", "slow",
    "fenced", "think", "no_choices", "html", "reasoning", "cut", "filtered",
)  # fmt: skip
"""What can go wrong on demand. "ok" in a plan is an answer without a fault."""
_ENDS = {"cut": "length", "filtered": "content_filter"}

Answer = Callable[[Mapping[str, Any]], str]


def answer_from(cases: Iterable[Case] = (), recorded: Iterable[Recorded] = ()) -> Answer:
    """Reports with gold, and recorded readings → the function that answers a question about one of them, or about a part of it.

    About a report with gold it answers as a perfect reader would; about a text with a recorded reading, whatever its gold, as
    that reader did.
    """
    lines: dict[str, list[str]] = {}
    for case in cases:
        with suppress(InputError):
            lines |= right_lines(case)
    for one in recorded:
        lines |= _recorded_lines(one)

    def answer(body: Mapping[str, Any]) -> str:
        asked = next((str(m["content"]) for m in body.get("messages", []) if m.get("role") == "user"), "")
        said = [line for part in _parts_in(asked) for line in lines.get(part, ())]
        return Pointing(rows=said).model_dump_json()

    return answer


_PART = re.compile("^(?=## (?:" + "|".join(section.title for section in REPORT.sections) + ")$)", re.MULTILINE)


def _parts_in(question: str) -> list[str]:
    """A question → the tables of each section that it shows, as they are shown."""
    fenced = question.partition(">\n")[2].partition("\n</报告-")[0].partition("\n¶1 ")[0]
    return [part.rstrip("\n") for part in _PART.split(fenced) if part]


def right_lines(case: Case) -> dict[str, list[str]]:
    """A report → how its tables are shown, and the lines of a right answer about each."""
    laid_out = lay_out(from_text(case.text, case.name), REPORT)

    def right(page: Page, shown: Shown) -> Pointing:
        alignments = read_by_rules(laid_out, REPORT)
        slots = slots_of(page, alignments, shown, case.gold.cells, case.line.places)
        printed = {p.partition(".")[0] for p, value in case.gold.cells.items() if value is not None}
        lost = {p.partition(".")[0] for p, value in case.gold.cells.items() if value is not None and p not in slots}
        return point(slots, shown, REPORT, left_in(page, shown, slots.values(), printed - lost))

    return _lines(laid_out, right)


def _recorded_lines(recorded: Recorded) -> dict[str, list[str]]:
    """A recorded reading → how the tables of its text are shown, and the lines of what was pointed at in each."""
    laid_out = lay_out(recorded.source, REPORT)
    return _lines(laid_out, lambda page, shown: answer_as_recorded(page, shown, recorded))


def _lines(laid_out: Page, answered: Callable[[Page, Shown], Pointing]) -> dict[str, list[str]]:
    """A page → how its tables are shown, section by section, and the lines of an answer about each."""
    page = with_all_text(laid_out, REPORT)
    shown = show(page, REPORT)
    answer = answered(page, shown)
    sections = {wire.number: wire.row.path.partition(".")[0] for wire in wire_rows(REPORT)}
    own = {path: {i for i, t in enumerate(shown.values, 1) if t in page.tokens(path)} for path in shown.parts}
    found: dict[str, list[str]] = {}
    for path, part in shown.parts.items():
        said = [line for line in answer.rows if sections.get(said_in(line)[0]) == path]
        left = [i for line in answer.rows if said_in(line)[0] == NO_ROW for i in said_in(line)[1] if i in own[path]]
        found[harmless(part)] = [*said, *([line_of(NO_ROW, left)] if left else [])]
    return found


Places = Mapping[str, tuple[int, int]]
"""Cell path → where the text prints it, half-open, in characters."""


def slots_of(
    page: Page, alignments: Alignments, shown: Shown, gold: Mapping[str, Any], places: Places | None
) -> dict[str, Slot | None]:
    """What a perfect reader points at: where gold has places, the values that stand there, else what gold's values are tied to."""
    if places is None:
        return dict(tie(page, alignments, gold, REPORT).slots)
    at = {page.source.place(token.start, token.end): slot_of(token) for token in shown.values}
    found: dict[str, Slot | None] = {}
    for row in REPORT.rows.values():
        printed = [p for c in row.columns if gold.get(p := row.cell(c.name)) is not None]
        own = {p: (places[p][0], places[p][1]) for p in printed if p in places}
        if len(own) == len(printed) and all(place in at for place in own.values()):
            found |= {p: at[place] for p, place in own.items()}
    return found


@dataclass
class StandIn:
    """A server on a port of its own, as a context manager.

    faults: taken one a request, in order, then none. latency_s: before each answer. requests: the bodies received; no
    header is kept. in_flight_most: the most requests that were open at once.
    """

    answer: Answer
    faults: Iterable[str] = ()
    latency_s: float = 0.0
    retry_after: str | None = "0"
    port: int = 0
    requests: list[dict[str, Any]] = field(default_factory=list)
    in_flight_most: int = 0
    refuse: Callable[[Mapping[str, Any]], tuple[int, Any] | None] = lambda _: None
    """A question → status and body of what it is answered with, text or JSON; None: as `answer` says."""
    batch_faults: Iterable[str] = ()
    """Taken one a batch, as `BATCH_FAULTS` says."""
    batch_polls: int = 0
    lost: Iterable[str] = ()
    """Requests as in `calls`; of each the first is done, but its response is lost."""
    calls: list[str] = field(default_factory=list)
    """Method and address of each request."""
    _in_flight: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._plan = deque(self.faults)
        self._closing = threading.Event()
        self._lost = list(self.lost)
        self.batches = Batches(self.complete, self.batch_faults, self.batch_polls)

    def complete(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """A question of a batch → status and body of its response."""
        fault = self.next_fault(body)
        self.done()
        if fault.isdigit():
            return int(fault), _error(f"status {fault} on demand")
        return 200, completion(body, _spoiled(fault, self.answer(body)))

    def loses(self, call: str) -> bool:
        """Whether the response to a request is lost, which is noted."""
        with self._lock:
            self.calls.append(call)
            if call in self._lost:
                self._lost.remove(call)
                return True
            return False

    @property
    def url(self) -> str:
        return f"{self.root}/v1"

    @property
    def root(self) -> str:
        """The address for protocols that have their version in the path."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._server = _Server(("127.0.0.1", self.port), type("Handler", (_Handler,), {"owner": self}))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()

    def next_fault(self, body: dict[str, Any]) -> str:
        with self._lock:
            self.requests.append(body)
            self._in_flight += 1
            self.in_flight_most = max(self.in_flight_most, self._in_flight)
            return self._plan.popleft() if self._plan else "ok"

    def done(self) -> None:
        with self._lock:
            self._in_flight -= 1

    def wait(self, seconds: float) -> None:
        self._closing.wait(seconds)


class _Server(ThreadingHTTPServer):
    request_queue_size = 512
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no error of the server."""


class _Handler(BaseHTTPRequestHandler):
    owner: StandIn
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is logged: a request holds a key."""

    def do_GET(self) -> None:
        is_lost, batches = self.owner.loses(f"GET {self.path}"), self.owner.batches
        *_, kind, number = self.path.partition("?")[0].removesuffix("/content").split("/")
        if is_lost:
            self._reset()
        elif self.path.startswith("/v1/models"):
            self._send(200, {"object": "list", "data": [{"id": MODEL, "object": "model", "owned_by": "nianbao"}]})
        elif self.path.startswith("/v1beta/models"):
            self._send(200, {"models": [{"name": f"models/{MODEL}"}]})
        elif number == "batches":
            self._send(200, batches.list())
        elif kind == "batches" and number in batches.made:
            self._send(200, batches.look(number))
        elif kind == "files" and number in batches.files and self.path.endswith("/content"):
            self._write(200, batches.files[number][1], {"content-type": "application/octet-stream"})
        else:
            self._send(404, _error("no such address"))

    def do_POST(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        chunked = self.headers.get("transfer-encoding") == "chunked"
        data = b"".join(self._chunks()) if chunked else self.rfile.read(length)
        is_lost = self.owner.loses(f"POST {self.path}")
        if (wire := wire_at(self.path)) is not None:
            self._chat(json.loads(data), wire)
        elif self.path in ("/v1/files", "/v1/batches"):
            batches = self.owner.batches
            told = (
                batches.upload(self.headers["content-type"], data)
                if self.path == "/v1/files"
                else batches.create(json.loads(data))
            )
            if is_lost:
                self._reset()
            else:
                self._send(200, told)
        else:
            self._send(404, _error("no such address"))

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline(), 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def _chat(self, body: dict[str, Any], wire: Wire) -> None:
        fault = self.owner.next_fault(body)
        try:
            self.owner.wait(self.owner.latency_s)
            self._answer(fault, wire.asked(body), wire)
        finally:
            self.owner.done()

    def _answer(self, fault: str, body: dict[str, Any], wire: Wire) -> None:
        if (refusal := self.owner.refuse(body)) is not None:
            status, told = refusal
            data = told.encode() if isinstance(told, str) else json.dumps(told).encode()
            self._write(status, data, {"content-type": "application/json"})
        elif fault.isdigit():
            headers = {"retry-after": self.owner.retry_after} if fault == "429" and self.owner.retry_after else {}
            self._send(int(fault), wire.refused(int(fault), f"status {fault} on demand", None), headers)
        elif fault == "reasoning" and (param := next((p for p in ("max_tokens", "temperature") if p in body), None)):
            self._send(400, wire.refused(400, f"Unsupported parameter: '{param}'", param))
        elif fault == "reset":
            self._reset()
        elif fault == "hang":
            self.owner.wait(60)
        elif fault == "html":
            self._write(200, b"<html>gateway</html>", {"content-type": "text/html"})
        elif fault == "no_choices":
            self._send(200, {**wire.told(completion(body, "")), "choices": [], "content": [], "candidates": []})
        else:
            told = completion(body, _spoiled(fault, self.owner.answer(body)))
            if fault in _ENDS:
                told["choices"][0]["finish_reason"] = _ENDS[fault]
            self._send(200, wire.told(told), slowly=fault == "slow")

    def _reset(self) -> None:
        """Break the connection off, with a reset instead of an end."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())

    def _send(self, status: int, body: Any, headers: Mapping[str, str] = {}, *, slowly: bool = False) -> None:
        data = json.dumps(body, ensure_ascii=False).encode()
        self._write(status, data, {"content-type": "application/json", **headers}, slowly=slowly)

    def _write(self, status: int, data: bytes, headers: Mapping[str, str], *, slowly: bool = False) -> None:
        with suppress(OSError):
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            step = max(1, len(data) // 8) if slowly else max(1, len(data))
            for start in range(0, len(data), step):
                self.wfile.write(data[start : start + step])
                self.owner.wait(0.02 if slowly else 0)


def _error(message: str, param: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": "stand_in", "param": param}}


def _spoiled(fault: str, text: str) -> str:
    """An answer with a fault done to it."""
    return {
        "truncated": text[: len(text) // 2],
        "cut": "",
        "filtered": "",
        "empty": "",
        "wrong_schema": '{"zeilen": [1, 2, 3]}',
        "not_json": "抱歉，我无法完成。",
        "huge": '{"rows": ["1: ' + "1" * 1_000_000 + '"]}',
        "fenced": f"好的：\n```json\n{text}\n```\n",
        "think": f"<think>先看 {{第一行}}……</think>\n```json\n{text}\n```",
    }.get(fault, text)


def completion(body: Mapping[str, Any], text: str) -> dict[str, Any]:
    """A chat completion that holds a text, as a tool call where tools were offered. Tokens: one for every 1.5 characters."""
    message: dict[str, Any] = {"role": "assistant", "content": text}
    reason = "stop"
    if body.get("tools"):
        name = body["tools"][0]["function"]["name"]
        call = {"id": "call_1", "type": "function", "function": {"name": name, "arguments": text}}
        message, reason = {"role": "assistant", "content": None, "tool_calls": [call]}, "tool_calls"
    asked = sum(len(str(m.get("content", ""))) for m in body.get("messages", []))
    used = {"prompt_tokens": round(asked / 1.5), "completion_tokens": round(len(text) / 1.5)}
    return {
        "id": "stand-in",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": MODEL,
        "choices": [{"index": 0, "message": message, "finish_reason": reason}],
        "usage": {**used, "total_tokens": sum(used.values())},
    }


@click.command()
@click.argument("datasets", nargs=-1)
@click.option("--port", default=8765, show_default=True)
@click.option("--latency", default=0.0, show_default=True, help="Seconds before each answer.")
@click.option("--faults", default="", help=f"Comma-separated, one a request: {', '.join(FAULTS)}, ok.")
@click.option("--batch-faults", default="", help=f"Comma-separated, one a batch: {', '.join(BATCH_FAULTS)}, ok.")
@click.option("--readings", multiple=True, metavar="FOLDER", help="Recorded readings, NAME.reading.json with NAME.txt.")
def main(
    datasets: tuple[str, ...], port: int, latency: float, faults: str, batch_faults: str, readings: tuple[str, ...]
) -> None:
    """Serve an OpenAI-compatible endpoint on loopback that answers from gold, or as recorded. It is scripted, and no model.

    Example: NIANBAO_BASE_URL=http://127.0.0.1:8765/v1 NIANBAO_MODEL=stand-in nianbao extract --engine model report.txt
    """
    plan, batch_plan = ([fault for fault in given.split(",") if fault] for given in (faults, batch_faults))
    cases = [case for dataset in (SAMPLES, *datasets) for case in load_dataset(dataset).cases]
    recorded = [one for folder in readings for one in load_recorded(folder)]
    with StandIn(answer_from(cases, recorded), plan, latency, port=port, batch_faults=batch_plan) as server:
        click.echo(f"stand-in (scripted, no model) at {server.url}, model {MODEL}; Ctrl-C ends it")
        with suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
