"""A model asked for work that is done in another process, which can be ended.

Where the flow asks the model and its answer is not at hand, the question goes back to the process that has the client; then the
flow runs again with the answers so far. So a worker holds no connection, and is never waited for.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeVar, cast

from pydantic import BaseModel

from ..errors import EndpointError
from .pool import Pool

if TYPE_CHECKING:
    from ..llm.client import Client
    from ..llm.reply import Reply

A = TypeVar("A")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Question:
    """What `Client.ask` takes, and which of the models is asked: its place among them."""

    messages: Sequence[dict[str, str]]
    answer: type[BaseModel]
    number: int = 0


@dataclass(frozen=True, slots=True)
class Heard:
    """Models by their names, and what they said so far, in turn. by_answer: as their client has it."""

    models: tuple[str, ...]
    by_answer: bool = False
    replies: "tuple[Reply[Any] | EndpointError, ...]" = ()

    def after(self, reply: "Reply[Any] | EndpointError") -> "Heard":
        """The same with one reply more."""
        return replace(self, replies=(*self.replies, reply))


Work = Callable[[tuple[A, "Heard | None"]], "T | Question"]
"""A function of a worker: what is given, and what was heard so far → what comes of it, or what must be asked first."""

Ask = Callable[[Question], Coroutine[Any, Any, "Reply[Any] | EndpointError"]]


async def do_asking(
    pool: Pool,
    work: "Work[A, T]",
    given: A,
    heard: Heard | None,
    ask: Ask,
    limit_s: float | None,
) -> T:
    """Do in a worker what may ask a model; limit_s: for the work, each time that it runs.

    Raises DiedError or OverdueError where the worker is ended, and what the work or `ask` raises.
    """
    while True:
        found = await pool.do(work, (given, heard), limit_s)
        if not isinstance(found, Question):
            return found
        assert heard is not None
        heard = heard.after(await ask(found))


def heard_of(client: "Client | None") -> Heard | None:
    """What is heard of a client's model before it is asked; None where there is no client."""
    return Heard(tuple(one.settings.model or "" for one in client.chain), client.by_answer) if client else None


def asks(client: "Client | None") -> Ask:
    """How questions are put to a client; an endpoint that cannot be used is the reply to what was asked."""

    async def ask(question: Question) -> "Reply[Any] | EndpointError":
        assert client is not None
        try:
            return await client.chain[question.number].ask(question.messages, question.answer)
        except EndpointError as error:
            return error

    return ask


# --- In a worker -----------------------------------------------------------------------------------------------------


class Asker:
    """Stands for a client in a worker: gives the replies that were heard, in their order. unusable: the error among them."""

    def __init__(
        self, heard: Heard, number: int = 0, replies: "Iterator[Reply[Any] | EndpointError] | None" = None
    ) -> None:
        self.settings = SimpleNamespace(model=heard.models[number])
        self.by_answer = heard.by_answer
        self.unusable: EndpointError | None = None
        self._number, self._replies = number, iter(heard.replies) if replies is None else replies
        others = range(1, len(heard.models)) if number == 0 else ()
        self.chain = (self, *(Asker(heard, n, self._replies) for n in others))

    async def ask(self, messages: Sequence[dict[str, str]], answer: type[BaseModel]) -> "Reply[Any]":
        reply = next(self._replies, None)
        if reply is None:
            raise _UnansweredError(Question(messages, answer, self._number))
        if isinstance(reply, EndpointError):
            self.unusable = reply
            raise reply
        return reply


def until_asked(flow: "Callable[[Client | None], Coroutine[Any, Any, T]]", heard: Heard | None) -> T | Question:
    """Run a flow that may ask a model: what it comes to, or the question that must be asked first."""
    asker = Asker(heard) if heard else None
    try:
        return asyncio.run(flow(cast("Client | None", asker)))
    except _UnansweredError as error:
        return error.question


class _UnansweredError(Exception):
    """A question that must be asked first."""

    def __init__(self, question: Question) -> None:
        super().__init__()
        self.question = question
