"""The body of a request, taken in while it is bounded: in kind, in bytes, in time, and in what all requests hold together."""

from starlette.requests import ClientDisconnect, Request

from .limits import Limits
from .places import Place
from .pool import GoneError, Pool
from .problems import RequestError

JSON = ("application/json",)
TEXT = "text/plain"
JSON_LINES = ("application/x-ndjson", "application/jsonl")


def require(request: Request, media_types: tuple[str, ...]) -> None:
    """Raises RequestError where the head says that the body is compressed, or is not of these media types."""
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding != "identity":
        raise RequestError("wrong_encoding", "the body has a Content-Encoding; send it as it is, without one")
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in media_types:
        expected = " or ".join(media_types)
        raise RequestError("wrong_media_type", f"Content-Type: expected {expected}; set it, and send such a body")


async def read_body(request: Request, place: Place, pool: Pool) -> bytes:
    """The whole body; raises RequestError as soon as it is too large, too slow, or more than there is room for."""
    limits = pool.limits
    if request.headers.get("content-length", "0").isdigit():
        _measure(int(request.headers.get("content-length", "0")[:20]), limits)
    body = bytearray()
    try:
        with place.waiting(limits.receive_s):
            async for chunk in request.stream():
                _measure(len(body) + len(chunk), limits)
                pool.hold(place, len(chunk))
                body += chunk
    except TimeoutError:
        seconds = limits.hurry_s if place.is_dropped else limits.receive_s
        others = " while others waited" if place.is_dropped else ""
        told = f"the body did not arrive within {seconds:g} s{others}; send it in one go"
        raise RequestError("too_slow", told) from None
    except ClientDisconnect:
        raise GoneError from None
    return bytes(body)


def _measure(count: int, limits: Limits) -> None:
    if count > limits.body_bytes:
        told = f"the body is larger than the limit of {limits.body_bytes:,} bytes; send the text of one report"
        raise RequestError("too_large", told)
