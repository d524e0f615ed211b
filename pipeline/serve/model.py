"""The server's one client of the model, for all requests, with their limits and their budget in common."""

import asyncio
from typing import TYPE_CHECKING, Any

from anyio import fail_after

from ..errors import BudgetError, EndpointError
from ..many.questions import heard_of

if TYPE_CHECKING:
    from ..llm.client import Client
    from ..llm.reply import Reply
    from ..many.questions import Heard, Question

_AGAIN_S = 30
"""An endpoint that could not be used is asked again after so long."""


class Model:
    """Asks the questions of the workers. It lives in the event loop of its client."""

    def __init__(self, client: "Client", timeout_s: float) -> None:
        self._client = client
        self._timeout_s = timeout_s

    @property
    def heard(self) -> "Heard":
        """What a worker is told of the models before any was asked."""
        found = heard_of(self._client)
        assert found is not None
        return found

    @property
    def max_in_flight(self) -> int:
        return self._client.settings.max_in_flight

    async def ask(self, question: "Question") -> "Reply[Any] | EndpointError":
        """A question → the reply, or the error that stands for it; a worker is told either."""
        try:
            with fail_after(self._timeout_s):
                client = self._client.chain[question.number]
                return await client.ask(question.messages, question.answer)
        except TimeoutError:
            return EndpointError(f"the model gave no answer within {self._timeout_s:g} s; try again")
        except EndpointError as error:
            if not isinstance(error, BudgetError):
                asyncio.get_running_loop().call_later(_AGAIN_S, self._forgive)
            return error

    def _forgive(self) -> None:
        """A client gives an endpoint up for good; a server runs on, and asks again."""
        for client in self._client.chain:
            if not isinstance(client.unusable, BudgetError):
                client.unusable = None
