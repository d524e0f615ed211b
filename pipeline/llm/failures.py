"""What can go wrong with a request: what passes, how long to wait, and what to say of the rest."""

import email.utils
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import openai

from ..errors import EndpointError, RefusedError, TooLongError
from .refusals import is_no_model, is_too_long, words_of
from .settings import Settings
from .transport import ResponseError

LONGEST_WAIT_S = 600.0
"""An endpoint that names a longer time is not waited for."""
_AGAIN = frozenset((408, 409, 429))
_OF_THE_QUESTION = frozenset((400, 413, 422))


def is_passing(error: BaseException) -> bool:
    """Whether a request that failed so may succeed when it is sent again, within a time that can be waited for."""
    if isinstance(error, openai.APIStatusError):
        is_busy = error.status_code in _AGAIN or (error.status_code >= 500 and error.status_code != 501)
        return is_busy and (named_wait(error) or 0) <= LONGEST_WAIT_S
    return isinstance(error, openai.APIError)


def api_error(error: BaseException) -> openai.APIError | None:
    """The endpoint's own error inside an error of a library's."""
    attempts = getattr(error, "failed_attempts", None) or []
    found = [getattr(a, "exception", None) for a in attempts] + list(error.args)
    seen: BaseException | None = error
    while seen is not None and len(found) < 20:
        found.append(seen)
        seen = seen.__cause__ or seen.__context__
    return next((e for e in found if isinstance(e, openai.APIError)), None)


@contextmanager
def own_errors() -> Iterator[None]:
    """Within, an endpoint's error is raised as it is, whatever a library has wrapped it in."""
    try:
        yield
    except openai.APIError:
        raise
    except Exception as error:
        if (nested := api_error(error)) is not None:
            raise nested from nested.__cause__
        raise


def named_wait(error: BaseException | None) -> float | None:
    """For how many seconds an endpoint that refused a request asks not to be asked; None where it names no time."""
    return retry_after(error.response.headers.get("retry-after")) if isinstance(error, openai.APIStatusError) else None


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
    except (TypeError, ValueError, OverflowError):
        return None


def host_of(settings: Settings) -> str:
    return urlsplit(settings.address).netloc


def unusable(error: openai.APIError, settings: Settings) -> EndpointError:
    """What the endpoint said, in its own words, and what to do; never the key."""
    kind = EndpointError
    if isinstance(error, openai.APIStatusError):
        is_of_question = error.status_code in _OF_THE_QUESTION and not is_no_model(error)
        kind = TooLongError if is_too_long(error) else RefusedError if is_of_question else EndpointError
    return kind(f"{reason(error, settings)}; {_advice(error, settings)}")


def reason(error: BaseException | None, settings: Settings) -> str:
    """Which endpoint failed, and how: "localhost:8000: cannot be reached"; with its own words, where it has any."""
    host = host_of(settings)
    if isinstance(error, openai.APIStatusError):
        words = words_of(error, settings)
        return f"{host}: status {error.status_code}, “{words}”" if words else f"{host}: status {error.status_code}"
    if isinstance(error, openai.APIError) and isinstance(error.__cause__, ResponseError):
        return f"{host}: {error.__cause__}"
    if isinstance(error, openai.APITimeoutError):
        return f"{host}: no answer within {settings.timeout_s:g} s"
    if isinstance(error, openai.APIConnectionError):
        return f"{host}: cannot be reached"
    return f"{host}: no usable response"


def _advice(error: openai.APIError, settings: Settings) -> str:
    wait = named_wait(error)
    if wait is not None and wait > LONGEST_WAIT_S:
        return f"it asks to wait {wait:,.0f} s, above the {LONGEST_WAIT_S:g} s that are waited; try again then"
    if isinstance(error, openai.APIStatusError) and 300 <= error.status_code < 400:
        return "it sends elsewhere, where nothing is sent; set NIANBAO_BASE_URL to the address that is meant"
    if isinstance(error, openai.APITimeoutError):
        return "try again, or raise the timeout"
    if isinstance(error, openai.APIConnectionError) and not isinstance(error.__cause__, ResponseError):
        return "check NIANBAO_BASE_URL and that the server runs"
    if isinstance(error, openai.APIStatusError) and is_too_long(error):
        return "the question is longer than this model takes: give it more context, or take another model"
    status = getattr(error, "status_code", 0)
    if isinstance(error, openai.APIStatusError) and is_no_model(error):
        status = 404
    advice = {
        401: "the key was refused; check NIANBAO_API_KEY",
        403: "the key may not use this; check NIANBAO_API_KEY and the account",
        404: f"no such model or address; check NIANBAO_MODEL ({settings.model}) and NIANBAO_BASE_URL",
        429: "still too many requests after every attempt; lower --max-in-flight or set a rate limit",
    }
    return advice.get(status, "try again later")
