"""Who serves a model, each in a protocol of its own: OpenAI's, which most speak, Anthropic's and Google's, through instructor.

What a provider tells in its own shape comes out in OpenAI's, so that nothing else here knows of another. The packages of the others are
extras, and imported only where they are used.
"""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, ClassVar, Protocol

import instructor
import openai
from openai.types.chat import ChatCompletion

from ..many.extra import needs
from . import settings as own
from .answer import Tokens, as_list, as_object, as_text, as_tokens, completion_of
from .refusals import LIMITS
from .settings import Mode, Settings
from .transport import NativeTransport, Transport

Message = dict[str, str]
STRICT = "strict"
"""An option that is no argument of a request: it stands beside the schema, where `held_to_schema` writes it."""


class Provider(Protocol):
    """A protocol. modes: the ways to ask for structured answers, in the order in which they are tried; strict_modes: those in which an
    endpoint can be told to hold an answer to its schema, with the option `strict`.
    """

    modes: ClassVar[Mapping[Mode, instructor.Mode]]
    strict_modes: ClassVar[tuple[Mode, ...]]

    def connect(self, settings: Settings) -> AbstractAsyncContextManager[Any]:
        """A connection, which sends nothing yet. Raises SettingsError where the package is missing."""

    def asker(self, connection: Any, mode: Mode) -> instructor.AsyncInstructor: ...

    def arguments(self, messages: Sequence[Message], options: Mapping[str, Any]) -> dict[str, Any]:
        """Messages and options, named as OpenAI has them → the arguments of a request."""

    def completion(self, response: object) -> ChatCompletion | None:
        """What came back; None where it is no answer at all."""

    def listed(self, connection: Any) -> AsyncIterator[str]:
        """The names of the models that the endpoint lists."""


def key_of(settings: Settings) -> str:
    return settings.api_key.get_secret_value() if settings.api_key else "none"


def held_to_schema(*_: Any, **arguments: Any) -> None:
    """A hook of instructor, which does not write `strict` beside a schema of a response format itself."""
    arguments["response_format"]["json_schema"][STRICT] = True


class _OpenAI:
    modes: ClassVar[Mapping[Mode, instructor.Mode]] = {
        "json_schema": instructor.Mode.JSON_SCHEMA,
        "tools": instructor.Mode.TOOLS,
        "md_json": instructor.Mode.MD_JSON,
    }
    strict_modes: ClassVar[tuple[Mode, ...]] = ("json_schema",)

    def connect(self, settings: Settings) -> AbstractAsyncContextManager[Any]:
        transport = Transport(settings.timeout_s)
        return openai.AsyncOpenAI(
            api_key=key_of(settings),
            base_url=settings.address,
            timeout=transport.timeout,
            max_retries=0,
            http_client=transport,
        )

    def asker(self, connection: Any, mode: Mode) -> instructor.AsyncInstructor:
        asker: instructor.AsyncInstructor = instructor.from_openai(connection, mode=self.modes[mode])
        return asker

    def arguments(self, messages: Sequence[Message], options: Mapping[str, Any]) -> dict[str, Any]:
        named = {name: value for name, value in options.items() if name != STRICT}
        return {"messages": [dict(m) for m in messages], **named}

    def completion(self, response: object) -> ChatCompletion | None:
        return response if isinstance(response, ChatCompletion) else None

    async def listed(self, connection: Any) -> AsyncIterator[str]:
        async for model in connection.models.list():
            yield model.id


class _Anthropic:
    """Its response format is not among the modes: instructor asks for it as a version of the package did that is gone."""

    modes: ClassVar[Mapping[Mode, instructor.Mode]] = {
        "tools": instructor.Mode.TOOLS,
        "md_json": instructor.Mode.JSON,
    }
    strict_modes: ClassVar[tuple[Mode, ...]] = ()
    _ENDS: ClassVar[Mapping[str, str]] = {
        "max_tokens": "length",
        "model_context_window_exceeded": "length",
        "refusal": "content_filter",
    }

    def connect(self, settings: Settings) -> AbstractAsyncContextManager[Any]:
        package = needs("anthropic", f"model {settings.model} needs", "anthropic")
        transport = NativeTransport(settings.timeout_s)
        connection: AbstractAsyncContextManager[Any] = package.AsyncAnthropic(
            api_key=key_of(settings),
            base_url=settings.address,
            timeout=transport.timeout,
            max_retries=0,
            http_client=transport,
        )
        return connection

    def asker(self, connection: Any, mode: Mode) -> instructor.AsyncInstructor:
        asker: instructor.AsyncInstructor = instructor.from_anthropic(connection, mode=self.modes[mode])
        return asker

    def arguments(self, messages: Sequence[Message], options: Mapping[str, Any]) -> dict[str, Any]:
        """What every question begins with is marked for the cache of prompts; a limit of the answer must be sent."""
        extra = dict(options.get("extra_body") or {})
        if "temperature" in options:
            extra = {"temperature": options["temperature"], **extra}
        if "reasoning_effort" in options:
            extra = {"output_config": {"effort": options["reasoning_effort"]}, **extra}
        limit = next((options[name] for name in LIMITS if name in options), LEAST_LIMIT)
        return {"messages": [_marked(m) for m in messages], "max_tokens": limit, "extra_body": extra}

    def completion(self, response: object) -> ChatCompletion | None:
        if not hasattr(response, "to_dict"):
            return None
        told = as_object(response.to_dict(mode="json", warnings=False))
        blocks = [as_object(block) for block in as_list(told.get("content"))]
        called = [_written(block.get("input")) for block in blocks if block.get("type") == "tool_use"]
        used = as_object(told.get("usage"))
        kinds = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
        return _completion(
            "".join(called[:1] or [as_text(block.get("text")) for block in blocks]),
            self._ENDS.get(as_text(told.get("stop_reason")), "stop"),
            Tokens(
                sum(as_tokens(used.get(kind)) for kind in kinds),
                as_tokens(used.get("output_tokens")),
                as_tokens(used.get("cache_read_input_tokens")),
            ),
        )

    async def listed(self, connection: Any) -> AsyncIterator[str]:
        async for model in connection.models.list():
            yield model.id


LEAST_LIMIT = 4096
"""Tokens of an answer where a limit must be sent, and the endpoint refuses the one that is set."""


def _marked(message: Message) -> dict[str, Any]:
    if message["role"] != "system":
        return dict(message)
    part = {"type": "text", "text": message["content"], "cache_control": {"type": "ephemeral"}}
    return {"role": "system", "content": [part]}


class _Google:
    modes: ClassVar[Mapping[Mode, instructor.Mode]] = {
        "json_schema": instructor.Mode.JSON,
        "tools": instructor.Mode.TOOLS,
    }
    strict_modes: ClassVar[tuple[Mode, ...]] = ()
    _ENDS: ClassVar[Mapping[str, str]] = {
        "MAX_TOKENS": "length",
        **dict.fromkeys(("SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII"), "content_filter"),
    }

    @asynccontextmanager
    async def connect(self, settings: Settings) -> AsyncIterator[Any]:
        for package in ("jsonref", "google.genai"):
            genai = needs(package, f"model {settings.model} needs", "gemini")
        async with NativeTransport(settings.timeout_s) as transport:
            told = genai.types.HttpOptions(
                base_url=settings.address,
                api_version="v1beta",
                timeout=round(settings.timeout_s * 1000),
                httpx_async_client=transport,
                extra_body=settings.extra_body,
            )
            with genai.Client(vertexai=False, api_key=key_of(settings), http_options=told) as connection:
                yield connection

    def asker(self, connection: Any, mode: Mode) -> instructor.AsyncInstructor:
        return instructor.from_genai(connection, mode=self.modes[mode], use_async=True)

    def arguments(self, messages: Sequence[Message], options: Mapping[str, Any]) -> dict[str, Any]:
        """`extra_body` is the connection's matter."""
        roles = {"assistant": "model"}
        found: dict[str, Any] = {"messages": [{**m, "role": roles.get(m["role"], m["role"])} for m in messages]}
        found |= {name: options[name] for name in ("temperature", "max_tokens") if name in options}
        if "reasoning_effort" in options:
            found["thinking_config"] = {"thinking_level": options["reasoning_effort"]}
        return found

    def completion(self, response: object) -> ChatCompletion | None:
        if not hasattr(response, "usage_metadata"):
            return None
        told = response.model_dump(mode="json", exclude_none=True)  # type: ignore[attr-defined]
        choice = as_object(next(iter(as_list(told.get("candidates"))), None))
        parts = [as_object(part) for part in as_list(as_object(choice.get("content")).get("parts"))]
        called = [_written(as_object(part["function_call"]).get("args")) for part in parts if "function_call" in part]
        is_blocked = "block_reason" in as_object(told.get("prompt_feedback"))
        used = as_object(told.get("usage_metadata"))
        return _completion(
            "".join(called[:1] or [as_text(part.get("text")) for part in parts if not part.get("thought")]),
            "content_filter" if is_blocked else self._ENDS.get(as_text(choice.get("finish_reason")), "stop"),
            Tokens(
                as_tokens(used.get("prompt_token_count")),
                as_tokens(used.get("candidates_token_count")) + as_tokens(used.get("thoughts_token_count")),
                as_tokens(used.get("cached_content_token_count")),
            ),
        )

    async def listed(self, connection: Any) -> AsyncIterator[str]:
        async for model in await connection.aio.models.list():
            yield str(model.name).removeprefix("models/")


def _written(arguments: object) -> str:
    """The arguments of a function, as text; empty where there are none, as of a call that was cut off."""
    return json.dumps(arguments, ensure_ascii=False) if arguments else ""


def _completion(text: str, end: str, tokens: Tokens) -> ChatCompletion:
    details = {"cached_tokens": tokens.cached}
    used = {"prompt_tokens": tokens.input, "completion_tokens": tokens.output, "prompt_tokens_details": details}
    return completion_of({"choices": [{"message": {"content": text}, "finish_reason": end}], "usage": used})


PROVIDERS: Mapping[own.Protocol, Provider] = {"openai": _OpenAI(), "anthropic": _Anthropic(), "google": _Google()}
