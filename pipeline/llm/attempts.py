"""Work at an endpoint that is tried again while it is busy or failing."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt
from tenacity.wait import wait_random_exponential

from .failures import host_of, is_passing, named_wait, reason
from .settings import Settings
from .trouble import Trouble

T = TypeVar("T")


async def tried(
    work: Callable[[], Awaitable[T]],
    settings: Settings,
    trouble: Trouble,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    may_pass: Callable[[BaseException], bool] = is_passing,
) -> T:
    """What the work gives: tried again, later each time and with jitter. trouble: says how it stands, where it takes long."""
    host = host_of(settings)

    def asking(_: RetryCallState) -> None:
        trouble.asking(f"{host}: no answer yet; a request waits up to {settings.timeout_s:g} s for one")

    def failed(state: RetryCallState) -> None:
        why = reason(state.outcome.exception() if state.outcome else None, settings)
        tried = f"attempt {state.attempt_number} of {settings.max_attempts} failed"
        trouble.failed(f"{why}; {tried}, the next one is in {state.upcoming_sleep:.0f} s")

    try:
        return await AsyncRetrying(
            retry=retry_if_exception(may_pass),
            stop=stop_after_attempt(settings.max_attempts),
            wait=partial(_wait, settings),
            sleep=sleep,
            before=asking,
            before_sleep=failed,
            reraise=True,
        )(work)
    finally:
        trouble.over()


def _wait(settings: Settings, state: RetryCallState) -> float:
    """Seconds until the next attempt: what the endpoint says, else longer each time, with jitter."""
    error = state.outcome.exception() if state.outcome else None
    told = named_wait(error)
    jittered = wait_random_exponential(multiplier=min(1.0, settings.max_wait_s), max=settings.max_wait_s)(state)
    return jittered if told is None else told + min(jittered, 1.0)
