"""The model's endpoint, through instructor, with limits, retries, a budget and a cache.

A `Client` lives in one event loop; its limits hold for everything that is asked through it.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import instructor
import openai
from aiolimiter import AsyncLimiter
from openai.types.chat import ChatCompletion
from pydantic import BaseModel

from ..errors import EndpointError, RefusedError, TooLongError
from .answer import LONGEST_ANSWER, M, Tokens, parse, raw_of, tokens_of
from .attempts import tried
from .cache import Cache, open_cache, read_entry
from .calls import CallLog
from .failures import host_of, is_passing, unusable
from .options import Options
from .prices import price
from .providers import PROVIDERS, Message
from .question import CUT_OFF, FINAL, MALFORMED, estimate_of, is_of_thoughts, once_more, question_key
from .refusals import is_no_model, is_too_long, words_of
from .reply import Reply, Usage, entry
from .sending import Sending
from .settings import Mode, Settings
from .spent import Spent, check_budget
from .trouble import PATIENCE_S, Trouble

LOG = logging.getLogger(__name__)

T = TypeVar("T")

_REFUSED = frozenset((400, 404, 415, 422, 500, 501))
"""Statuses with which a way to ask for structured answers is refused; 500 by servers that fail on a schema they do not know."""
MORE_TOKENS = 4
"""A model whose tokens ended while it thought is given so many times as many."""
REFUSALS_IN_A_ROW = 10
"""So many refused, with no answer among them, are refused by the endpoint for good, and not one question for itself."""


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
    _options: Options = field(init=False)
    _sending: Sending = field(init=False)
    _room: asyncio.Semaphore = field(init=False)
    """Held by a question until its answer is kept, so that no more can be lost at once; left while it waits to be sent again."""
    _trouble: Trouble = field(init=False)
    _requests: AsyncLimiter | None = field(init=False)
    _tokens: AsyncLimiter | None = field(init=False)

    def __post_init__(self) -> None:
        self.chain = self.chain or (self,)
        self._options = Options(self.settings)
        self._sending = Sending(self.settings, self.connection, self.log, self._askers)
        self._room = asyncio.Semaphore(self.settings.max_in_flight)
        self._trouble = Trouble(self.patience_s)
        self._requests = _limiter(self.settings.requests_per_minute)
        self._tokens = _limiter(self.settings.tokens_per_minute)
        self.mode = None if self.settings.mode == "auto" else self.settings.mode

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
                self._options.keep_limit(times)
                return Reply(parsed, raw, False, tuple(usages), requests=len(sent))
            if failure == CUT_OFF and is_of_thoughts(raw):
                times = MORE_TOKENS
            elif failure in FINAL:
                break
            else:
                failure = failure or MALFORMED
                asked = once_more(messages, raw, answer)
        return Reply(None, raw[:LONGEST_ANSWER], False, tuple(usages), failure, len(sent))

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
        modes = [self.mode] if self.mode else list(PROVIDERS[self.settings.protocol].modes)
        has_limit = True
        while modes:
            options = self._options.in_mode(modes[0], times if has_limit else 0)
            try:
                completion = await self._attempt(messages, answer, modes[0], options, sent)
            except openai.APIStatusError as error:
                if is_too_long(error):
                    if not has_limit or error.status_code == 413:
                        raise unusable(error, self.settings) from error
                    has_limit = False  # the model's own is what is left beside the question
                elif self._options.give_in(error, options):
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

    async def _attempt(
        self,
        messages: Sequence[Message],
        answer: type[BaseModel],
        mode: Mode,
        options: Mapping[str, Any],
        sent: list[Mode],
    ) -> ChatCompletion:
        """One request, tried again with jitter while the endpoint is busy or failing."""
        estimate = estimate_of(messages)

        async def attempt() -> ChatCompletion:
            check_budget(self.settings, self.total + self.others)
            if self._requests:
                await self._requests.acquire()
            if self._tokens:
                await self._tokens.acquire(min(estimate, self._tokens.max_rate))
            self.spent.requests += 1
            sent.append(mode)
            return await self._sending.ask(messages, answer, mode, options)

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
        return await tried(work, self.settings, self._trouble, sleep, may_pass)

    async def _sleep(self, seconds: float) -> None:
        """Wait before the next attempt, with the room left to others."""
        self._room.release()
        try:
            await asyncio.sleep(seconds)
        finally:
            await self._room.acquire()

    def _paid(self, completion: ChatCompletion) -> Usage:
        """What a request cost, added to what was spent."""
        usage = self.usage(tokens_of(completion))
        self.spent.add(usage)
        return usage


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


def _limiter(per_minute: int | None) -> AsyncLimiter | None:
    return AsyncLimiter(per_minute, 60) if per_minute else None
