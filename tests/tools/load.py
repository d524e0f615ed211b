"""The service under load: many clients on loopback, good bodies and bad ones, and perhaps a kill in the middle.

    python -m tests.tools.load [--seconds 60] [--clients 64] [--kill]

Starts `nianbao serve` as a process of its own and prints, for each kind of request, what came of it; p50 and p99 of the good
ones; and the memory of the server at the start and at the end. Exit status 1 where something came that should not.
"""

import asyncio
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, Self

import click
import httpx2
from nianbao.eval.dataset import SAMPLES, load_dataset
from nianbao.pipeline.source.decode import from_text

BUSY = 429
_LOST = "connection lost"
_SLOW_S = 8.0
"""So long a slow client takes for its body."""


_SERVE = (sys.executable, "-c", "import sys; from nianbao.pipeline.cli.main import main; main(sys.argv[1:])", "serve")


class ServerProcess:
    """`nianbao serve` on loopback, as a context manager; it is killed at the end if it still runs."""

    def __init__(
        self, *options: str, command: Sequence[str] = _SERVE, port: int = 0, env: dict[str, str] | None = None
    ) -> None:
        self._command = [*command, *options]
        self._env = env
        self.port = port

    def __enter__(self) -> Self:
        self._stderr = TemporaryFile()  # closed by __exit__
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._stderr.close()

    def start(self) -> None:
        """Start, on the port of before if there was one, and wait until it listens."""
        begun = len(self.log())
        self.process = subprocess.Popen([*self._command, "--port", str(self.port)], stderr=self._stderr, env=self._env)
        while not (events := self.log()[begun:]):
            if self.process.poll() is not None:
                raise RuntimeError(f"the server did not start: {self.said()}")
            time.sleep(0.02)
        self.port = events[0]["port"]

    def said(self) -> str:
        """All that it wrote on standard error."""
        return os.pread(self._stderr.fileno(), 1 << 30, 0).decode("utf-8")

    def log(self) -> list[dict[str, Any]]:
        """The whole lines of its log, of every start."""
        return [json.loads(line) for line in self.said().splitlines(keepends=True) if line.endswith("}\n")]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def memory(self) -> list[int]:
        """Resident bytes of the server and of each of its workers; needs Linux."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [_resident(str(self.process.pid)), *sorted(map(_resident, children))]


def _resident(pid: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:"))


# --- What is sent ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of request. allowed: the statuses that may come, beside 429."""

    name: str
    weight: int
    allowed: frozenset[int]
    make: Callable[[random.Random], tuple[str, bytes]]
    """→ the path, and the body."""
    is_slow: bool = False


def kinds() -> list[Kind]:
    """Good bodies and bad ones."""
    cases = load_dataset(SAMPLES).cases

    def good(rng: random.Random) -> tuple[str, bytes]:
        case = rng.choice(cases)
        if rng.random() < 0.5:
            return "/v1/extract", _json({"text": case.text})
        return "/v1/check", _json({"text": case.text, "record": {"requests": case.gold.record["requests"]}})

    def extract(*bodies: bytes) -> Callable[[random.Random], tuple[str, bytes]]:
        return lambda rng: ("/v1/extract", rng.choice(bodies))

    text = cases[0].text
    hostile = "一、总体情况\n<html><table>" + "<td>0" * 40_000
    wrong: list[Any] = [{"text": 1}, {}, [], "x", {"text": text, "path": "/etc/passwd"}, {"text": text, "engine": "x"}]
    unusable: list[Any] = [{"text": ""}, {"text": "今天天气很好。"}, {"text": "\0" * 1000}]
    return [
        Kind("good", 60, frozenset((200,)), good),
        Kind("huge", 3, frozenset((413,)), extract(_json({"text": "0 " * 4_000_000}))),
        Kind(
            "broken JSON", 8, frozenset((400,)), extract(_json({"text": text})[:-9], b"", b"{", b"NaN", b"[" * 99_999)
        ),
        Kind("wrong types", 8, frozenset((422,)), extract(*map(_json, wrong))),
        Kind("no report", 8, frozenset((422,)), extract(*map(_json, unusable))),
        Kind("binary", 8, frozenset((400,)), extract(random.Random(1).randbytes(20_000), b"\x89PNG\r\n\x1a\n\0\0")),
        Kind("hostile text", 1, frozenset((200, 422)), extract(_json({"text": hostile}))),
        Kind("slow", 4, frozenset((200, 408)), good, is_slow=True),
    ]


def _json(body: Any) -> bytes:
    return json.dumps(body).encode("utf-8")


# --- Clients ---------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Outcomes:
    """What came of all requests. wrong: what should not have come."""

    counts: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    good_s: list[float] = field(default_factory=list)
    wrong: Counter[str] = field(default_factory=Counter)
    sent: int = 0

    def take(self, kind: Kind, body: bytes, response: httpx2.Response, seconds: float) -> None:
        status = response.status_code
        self.counts[kind.name][str(status)] += 1
        if status == BUSY:
            if not response.headers.get("retry-after", "").isdigit():
                self.wrong["429 without Retry-After"] += 1
        elif status not in kind.allowed:
            self.wrong[f"{kind.name}: {status}"] += 1
        elif status == 200:
            if not _is_answer(response, body):
                self.wrong[f"{kind.name}: an answer to something else"] += 1
            if kind.name == "good":
                self.good_s.append(seconds)
        elif set(response.json()) != {"error"} or set(response.json()["error"]) != {"code", "message"}:
            self.wrong[f"{kind.name}: {status} without an error"] += 1


def _is_answer(response: httpx2.Response, body: bytes) -> bool:
    given = response.json()["source"]["sha256"]
    return bool(given == from_text(json.loads(body)["text"], "text").sha256)


async def client(url: str, until: float, rng: random.Random, choices: list[Kind], outcomes: Outcomes) -> None:
    """Send one request after the other; every one ends in an answer that is taken, or in an error that is counted."""
    async with httpx2.AsyncClient(base_url=url, timeout=120, trust_env=False) as http:
        while time.monotonic() < until:
            kind = rng.choices(choices, [k.weight for k in choices])[0]
            path, body = kind.make(rng)
            outcomes.sent += 1
            start = time.monotonic()
            try:
                response = await http.post(
                    path,
                    content=_dripping(body) if kind.is_slow else body,
                    headers={"Content-Type": "application/json"},
                )
                outcomes.take(kind, body, response, time.monotonic() - start)
                if response.status_code == BUSY:
                    await asyncio.sleep(rng.random() * float(response.headers["retry-after"]))
            except httpx2.TransportError:
                outcomes.counts[kind.name][_LOST] += 1
                await asyncio.sleep(0.2)


async def _dripping(body: bytes) -> Any:
    pieces = 20
    size = -(-len(body) // pieces)
    for start in range(0, len(body), size):
        await asyncio.sleep(_SLOW_S / pieces)
        yield body[start : start + size]


async def drive(
    server: ServerProcess, clients: int, seconds: float, is_killed: bool
) -> tuple[Outcomes, list[list[int]]]:
    """All clients for so long → what came, and the memory of the server at a tenth of the time and at the end."""
    outcomes, choices, memory = Outcomes(), kinds(), []
    until = time.monotonic() + seconds
    tasks = [
        asyncio.create_task(client(server.url, until, random.Random(i), choices, outcomes)) for i in range(clients)
    ]
    for share in (0.1, 0.5, 0.95):
        await asyncio.sleep(max(0.0, until - seconds * (1 - share) - time.monotonic()))
        memory.append(server.memory())
        if is_killed and share == 0.5:
            server.kill()
            await asyncio.sleep(1)
            await asyncio.to_thread(server.start)
    await asyncio.gather(*tasks)
    return outcomes, memory


# --- The report ------------------------------------------------------------------------------------------------------


@click.command()
@click.option("--seconds", default=60.0, show_default=True)
@click.option("--clients", default=64, show_default=True)
@click.option("--kill", "is_killed", is_flag=True, help="Kill the server in the middle, and start it again.")
@click.option("--queue", default=32, show_default=True, help="Of the server.")
def main(seconds: float, clients: int, is_killed: bool, queue: int) -> None:
    """Drive the service and print what came."""
    with ServerProcess("--queue", str(queue)) as server:
        first = server.memory()
        outcomes, memory = asyncio.run(drive(server, clients, seconds, is_killed))
        server.stop()
        status = server.process.wait(timeout=60)
    for line in _lines(outcomes, [first, *memory]):
        print(line)
    print(f"the server's exit status after SIGTERM: {status}")
    lost = sum(c[_LOST] for c in outcomes.counts.values())
    sys.exit(bool(outcomes.wrong) or status != 0 or (lost > 0) != is_killed)


def _lines(outcomes: Outcomes, memory: list[list[int]]) -> Iterator[str]:
    for name, counts in outcomes.counts.items():
        yield f"{name:<14}" + "   ".join(f"{status}: {n:,}" for status, n in sorted(counts.items()))
    ended = sum(sum(c.values()) for c in outcomes.counts.values())
    yield f"sent {outcomes.sent:,}, ended in an answer or an error {ended:,}"
    good = outcomes.good_s
    if len(good) > 1:
        yield f"good: p50 {statistics.median(good):.3f} s, p99 {statistics.quantiles(good, n=100)[98]:.3f} s, {len(good):,} answers"
    for when, found in zip(("start", "10 %", "50 %", "95 %"), memory, strict=True):
        yield f"memory at {when:<6} front {found[0] >> 20} MB, workers {', '.join(str(m >> 20) for m in found[1:])} MB"
    yield f"what should not have come: {dict(outcomes.wrong) or 'nothing'}"


if __name__ == "__main__":
    main()
