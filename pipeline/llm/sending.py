"""One request to an endpoint, through instructor, in the log and in a span."""

import logging
from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Any, cast

import instructor
import openai
from instructor.core.hooks import Hooks
from openai.types.chat import ChatCompletion
from pydantic import BaseModel

from .answer import LONGEST_ANSWER, Tokens, raw_of, tokens_of
from .calls import Call, CallLog, now, report_asked_about, request_of
from .failures import host_of, own_errors, reason
from .prices import price
from .providers import PROVIDERS, STRICT, Message, held_to_schema
from .settings import Mode, Settings
from .spans import span_of

LOG = logging.getLogger(__name__)

logging.getLogger("instructor").addHandler(
    logging.NullHandler()
)  # it logs answers; what is wrong with one is said by us


class Sending:
    """Sends requests over a connection. askers: instructor in each mode, which may be shared."""

    def __init__(
        self, settings: Settings, connection: Any, log: CallLog | None, askers: dict[Mode, instructor.AsyncInstructor]
    ) -> None:
        self._settings, self._provider = settings, PROVIDERS[settings.protocol]
        self._connection, self._log, self._askers = connection, log, askers

    async def ask(
        self, messages: Sequence[Message], answer: type[BaseModel], mode: Mode, options: Mapping[str, Any]
    ) -> ChatCompletion:
        """One request, in the log and in a span."""
        settings, report, time, start = self._settings, report_asked_about(), now(), perf_counter()
        raw, failure, tokens = "", "", Tokens()
        try:
            with span_of(settings, mode, report) as attributes:
                completion = await self.send(messages, answer, mode, options)
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
            if self._log is not None:
                cost = price(settings, tokens)
                told = (request_of(list(messages), options), raw[:LONGEST_ANSWER], failure, *tokens)
                self._log.add(
                    Call(
                        time, settings.model or "", host_of(settings), report, mode, *told,
                        None if cost is None else str(cost), round(seconds, 3),
                    )
                )  # fmt: skip

    async def send(
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
                    model=self._settings.name,
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
            self._askers[mode] = self._provider.asker(self._connection, mode)
        return self._askers[mode]
