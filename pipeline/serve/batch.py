"""JSON Lines in, JSON Lines out: one line for each, in their order, as they come; memory does not grow with their number."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from typing import Any

from anyio import fail_after
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from .access import client_of
from .body import JSON_LINES
from .log import Seen
from .places import Place
from .pool import Pool
from .problems import RequestError
from .reply import Answer, Job, Task, answer_of
from .spool import Spool
from .stopping import Stopping

Waiting = asyncio.Queue["tuple[int, asyncio.Task[Answer]] | None"]
"""Lines that are being answered, each with its number, counted from 1; None at the end."""


class Batch(Response):
    """A response that is written while the request is still being read."""

    media_type = JSON_LINES[0]

    def __init__(self, request: Request, task: Task, pool: Pool, stopping: Stopping) -> None:
        super().__init__()
        del self.headers["content-length"]
        self._request, self._task, self._pool, self._stopping = request, task, pool, stopping
        self._is_whole = False
        self._is_gone = False
        self._ended_by: RequestError | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  # the request has it
        verdicts: Counter[str] = Counter()
        Seen.of(scope).verdicts = verdicts
        with self._pool.batch(client_of(self._request)) as place:
            async with aclosing(self._answers(place)) as answers:
                async for number, answer in answers:
                    if not verdicts:
                        await send(self._head())
                    verdicts[answer.verdict] += 1
                    with fail_after(self._pool.limits.stall_s):
                        await send({"type": "http.response.body", "body": _line(number, answer), "more_body": True})
                    place.paid()
            if not verdicts:
                await send(self._head())
            await send({"type": "http.response.body", "body": b""})

    def _head(self) -> dict[str, Any]:
        """Sent with the first line: before that the client may still wait for a 100 before it sends its body."""
        return {"type": "http.response.start", "status": 200, "headers": self.raw_headers}

    async def _answers(self, place: Place) -> AsyncGenerator[tuple[int, Answer]]:
        """The answers, each with the number of its line."""
        spool = Spool()
        waiting: Waiting = asyncio.Queue(self._pool.window)
        tasks: list[asyncio.Task[Any]] = [
            asyncio.create_task(self._fill(spool, place)),
            asyncio.create_task(self._take(spool, waiting, place)),
        ]
        number = 0
        try:
            while line := await waiting.get():
                number, answer = line
                tasks.append(answer)
                yield number, await answer
                tasks.remove(answer)
            for task in tasks:
                if task.done():
                    task.result()  # a fault in one of them: the answer is broken off, never ended as if it were whole
            if self._ended_by is not None:
                yield number + 1, answer_of(self._ended_by)
        finally:
            await _cancel([*tasks, *_left_in(waiting)])
            spool.close()

    async def _fill(self, spool: Spool, place: Place) -> None:
        """Body → spool, until it ends, nothing comes for too long, or the server is to stop; then see whether the client stays."""
        stream = self._request.stream()
        try:
            while True:
                with place.waiting(self._pool.limits.stall_s):
                    chunk = await self._stopping.unless(anext(stream, b""))
                if not chunk:
                    self._is_whole = chunk is not None
                    break
                await spool.write(chunk)
        except TimeoutError:
            limits = self._pool.limits
            seconds = limits.batch_hurry_s if place.is_dropped else limits.stall_s
            others = " while others waited" if place.is_dropped else ""
            told = f"no more of the body came for {seconds:g} s{others}; send the rest again"
            self._ended_by = RequestError("too_slow", told)
        except ClientDisconnect:
            self._is_gone = True
        finally:
            await spool.end(is_whole=self._is_whole)
        while self._is_whole and not self._is_gone:
            self._is_gone = (await self._request.receive())["type"] == "http.disconnect"

    async def _take(self, spool: Spool, waiting: Waiting, place: Place) -> None:
        """Spool → answers on their way; no more of them at once than the queue holds."""
        number = 0
        try:
            async for line in spool.lines(self._pool.limits.body_bytes):
                if self._stopping.is_set or self._is_gone:
                    self._is_whole = False
                    break
                number += 1
                if line is None or line.strip():
                    place.pending += 1
                    await waiting.put((number, asyncio.create_task(self._answer(line))))
            if self._stopping.is_set and not self._is_whole:
                self._ended_by = self._stopping.problem()
        finally:
            await waiting.put(None)

    async def _answer(self, line: bytes | None) -> Answer:
        longest = self._pool.limits.body_bytes
        try:
            if line is None:
                told = f"the line is longer than the limit of {longest:,} bytes; send the text of one report a line"
                raise RequestError("too_large", told)
            return await self._pool.answer(Job(self._task, line))
        except RequestError as problem:
            return answer_of(problem)


def _line(number: int, answer: Answer) -> bytes:
    """An answer as a line; an error is told with the number of the line that it is for."""
    if answer.status == 200:
        return answer.body + b"\n"
    return json.dumps({**json.loads(answer.body), "line": number}, ensure_ascii=False).encode("utf-8") + b"\n"


def _left_in(waiting: Waiting) -> Iterator["asyncio.Task[Answer]"]:
    while not waiting.empty():
        if (line := waiting.get_nowait()) is not None:
            yield line[1]


async def _cancel(tasks: Sequence["asyncio.Task[Any]"]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
