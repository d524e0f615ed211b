"""What can go wrong with a request: what passes, how long to wait, and what to say of the rest."""

import email.utils
import time
from urllib.parse import urlsplit

import openai

from ..errors import EndpointError, RefusedError
from .settings import Settings

_AGAIN = frozenset((408, 409, 429))
_OF_THE_QUESTION = frozenset((400, 413, 422))


def is_passing(error: BaseException) -> bool:
    """Whether a request that failed so may succeed when it is sent again."""
    if isinstance(error, openai.APIStatusError):
        return error.status_code in _AGAIN or (error.status_code >= 500 and error.status_code != 501)
    return isinstance(error, openai.APIConnectionError) or (
        isinstance(error, openai.APIError) and not isinstance(error, openai.APIStatusError)
    )


def api_error(error: BaseException) -> openai.APIError | None:
    """The endpoint's own error inside an error of instructor's."""
    attempts = getattr(error, "failed_attempts", None) or []
    found = [getattr(a, "exception", None) for a in attempts] + list(error.args)
    seen: BaseException | None = error
    while seen is not None and len(found) < 20:
        found.append(seen)
        seen = seen.__cause__ or seen.__context__
    return next((e for e in found if isinstance(e, openai.APIError)), None)


def retry_after(header: str | None) -> float | None:
    """A Retry-After header, in seconds or as a date → seconds from now; None where there is none."""
    if not header:
        return None
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(header).timestamp() - time.time())
    except (TypeError, ValueError):
        return None


def no_such_model(error: openai.APIStatusError) -> bool:
    return error.status_code == 404 and "model" in str(error.message).lower()


def host_of(settings: Settings) -> str:
    return urlsplit(settings.base_url or "https://api.openai.com").netloc.rpartition("@")[2]


def unusable(error: openai.APIError, settings: Settings) -> EndpointError:
    """What the endpoint said, and what to do; never the key."""
    host = host_of(settings)
    if isinstance(error, openai.APITimeoutError):
        return EndpointError(f"{host}: no answer within {settings.timeout_s:g} s; try again, or raise the timeout")
    if isinstance(error, openai.APIConnectionError):
        return EndpointError(f"{host}: cannot be reached; check NIANBAO_BASE_URL and that the server runs")
    status = getattr(error, "status_code", None)
    advice = {
        401: "the key was refused; check NIANBAO_API_KEY",
        403: "the key may not use this; check NIANBAO_API_KEY and the account",
        404: f"no such model or address; check NIANBAO_MODEL ({settings.model}) and NIANBAO_BASE_URL",
        429: "still too many requests after every attempt; lower --max-in-flight or set a rate limit",
    }.get(status or 0, "try again later")
    kind = RefusedError if status in _OF_THE_QUESTION else EndpointError
    return kind(f"{host}: {f'status {status}' if status else 'no usable response'}; {advice}")
