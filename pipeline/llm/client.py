"""The model's endpoint, through instructor, with limits, retries, a budget and a cache.

A `Client` lives in one event loop; its limits hold for everything that is asked through it.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, fields
from decimal import Decimal
from functools import cache, partial
from time import perf_counter
from typing import Any, Generic, TypeVar, cast

import instructor
import openai
from aiolimiter import AsyncLimiter
from instructor.core.hooks import Hooks
from openai.types.chat import ChatCompletion
from pydantic import BaseModel
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt
from tenacity.wait import wait_random_exponential

from ..errors import BudgetError, EndpointError, RefusedError, TooLongError
from .answer import LONGEST_ANSWER, M, Tokens, complaint, parse, raw_of, tokens_of
from .cache import Cache, Entry, key_of, open_cache, read_entry
from .calls import Call, CallLog, now, report_asked_about, request_of
from .failures import host_of, is_passing, named_wait, own_errors, reason, unusable
from .prices import price
from .providers import PROVIDERS, STRICT, Message, Provider, held_to_schema
from .refusals import LIMITS, demanded_options, is_no_model, is_too_long, refused_options, words_of
from .settings import Mode, Settings
from .spans import span_of
from .trouble import PATIENCE_S, Trouble

LOG = logging.getLogger(__name__)

T = TypeVar("T")

logging.getLogger("instructor").addHandler(
    logging.NullHandler()
)  # it logs answers; what is wrong with one is said by us

_REFUSED = frozenset((400, 404, 415, 422, 500, 501))
"""Statuses with which a way to ask for structured answers is refused; 500 by servers that fail on a schema they do not know."""
MORE_TOKENS = 4
"""A model whose tokens ended while it thought is given so many times as many."""
REFUSALS_IN_A_ROW = 10
"""So many refused, with no answer among them, are refused by the endpoint for good, and not one question for itself."""
_SHAPING = {"temperature", "max_output_tokens", "reasoning_effort", "extra_body"}
"""Settings that shape an answer."""
CHARACTERS_A_TOKEN = 1.5
"""About how many characters of Chinese make a token, for the estimate before a request."""
TOKENS_AN_ANSWER = 300


@dataclass(frozen=True, slots=True)
class Usage:
    """Of one request: its tokens, and US dollars; cost is None where no price is known."""

    tokens: Tokens
    cost: Decimal | None


@dataclass(frozen=True, slots=True)
class Reply(Generic[M]):
    """What came of a question. answer: None where it failed; failure says why.

    usages: one for each request that was paid for it; kept: those of a cached answer, when it was asked.
    """

    answer: M | None
    raw: str
    is_cached: bool
    usages: tuple[Usage, ...] = ()
    failure: str = ""
    requests: int = 0
    """Requests sent, those that failed too."""
    kept: tuple[Usage, ...] = ()


@dataclass(slots=True)
class Spent:
    """What a client has spent so far."""

    requests: int = 0
    cached: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_input_tokens: int = 0
    cost: Decimal = Decimal(0)
    unpriced: int = 0
    """Requests for which no price is known."""

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


@dataclass
class Client:
    """Asks a model. Made by `open_client`."""

    settings: Settings
    cache: Cache | None
    connection: Any
    """To the endpoint, by the package of its provider."""
    log: CallLog | None = None
    spent: Spent = field(default_factory=Spent)
    others: Spent = field(default_factory=Spent)
    """What other clients have spent of the same budget, as far as is known."""
    unusable: EndpointError | None = None
    """Why the endpoint cannot be used, once that is known; nothing more is asked then."""
    mode: Mode | None = None
    """How structured answers are asked for, once that is known."""
    patience_s: float = PATIENCE_S
    """An endpoint that does not answer for so long is said, with what is being tried."""
    chain: "tuple[Client, ...]" = field(default=(), repr=False, compare=False)
    """The clients of all models, in the order in which they are asked; this one alone, if nothing else is said."""
    by_answer: bool = False
    """Whether an extraction tells what its answers took whoever asked them, now or earlier; else what was paid for it now."""
    _refused_in_a_row: int | None = None
    """Questions refused since the last answer; None before the first answer."""
    _flights: dict[str, "asyncio.Future[Reply[Any]]"] = field(default_factory=dict)
    _askers: dict[Mode, instructor.AsyncInstructor] = field(default_factory=dict)
    _options: dict[str, Any] = field(init=False)
    _room: asyncio.Semaphore = field(init=False)
    """Held by a question until its answer is kept, so that no more can be lost at once; left while it waits to be sent again."""
    _trouble: Trouble = field(init=False)
    _requests: AsyncLimiter | None = field(init=False)
    _tokens: AsyncLimiter | None = field(init=False)

    def __post_init__(self) -> None:
        self.chain = self.chain or (self,)
        asked = self.settings
        options = {
            "temperature": asked.temperature,
            "max_tokens": asked.max_output_tokens,
            "reasoning_effort": asked.reasoning_effort,
            "extra_body": asked.extra_body,
            STRICT: True if self._provider.strict_modes else None,
        }
        self._options = {name: value for name, value in options.items() if value is not None}
        self._room = asyncio.Semaphore(self.settings.max_in_flight)
        self._trouble = Trouble(self.patience_s)
        self._requests = _limiter(self.settings.requests_per_minute)
        self._tokens = _limiter(self.settings.tokens_per_minute)
        self.mode = None if self.settings.mode == "auto" else self.settings.mode

    @property
    def _provider(self) -> Provider:
        return PROVIDERS[self.settings.protocol]

    @property
    def total(self) -> Spent:
        """What was spent by the clients of all models."""
        return sum((one.spent for one in self.chain), Spent())

    async def ask(self, messages: Sequence[Message], answer: type[M]) -> Reply[M]:
        """Messages → the answer, from the cache where it is there; the same question at once is asked once.

        A failure that concerns this question alone is in the reply. Raises EndpointError where the endpoint cannot be
        used, BudgetError where nothing more may be spent.
        """
        key = self.key(messages, answer)
        if (cached := self._kept(key, answer)) is not None:
            self.spent.cached += 1
            return cached
        flight = self._flights.get(key)
        if flight is not None:
            reply = await asyncio.shield(flight)
            return Reply(reply.answer, reply.raw, True, kept=reply.usages, failure=reply.failure)
        flight = self._flights[key] = asyncio.get_running_loop().create_future()
        try:
            async with self._room:
                if self.unusable is not None:
                    raise type(self.unusable)(str(self.unusable))
                reply = await self._ask(messages, answer)
                if reply.answer is not None and self.cache is not None:
                    await asyncio.to_thread(self.cache.set, key, entry(reply.raw, reply.usages).text())
            flight.set_result(reply)
            return reply
        except BaseException as error:
            if isinstance(error, EndpointError):
                self.unusable = self.unusable or error
            flight.set_exception(error if isinstance(error, Exception) else EndpointError("interrupted"))
            flight.exception()
            raise
        finally:
            del self._flights[key]

    def key(self, messages: Sequence[Message], answer: type[BaseModel]) -> str:
        """The key under which an answer is kept."""
        return question_key(self.settings, messages, answer)

    def _kept(self, key: str, answer: type[M]) -> Reply[M] | None:
        kept = read_entry(self.cache.get(key)) if self.cache else None
        parsed = parse(kept.raw, answer) if kept else None
        if kept is None or parsed is None:
            return None
        return Reply(parsed, kept.raw, True, kept=tuple(self.usage(Tokens(*each)) for each in kept.usages))

    def usage(self, tokens: Tokens) -> Usage:
        return Usage(tokens, price(self.settings, tokens))

    async def _ask(self, messages: Sequence[Message], answer: type[M]) -> Reply[M]:
        """One question, and once more where the answer is malformed."""
        usages: list[Usage] = []
        sent: list[Mode] = []
        asked, raw, failure, times = list(messages), "", "", 1
        for _ in range(2):
            try:
                completion = await self._complete(asked, answer, sent, times)
            except EndpointError as error:
                error.requests = len(sent)
                is_of_one = isinstance(error, TooLongError) or (
                    isinstance(error, RefusedError) and self._concerns_one_question()
                )
                if is_of_one:
                    return Reply(None, "", False, tuple(usages), failure=str(error), requests=len(sent))
                raise
            self._refused_in_a_row = 0
            usages.append(self._paid(completion))
            raw, failure = raw_of(completion)
            parsed = None if failure else parse(raw, answer)
            if parsed is not None:
                self._keep_limit(times)
                return Reply(parsed, raw, False, tuple(usages), requests=len(sent))
            if failure == CUT_OFF and _is_of_thoughts(raw):
                times = MORE_TOKENS
            elif failure in FINAL:
                break
            else:
                failure = failure or MALFORMED
                asked = once_more(messages, raw, answer)
        return Reply(None, raw[:LONGEST_ANSWER], False, tuple(usages), failure, len(sent))

    def _keep_limit(self, times: int) -> None:
        """Let later answers have as many tokens as one needed."""
        for limit in LIMITS:
            if times > 1 and limit in self._options:
                self._options[limit] = times * self.settings.max_output_tokens

    def _concerns_one_question(self) -> bool:
        """Whether a refusal is of the question, as others are answered: after many in a row it is of the endpoint."""
        if self._refused_in_a_row is None:
            return False
        self._refused_in_a_row += 1
        return self._refused_in_a_row < REFUSALS_IN_A_ROW

    async def _complete(
        self, messages: Sequence[Message], answer: type[BaseModel], sent: list[Mode], times: int = 1
    ) -> ChatCompletion:
        """One request in the mode that the endpoint takes; the first mode that it does not refuse is kept.

        sent: takes the mode of every request that is sent. times: what the limit of the answer is multiplied by.
        """
        refused: list[tuple[Mode, openai.APIStatusError]] = []
        modes = [self.mode] if self.mode else list(self._provider.modes)
        has_limit = True
        while modes:
            options = self._options_in(modes[0], times if has_limit else 0)
            try:
                completion = await self._attempt(messages, answer, modes[0], options, sent)
            except openai.APIStatusError as error:
                if is_too_long(error):
                    if not has_limit or error.status_code == 413:
                        raise unusable(error, self.settings) from error
                    has_limit = False  # the model's own is what is left beside the question
                elif self._gives_in(error, options):
                    continue
                elif error.status_code not in _REFUSED or modes[0] == self.mode or is_no_model(error):
                    raise unusable(error, self.settings) from error
                else:
                    refused.append((modes.pop(0), error))
                    modes = [self.mode] if self.mode else modes  # which another question may have found out meanwhile
                continue
            except openai.APIError as error:
                raise unusable(error, self.settings) from error
            if self.mode is None:
                LOG.info("%s: structured answers are asked for by %s", host_of(self.settings), modes[0])
            self.mode = modes[0]
            return completion
        if all(error.status_code == 500 for _, error in refused):
            raise unusable(refused[-1][1], self.settings)
        said = ", ".join(f"{mode}: {_said(error, self.settings)}" for mode, error in refused)
        raise EndpointError(f"{host_of(self.settings)}: refuses every way to ask for structured answers ({said})")

    def _options_in(self, mode: Mode, times: int = 1) -> dict[str, Any]:
        """The options of a request in a mode. times: what the limit of the answer is multiplied by; 0: without one."""
        left_out = (*(LIMITS if times == 0 else ()), *(() if mode in self._provider.strict_modes else (STRICT,)))
        return {
            name: value * times if name in LIMITS else value
            for name, value in self._options.items()
            if name not in left_out
        }

    def _gives_in(self, error: openai.APIStatusError, options: Mapping[str, Any]) -> bool:
        """Whether a request that was refused for some of its options can be sent with others.

        Reasoning models take no temperature, and name the limit of an answer otherwise; some servers want to be told more.
        """
        named = refused_options(error, options)
        wanted = demanded_options(error)
        extra = dict(options.get("extra_body") or {})
        if wanted and not wanted.items() <= extra.items():
            self._options["extra_body"] = extra | wanted
            return True
        for option in named:
            self.do_without(option)
        return bool(named)

    def do_without(self, option: str) -> None:
        """Send no more requests with an option that the endpoint refuses."""
        LOG.info("%s: %s is refused, and not sent any more", host_of(self.settings), option)
        if option in (extra := self._options.get("extra_body") or {}):
            self._options["extra_body"] = {name: value for name, value in extra.items() if name != option}
            return
        limit = self._options.pop(option, None)
        if option == "max_tokens" and limit is not None:
            self._options["max_completion_tokens"] = limit

    async def _attempt(
        self,
        messages: Sequence[Message],
        answer: type[BaseModel],
        mode: Mode,
        options: Mapping[str, Any],
        sent: list[Mode],
    ) -> ChatCompletion:
        """One request, tried again with jitter while the endpoint is busy or failing."""
        estimate = sum(len(m["content"]) for m in messages) / CHARACTERS_A_TOKEN + TOKENS_AN_ANSWER

        async def attempt() -> ChatCompletion:
            self._check_budget()
            if self._requests:
                await self._requests.acquire()
            if self._tokens:
                await self._tokens.acquire(min(estimate, self._tokens.max_rate))
            self.spent.requests += 1
            sent.append(mode)
            return await self._logged(messages, answer, mode, options)

        failed: list[BaseException] = []

        def may_pass(error: BaseException) -> bool:
            """Whether it is tried again in this way: of one that may not be taken at all, a failure may be all there is."""
            if isinstance(error, openai.APIStatusError) and error.status_code == 500 and mode != self.mode:
                failed.append(error)
            return is_passing(error) and len(failed) < 2

        return await self.tried(attempt, self._sleep, may_pass)

    async def tried(
        self,
        work: Callable[[], Awaitable[T]],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        may_pass: Callable[[BaseException], bool] = is_passing,
    ) -> T:
        """What some work at the endpoint gives: tried again, later each time and with jitter, while it is busy or failing."""
        settings, host = self.settings, host_of(self.settings)

        def asking(_: RetryCallState) -> None:
            self._trouble.asking(f"{host}: no answer yet; a request waits up to {settings.timeout_s:g} s for one")

        def failed(state: RetryCallState) -> None:
            why = reason(state.outcome.exception() if state.outcome else None, settings)
            tried = f"attempt {state.attempt_number} of {settings.max_attempts} failed"
            self._trouble.failed(f"{why}; {tried}, the next one is in {state.upcoming_sleep:.0f} s")

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
            self._trouble.over()

    async def _logged(
        self, messages: Sequence[Message], answer: type[BaseModel], mode: Mode, options: Mapping[str, Any]
    ) -> ChatCompletion:
        """One request, in the log and in a span."""
        settings, report, time, start = self.settings, report_asked_about(), now(), perf_counter()
        raw, failure, tokens = "", "", Tokens()
        try:
            with span_of(settings, mode, report) as attributes:
                completion = await self._send(messages, answer, mode, options)
                (raw, failure), tokens = raw_of(completion), tokens_of(completion)
                attributes["gen_ai.usage.input_tokens"], attributes["gen_ai.usage.output_tokens"] = tokens[:2]
                attributes["gen_ai.usage.cache_read.input_tokens"] = tokens.cached
                attributes["gen_ai.response.finish_reasons"] = [choice.finish_reason for choice in completion.choices]
            return completion
        except openai.APIError as error:
            failure = reason(error, settings)
            raise
        finally:
            seconds = perf_counter() - start
            cached = f", {tokens.cached} cached" if tokens.cached else ""
            LOG.info(
                "%s: %s asked about %s by %s in %.2f s, %s tokens in, %s out%s: %s",
                host_of(settings), settings.model, report or "-", mode, seconds, tokens.input, tokens.output, cached,
                failure or "answered",
            )  # fmt: skip
            if self.log is not None:
                cost = price(settings, tokens)
                told = (request_of(list(messages), options), raw[:LONGEST_ANSWER], failure, *tokens)
                self.log.add(
                    Call(
                        time, settings.model or "", host_of(settings), report, mode, *told,
                        None if cost is None else str(cost), round(seconds, 3),
                    )
                )  # fmt: skip

    async def _sleep(self, seconds: float) -> None:
        """Wait before the next attempt, with the room left to others."""
        self._room.release()
        try:
            await asyncio.sleep(seconds)
        finally:
            await self._room.acquire()

    async def _send(
        self, messages: Sequence[Message], answer: type[BaseModel], mode: Mode, options: Mapping[str, Any]
    ) -> ChatCompletion:
        """One request through instructor: it knows the ways to ask for a pydantic model, and its hook gives what came back.

        What of it is not used, and why: its parsing, as it finds no answer after `<think>`, and in JSON_SCHEMA mode none in a fence; its
        retries, as they say nothing of a request that was paid for, and an answer that was cut off is never asked for again; its
        cache, as it misses across processes and keys on the API key; `context=`, as any makes a Jinja template of every
        message, and a report's `{{` would be run. Its errors hide the endpoint's own, which `api_error` finds in them.
        """
        seen: list[Any] = [None]
        hooks = Hooks()
        hooks.on("completion:response", seen.append)
        if STRICT in options:
            hooks.on("completion:kwargs", held_to_schema)
        try:
            with own_errors():
                await self._asker(mode).chat.completions.create(
                    model=self.settings.name,
                    response_model=answer,
                    max_retries=0,
                    strict=False,
                    hooks=hooks,
                    **self._provider.arguments(messages, options),
                )
        except openai.APIError:
            raise
        except Exception as error:  # the border of instructor: whatever it thinks of the text, we parse it ourselves
            LOG.debug("instructor: %s", type(error).__name__)
        completion = self._provider.completion(seen[-1])
        if completion is None:
            raise openai.APIError("no chat completion in the response", request=cast(Any, None), body=None)
        return completion

    def _asker(self, mode: Mode) -> instructor.AsyncInstructor:
        """instructor in a mode, made once: it takes longer to make than a question to ask."""
        if mode not in self._askers:
            self._askers[mode] = self._provider.asker(self.connection, mode)
        return self._askers[mode]

    def _check_budget(self) -> None:
        limits, spent = self.settings, self.total + self.others
        tokens = spent.input_tokens + spent.output_tokens
        if limits.max_tokens is not None and tokens >= limits.max_tokens:
            raise BudgetError(f"--max-tokens {limits.max_tokens:,} reached: {tokens:,} spent; what was read is kept")
        if limits.max_cost is not None and spent.cost >= limits.max_cost:
            raise BudgetError(
                f"--max-cost {limits.max_cost} reached: {spent.cost:.4f} US dollars spent; what was read is kept"
            )
        if limits.max_cost is not None and spent.unpriced:
            raise BudgetError(
                f"--max-cost: no price is known for model {limits.model}; set --input-price and --output-price"
            )

    def _paid(self, completion: ChatCompletion) -> Usage:
        """What a request cost, added to what was spent."""
        usage = self.usage(tokens_of(completion))
        self.spent.input_tokens += usage.tokens.input
        self.spent.output_tokens += usage.tokens.output
        self.spent.cached_input_tokens += usage.tokens.cached
        self.spent.cost += usage.cost or 0
        self.spent.unpriced += usage.cost is None
        return usage


def question_key(settings: Settings, messages: Sequence[Message], answer: type[BaseModel]) -> str:
    """The key under which an answer is kept: all that shapes it, and not the endpoint's key."""
    return key_of(
        {
            "endpoint": settings.base_url or settings.protocol,
            "model": settings.model,
            "messages": list(messages),
            "schema": _schema(answer),
            **settings.model_dump(include=_SHAPING, exclude_none=True, mode="json"),
        }
    )


def _wait(settings: Settings, state: RetryCallState) -> float:
    """Seconds until the next attempt: what the endpoint says, else longer each time, with jitter."""
    error = state.outcome.exception() if state.outcome else None
    told = named_wait(error)
    jittered = wait_random_exponential(multiplier=min(1.0, settings.max_wait_s), max=settings.max_wait_s)(state)
    return jittered if told is None else told + min(jittered, 1.0)


AGAIN = "上一个回答不合格式：{why}。请只回答一个 JSON 对象，合于所给的 schema，不要有别的文字。"
"""What is said where an answer is malformed."""
MALFORMED, CUT_OFF = "malformed answer", "cut off"
FINAL = ("content filter", CUT_OFF)
"""After a failure of these the same question is not asked once more."""


def once_more(messages: Sequence[Message], raw: str, answer: type[BaseModel]) -> list[Message]:
    """A question again after an answer that was malformed, and in what."""
    said = AGAIN.replace("{why}", complaint(raw, answer))
    return [*messages, {"role": "assistant", "content": raw[:2000]}, {"role": "user", "content": said}]


def _is_of_thoughts(raw: str) -> bool:
    """Whether an answer that was cut off had not begun yet: there is nothing, or thoughts without an end."""
    text = raw.strip()
    return not text or (text.startswith("<think>") and "</think>" not in text)


def _said(error: openai.APIStatusError, settings: Settings) -> str:
    """400 “no tools here”"""
    words = words_of(error, settings)
    return f"{error.status_code} “{words}”" if words else f"{error.status_code}"


@asynccontextmanager
async def open_client(settings: Settings) -> AsyncIterator[Client]:
    """A client for the running event loop, with the cache of its settings.

    Raises EndpointError where no model is configured, SettingsError where the cache cannot be opened.
    """
    with open_cache(settings) as cache:
        async with connect(settings, cache) as client:
            yield client


@asynccontextmanager
async def connect(settings: Settings, cache: Cache | None) -> AsyncIterator[Client]:
    """A client for the running event loop, with this cache or none; its chain has one for each of the models."""
    async with AsyncExitStack() as stack:
        chain = tuple([await stack.enter_async_context(_connect(one, cache)) for one in settings.models])
        for client in chain:
            client.chain = chain
        yield chain[0]


@asynccontextmanager
async def _connect(settings: Settings, cache: Cache | None) -> AsyncIterator[Client]:
    """A client of one model."""
    if not settings.model:
        raise EndpointError("no model is configured; set NIANBAO_MODEL (and NIANBAO_BASE_URL, NIANBAO_API_KEY)")
    provider = PROVIDERS[settings.protocol]
    if settings.mode != "auto" and settings.mode not in provider.modes:
        ways = ", ".join(provider.modes)
        raise EndpointError(f"model {settings.model}: is not asked by {settings.mode}; set mode to one of: {ways}")
    async with provider.connect(settings) as connection:
        log = CallLog(settings.log) if settings.log else None
        try:
            yield Client(settings, cache, connection, log)
        finally:
            if log is not None:
                await asyncio.to_thread(log.close)


@cache
def _schema(answer: type[BaseModel]) -> dict[str, Any]:
    return answer.model_json_schema()


def entry(raw: str, usages: Sequence[Usage]) -> Entry:
    """What is kept of an answer."""
    return Entry(raw=raw, usages=tuple(usage.tokens for usage in usages))


def _limiter(per_minute: int | None) -> AsyncLimiter | None:
    return AsyncLimiter(per_minute, 60) if per_minute else None
