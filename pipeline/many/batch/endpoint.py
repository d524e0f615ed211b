"""The Batch API of an endpoint: files go up, batches are made and looked at, answers come down."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar, cast

import httpx2
import openai
from openai.types import Batch

from ...errors import EndpointError
from ...llm.client import Client
from ...llm.failures import host_of, unusable
from ..ledger import DRAFT, unwritable
from .parts import INPUT, URL
from .state import Part, State

T = TypeVar("T")

_NO_SUCH_ADDRESS = frozenset((404, 405, 501))
ENDED = frozenset(("completed", "failed", "expired", "cancelled"))
"""States of a batch after which nothing more comes of it."""
TRANSFER_S = 3600.0
"""For a file to go up, or to come down."""
_RUN, _PART = "nianbao_run", "nianbao_part"


class Endpoint:
    """A connection to the Batch API. What fails after every attempt raises EndpointError."""

    def __init__(self, client: Client) -> None:
        self._settings, self._client = client.settings, client
        self._connection: openai.AsyncOpenAI = client.connection

    async def send(self, part: Part, state: State) -> Part:
        """An input file → a batch at the endpoint; how far it is, is written down on the way.

        What may have been made there before, by a start that was killed or a request whose answer was lost, is looked for,
        so that no batch is made twice.
        """
        is_new = part.state == "written"
        part = _put(replace(part, state="sending"), state)
        batch = None if is_new else await self._tried(lambda: self._find_batch(state.run, part))
        if batch is None:
            if part.file is None:
                file = await self._tried(lambda: self._upload(state.run, part, state.folder_of(part.number) / INPUT))
                part = _put(replace(part, file=file), state)
            batch = await self._make(state.run, part)
        return _put(replace(part, state="sent", batch=batch.id), state)

    async def _find_batch(self, run: str, part: Part) -> Batch | None:
        async for batch in self._connection.batches.list(limit=100):
            told = batch.metadata or {}
            if (told.get(_RUN), told.get(_PART)) == (run, str(part.number)):
                return _sound(batch)
        return None

    async def _upload(self, run: str, part: Part, path: Path) -> str:
        with path.open("rb") as file:  # given as a file, it is sent piece by piece
            name = f"nianbao-{run}-{part.number:03d}.jsonl"
            sent = await self._connection.files.create(
                file=(name, file, "application/jsonl"), purpose="batch", timeout=TRANSFER_S
            )
        return _sound(sent).id

    async def _make(self, run: str, part: Part) -> Batch:
        is_again = False

        async def make() -> Batch:
            nonlocal is_again
            if is_again and (batch := await self._find_batch(run, part)) is not None:
                return batch
            is_again = True
            return _sound(
                await self._connection.batches.create(
                    input_file_id=part.file or "",
                    endpoint=URL,
                    completion_window="24h",
                    metadata={_RUN: run, _PART: str(part.number)},
                )
            )

        return await self._tried(make)

    async def look(self, batch: str) -> Batch:
        """A batch as it is now."""

        async def look() -> Batch:
            return _sound(await self._connection.batches.retrieve(batch))

        return await self._tried(look)

    async def fetch(self, file: str, path: Path) -> None:
        """A file of the endpoint → a file here, which takes its name when it is whole, piece by piece.

        Raises InputError where it cannot be written.
        """
        draft = path.with_name(path.name + DRAFT)

        async def load() -> None:
            async with self._connection.files.with_streaming_response.content(file, timeout=TRANSFER_S) as response:
                with draft.open("wb") as opened:
                    async for piece in response.iter_bytes(1 << 20):
                        opened.write(piece)

        try:
            await self._tried(load)
            draft.replace(path)
        except OSError as error:
            raise unwritable(path, error) from error

    async def _tried(self, work: Callable[[], Awaitable[T]]) -> T:
        """What some work gives, tried again while the endpoint is busy or failing."""

        async def attempt() -> T:
            try:
                return await work()
            except httpx2.RequestError as error:  # while a file comes down
                raise openai.APIConnectionError(request=error.request) from error
            except (AttributeError, TypeError, ValueError) as error:  # a response of another shape
                raise _no_response() from error

        try:
            return await self._client.tried(attempt)
        except openai.APIStatusError as error:
            if error.status_code in _NO_SUCH_ADDRESS:
                where = error.request.url.path
                raise EndpointError(
                    f"{host_of(self._settings)}: status {error.status_code} at {where}; it has no Batch API, or not this"
                    " file or batch: check NIANBAO_BASE_URL and the account, or see --files-only"
                ) from error
            raise unusable(error, self._settings) from error
        except openai.APIError as error:
            raise unusable(error, self._settings) from error


def _put(part: Part, state: State) -> Part:
    state.put(part)
    return part


def _sound(found: T) -> T:
    """What an endpoint gave, where what is used of it is text; raises APIError where it is something else, such as a page of a
    gateway.
    """
    told = [getattr(found, name, None) for name in ("id", "status", "output_file_id", "error_file_id")]
    if not isinstance(told[0], str) or not all(value is None or isinstance(value, str) for value in told):
        raise _no_response()
    return found


def _no_response() -> openai.APIError:
    return openai.APIError("no usable response", request=cast(Any, None), body=None)
