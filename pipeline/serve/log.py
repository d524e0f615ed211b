"""One line of JSON on standard error for each request and each event: never a text, a name, a key, or a message of an error.

An address that the API does not have is not logged either: it is a stranger's text.
"""

import json
import logging
import sys
import time
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .problems import RequestError
from .reply import fault_of

LOG = logging.getLogger("nianbao.serve")
_KEY = "nianbao.seen"


@dataclass(slots=True)
class Seen:
    """What is logged of a request. verdicts: of a batch, how many lines came to which."""

    status: int = 0
    verdict: str | None = None
    verdicts: Mapping[str, int] | None = None
    fault: str = ""
    bytes_in: int = 0
    bytes_out: int = 0
    start: float = field(default_factory=time.monotonic)

    @classmethod
    def of(cls, scope: MutableMapping[str, Any]) -> Self:
        found: Self = scope[_KEY]
        return found


def log(event: str, **fields: Any) -> None:
    LOG.info(event, extra={"fields": {k: v for k, v in fields.items() if v not in (None, "")}})


def log_to_stderr() -> None:
    """Send our lines, and the server's own, to standard error as JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines())
    for name, level in ((LOG.name, logging.INFO), ("nianbao", logging.WARNING), ("uvicorn", logging.WARNING)):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(level)


class _Lines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[1]:
            told["fault"] = fault_of(record.exc_info[1])
        return json.dumps(told, ensure_ascii=False)


class Logged:
    """The app, with a line logged for each request, and an answer where the app fails."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        seen = scope[_KEY] = Seen()

        async def receiving() -> Message:
            message = await receive()
            seen.bytes_in += len(message.get("body", b""))
            return message

        async def sending(message: Message) -> None:
            seen.status = message.get("status", seen.status)
            seen.bytes_out += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receiving, sending)
        except Exception as error:  # the border of the server: a fault is told by its place, never by the text it met
            seen.fault = fault_of(error)
            if not seen.status:
                await _send(RequestError("internal", "the server failed on this request; its log says where"), sending)
        finally:
            _tell(scope, seen)


async def _send(problem: RequestError, send: Send) -> None:
    body = problem.body()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _tell(scope: Scope, seen: Seen) -> None:
    log(
        "request",
        method=scope["method"] if scope["method"] in ("GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE") else "other",
        path=getattr(scope.get("route"), "path", "unknown"),
        status=seen.status,
        ms=round((time.monotonic() - seen.start) * 1000, 1),
        verdict=seen.verdict,
        verdicts=seen.verdicts,
        bytes_in=seen.bytes_in,
        bytes_out=seen.bytes_out,
        fault=seen.fault,
    )
