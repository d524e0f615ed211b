"""The door to an endpoint: what comes back is bounded in time, in bytes and in shape before anything else looks at it."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2
import openai

from .answer import sound_completion
from .refusals import sound_error

LARGEST_RESPONSE = 4_000_000
"""Bytes of a response, unpacked. An answer takes some hundred, with a model's thoughts some ten thousand."""
LARGEST_FILE = 1_000_000_000
"""Bytes of a response that is taken as it comes: the answers of a batch."""
CONNECT_S = 10.0
"""For a connection to be made, within the time of a request."""
_SENT = frozenset(
    ("host", "accept", "accept-encoding", "authorization", "connection", "content-length", "content-type",
     "transfer-encoding", "user-agent", "anthropic-version", "x-api-key", "x-goog-api-key")
)  # fmt: skip
"""The headers of a request. Others that a library makes of what it finds in the environment are not sent."""
_COMPLETIONS = "/chat/completions"


class ResponseError(httpx2.DecodingError):
    """What came back cannot be used. The message is ours, and repeats nothing of it."""


class Transport(httpx2.AsyncClient):
    """Sends requests, each within its one timeout from the first byte to the last, and nowhere but where it was told to.

    A response comes back whole, or, where its body is streamed, as it comes. Raises httpx2.RequestError where there is none.
    """

    def __init__(self, timeout_s: float) -> None:
        super().__init__(
            timeout=httpx2.Timeout(timeout_s, connect=min(timeout_s, CONNECT_S)),
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=100),
            headers={"accept-encoding": "identity"},
        )

    async def send(self, request: httpx2.Request, *, stream: bool = False, **more: Any) -> httpx2.Response:
        for name in set(request.headers) - _SENT:
            del request.headers[name]
        until = asyncio.get_running_loop().time() + request.extensions["timeout"]["read"]
        async with _Until(until, request):
            response = await super().send(request, **{**more, "stream": True, "follow_redirects": False})
        try:
            response.stream = _Bounded(response, LARGEST_FILE if stream else LARGEST_RESPONSE, until)
            if stream:
                return response
            return _sound(request, response, await response.aread())
        except BaseException:
            await response.aclose()
            raise


class NativeTransport(Transport):
    """For a library other than OpenAI's: what goes wrong is raised as OpenAI's would, and found again in whatever that library makes of it."""

    async def send(self, request: httpx2.Request, *, stream: bool = False, **more: Any) -> httpx2.Response:
        try:
            response = await super().send(request, stream=stream, **more)
        except httpx2.TimeoutException as error:
            raise openai.APITimeoutError(request=request) from error
        except httpx2.RequestError as error:
            raise openai.APIConnectionError(request=request) from error
        if response.is_success:
            return response
        told = response.json() if response.is_error else {}
        raise openai.APIStatusError(f"status {response.status_code}", response=response, body=told.get("error"))


class _Until:
    """`asyncio.timeout_at`, with the error that a client of HTTP raises."""

    def __init__(self, until: float, request: httpx2.Request) -> None:
        self._timeout, self._request = asyncio.timeout_at(until), request

    async def __aenter__(self) -> None:
        await self._timeout.__aenter__()

    async def __aexit__(self, kind: Any, error: Any, trace: Any) -> None:
        try:
            await self._timeout.__aexit__(kind, error, trace)
        except TimeoutError:
            raise httpx2.ReadTimeout("the time of the request is over", request=self._request) from None


class _Bounded(httpx2.AsyncByteStream):
    """The body of a response, unpacked, until it is larger than `most` bytes or the loop's clock is at `until`."""

    def __init__(self, response: httpx2.Response, most: int, until: float) -> None:
        self._body, self._request, self._most, self._until = response.stream, response.request, most, until
        self._unpack = _unpacking(response.headers.pop("content-encoding", "identity").strip().lower())

    async def __aiter__(self) -> AsyncIterator[bytes]:
        pieces, room = aiter(self._pieces()), self._most
        while True:
            async with _Until(self._until, self._request):
                piece = await anext(pieces, None)
            if piece is None:
                return
            data = self._unpack(piece, room + 1)
            room -= len(data)
            if room < 0:
                raise ResponseError(f"a response of more than {self._most:,} bytes")
            yield data

    def _pieces(self) -> httpx2.AsyncByteStream:
        assert isinstance(self._body, httpx2.AsyncByteStream)
        return self._body

    async def aclose(self) -> None:
        await self._pieces().aclose()


def _unpacking(encoding: str) -> Callable[[bytes, int], bytes]:
    """What unpacks the next piece of a body into at most so many bytes. None was asked to be packed; gzip is borne."""
    if encoding == "identity":
        return lambda piece, _: piece
    if encoding != "gzip":
        raise ResponseError("a response that is packed, which was not asked for")
    gzip = zlib.decompressobj(zlib.MAX_WBITS | 16)

    def unpack(piece: bytes, most: int) -> bytes:
        try:
            return gzip.decompress(piece, most)
        except zlib.error as error:
            raise ResponseError("a response that cannot be unpacked") from error

    return unpack


def _sound(request: httpx2.Request, response: httpx2.Response, body: bytes) -> httpx2.Response:
    """The response with a body of the shape that its readers count on."""
    if response.is_error:
        body = sound_error(body)
    elif response.is_success and request.url.path.endswith(_COMPLETIONS):
        completion = sound_completion(body)
        if completion is None:
            raise ResponseError("no chat completion in the response")
        body = completion.model_dump_json().encode("utf-8")
    kept = {name: response.headers[name] for name in ("retry-after",) if name in response.headers}
    headers = {**kept, "content-type": "application/json"}
    return httpx2.Response(response.status_code, headers=headers, content=body, request=request)
