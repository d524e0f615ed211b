"""Reading without sending: what would be asked is written down, and the report waits for its answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx2
import openai
from pydantic import BaseModel

from ...errors import EndpointError, InputError, SettingsError
from ...extract import Engine
from ...llm.answer import M
from ...llm.client import Client
from ...llm.providers import Message
from ...llm.question import once_more
from ...llm.reply import Reply
from ...llm.settings import Mode
from ..bulk import Plan, read_on
from ..ledger import Ledger
from ..pool import Pool
from ..runner import LocalRunner, PendingError
from ..sources import Given
from ..texts import Texts
from ..work import Outcome, ask, wants_model
from .state import Question, State
from .told import Told

Take = Callable[[Question, str], None]
"""Takes a question that is to be sent, and the body of its request."""

_ECHO = "asked"


class _Echo(httpx2.AsyncBaseTransport):
    """Answers every request with the request, so that its body is known and nothing is sent."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        message = {"role": "assistant", "content": '{"rows":{}}'}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        told = {"id": "", "object": "chat.completion", "created": 0, "model": "", "choices": [choice]}
        return httpx2.Response(200, json={**told, _ECHO: (await request.aread()).decode()})


def nowhere() -> openai.AsyncOpenAI:
    """A connection that sends nothing."""
    client = httpx2.AsyncClient(transport=_Echo())
    return openai.AsyncOpenAI(api_key="none", base_url="http://nowhere/v1", http_client=client, max_retries=0)


@dataclass(kw_only=True)
class Deferred(Client):
    """A client for one report that sends nothing: a question without an answer is taken down.

    is_waiting: whether there was one, so that what was read of the report does not count yet.
    """

    state: State
    take: Take
    is_waiting: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        self.by_answer = True
        for option in self.state.without:
            self._options.do_without(option)

    async def _ask(self, messages: Sequence[Message], answer: type[M]) -> Reply[M]:
        try:
            return await self._asked(messages, answer)
        except InputError as error:  # of the folder; as it is, it would be taken for one of the report
            raise SettingsError(str(error)) from error

    async def _asked(self, messages: Sequence[Message], answer: type[M]) -> Reply[M]:
        key = self.key(messages, answer)
        asked = self.state.find(key) or Question(key, answer.__name__, 0, "again")
        if asked.state == "failed":
            return Reply(None, "", False, tuple(map(self.usage, asked.usages)), asked.failure)
        self.is_waiting = True
        if asked.state != "sent":
            # An answer that was there may have been cleared from the cache since.
            asked = Question(key, answer.__name__, 0, "again") if asked.state == "answered" else asked
            again = once_more(messages, asked.raw, answer) if asked.usages else messages
            self.take(asked, await self._body(again, answer))
        raise EndpointError("the answer comes with a batch")

    async def _body(self, messages: Sequence[Message], answer: type[BaseModel]) -> str:
        """The body of the request that would be sent."""
        mode = batch_mode(self.settings.mode)
        completion = await self._sending.send(messages, answer, mode, self._options.in_mode(mode))
        told: dict[str, Any] = completion.model_extra or {}
        return str(told[_ECHO])


def batch_mode(mode: Mode) -> Mode:
    """How structured answers are asked for where it cannot be tried out."""
    return "json_schema" if mode == "auto" else mode


class DeferringRunner:
    """Reads reports whose answers are all there; a shard with others is left. client: makes one, for a report."""

    spent = None

    def __init__(self, pool: Pool, engine: Engine, client: Callable[[], Deferred], deadline_s: float) -> None:
        self._rules = LocalRunner(pool, engine, None, deadline_s)
        self._pool, self._engine, self._client, self._deadline_s = pool, engine, client, deadline_s
        self.is_stopped = False

    @property
    def room(self) -> int:
        return self._rules.room

    async def read(self, reports: Sequence[Given]) -> list[Outcome]:
        """Reports → their outcomes, in order. Raises PendingError where one waits, when all of them were looked at."""
        found: list[Outcome] = []
        is_waiting = False
        for given, outcome in zip(reports, await self._rules.read(reports), strict=True):
            if not wants_model(outcome, self._engine):
                found.append(outcome)
                continue
            client = self._client()
            found.append(await ask(given, self._engine, client, self._pool, self._deadline_s))
            is_waiting = is_waiting or client.is_waiting
        if is_waiting:
            raise PendingError
        return found

    def stop(self) -> None:
        self.is_stopped = True
        self._rules.stop()


async def read_deferred(
    plan: Plan, ledger: Ledger, texts: Texts, client: Client, state: State, take: Take, formats: Sequence[str]
) -> Told:
    """Read on from the answers that are kept; take: what is done with a question without one."""
    runners: list[DeferringRunner] = []

    def runner(pool: Pool) -> DeferringRunner:
        runners.append(DeferringRunner(pool, plan.engine, _deferred(client, connection, state, take), plan.deadline_s))
        return runners[0]

    async with nowhere() as connection:
        summary = await read_on(plan, ledger, texts, runner, formats)
    return Told(summary, is_stopped=summary is None and any(runner.is_stopped for runner in runners))


def _deferred(client: Client, connection: Any, state: State, take: Take) -> Callable[[], Deferred]:
    shared: dict[Any, Any] = {}
    return partial(Deferred, client.settings, client.cache, connection, state=state, take=take, _askers=shared)
