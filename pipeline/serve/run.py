"""The server as a process: uvicorn with our app, from the first line of the log to a graceful end."""

import asyncio
import signal
import socket
from collections import Counter
from types import FrameType

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from ..errors import FaultError, SettingsError
from ..llm.settings import Settings
from .access import Access
from .app import make_app
from .limits import Limits
from .log import log, log_to_stderr
from .stopping import Stopping


def serve(host: str, port: int, limits: Limits, access: Access, settings: Settings | None) -> None:
    """Serve until told to stop; port 0: one that is free, which the log names.

    Raises SettingsError where the port cannot be had, and what keeps the server from starting.
    """
    taken = _listen(host, port)
    log_to_stderr()
    stopping = Stopping()
    app = make_app(limits, access, settings, stopping)
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=_closing_when_idle(limits.idle_s, limits.connections),
        ws="none",
        loop="asyncio",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=limits.connections,
        timeout_graceful_shutdown=int(limits.stop_s),
    )
    for sig in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sig, lambda *_: None)  # uvicorn raises again, at its end, the signal that ended it
    server = _Server(config, stopping)
    server.run([taken])
    if not server.started:
        trouble = getattr(app.state, "trouble", None)
        raise trouble or FaultError("the server did not start, which is a fault of nianbao; its log says where")
    log("stopped")


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        said = str(error.strerror).partition(" (")[0]
        raise SettingsError(
            f"--host {host} --port {port}: cannot be listened on ({said});"
            " name another --port, or 0 for one that is free"
        ) from error


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, stopping: Stopping) -> None:
        super().__init__(config)
        self._stopping = stopping

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        await super().startup(sockets)  # type: ignore[arg-type]
        if self.started:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            log("listening", host=host, port=port)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._stopping.begin()
        log("stopping", signal=signal.Signals(sig).name)
        super().handle_exit(sig, frame)


def _closing_when_idle(idle_s: float, most: int) -> type[H11Protocol]:
    """uvicorn's protocol, with an end to a connection on which nothing is being answered.

    uvicorn waits for ever for the rest of a head, and for the rest of a body that was refused. Where there are as many
    connections as there may be, a new one takes the room of such a one: of the client that has most, the oldest.
    """

    class Protocol(H11Protocol):
        _last: object = None
        _since = 0.0

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._since = self.loop.time()
            if len(self.connections) >= most:
                self._make_room()
            self.loop.call_later(idle_s, self._close_if_idle)

        def _make_room(self) -> None:
            idle = [c for c in self.connections if isinstance(c, Protocol) and c is not self and not c._is_busy]
            count = Counter(c._client for c in self.connections if isinstance(c, Protocol))
            for slowest in sorted(idle, key=lambda c: (-count[c._client], c._since))[:1]:
                slowest.transport.abort()
                self.connections.discard(slowest)

        @property
        def _client(self) -> str:
            return self.client[0] if self.client else ""

        @property
        def _is_busy(self) -> bool:
            return self.cycle is not None and not self.cycle.response_complete

        def _close_if_idle(self) -> None:
            if self.transport.is_closing():
                return
            if not self._is_busy and self._last is self.cycle:
                self.transport.abort()
            else:
                self._last = self.cycle
                self.loop.call_later(idle_s, self._close_if_idle)

    return Protocol
