"""A completion of a model → the text of its answer, and the answer."""

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeVar, get_args

from openai.types.chat import ChatCompletion, ChatCompletionMessage, ChatCompletionMessageFunctionToolCall
from openai.types.chat.chat_completion import Choice
from openai.types.chat.chat_completion_message_function_tool_call import Function
from openai.types.completion_usage import CompletionUsage, PromptTokensDetails
from pydantic import BaseModel, ValidationError

M = TypeVar("M", bound=BaseModel)

LONGEST_ANSWER = 200_000
"""A longer answer, in characters, is not read."""
MOST_TOKENS = 1_000_000_000
"""Who tells of more in one request does not tell the truth."""

_MOST_COMPLAINTS = 3

_THOUGHTS = re.compile(r"^\s*<think>.*?</think>", re.DOTALL)
_FENCE = re.compile(r"```(?:json)?[^\S\n]*\n(?P<json>.*?)```", re.DOTALL)
_ENDS = frozenset(get_args(Choice.model_fields["finish_reason"].annotation))


def parse(raw: str, answer: type[M]) -> M | None:
    """The text of an answer, perhaps after thoughts, in a fence, or among words → the answer; None where it is malformed."""
    if len(raw) > LONGEST_ANSWER:
        return None
    text = _THOUGHTS.sub("", raw)
    fenced = _FENCE.search(text)
    first, last = text.find("{"), text.rfind("}")
    for candidate in (text, fenced["json"] if fenced else "", text[first : last + 1] if 0 <= first < last else ""):
        try:
            return answer.model_validate_json(candidate)
        except (ValidationError, RecursionError):
            continue
    return None


def complaint(raw: str, answer: type[BaseModel]) -> str:
    """What of a malformed answer is malformed, for the model that gave it: "rows：Field required"."""
    if not raw.strip():
        return "是空的"
    if len(raw) > LONGEST_ANSWER:
        return "太长"
    text = _THOUGHTS.sub("", raw)
    first, last = text.find("{"), text.rfind("}")
    try:
        answer.model_validate_json(text[first : last + 1] if 0 <= first < last else text)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)[:_MOST_COMPLAINTS]
        return "；".join(
            "不是 JSON" if e["type"] == "json_invalid" else f"{'.'.join(map(str, e['loc']))}：{e['msg']}"[:200]
            for e in found
        )
    except RecursionError:
        pass
    return "不是一个 JSON 对象"


def raw_of(completion: ChatCompletion) -> tuple[str, str]:
    """A completion → the text of its answer, and why it is none: "", "empty answer", "cut off", "content filter"."""
    choice = completion.choices[0]
    calls = choice.message.tool_calls or []
    called = next((c.function.arguments for c in calls if c.type == "function"), None)
    text = called or choice.message.content or ""
    if choice.finish_reason == "content_filter" or choice.message.refusal:
        return text, "content filter"
    if choice.finish_reason == "length":
        return text, "cut off"
    if len(text) > LONGEST_ANSWER:
        return text[:LONGEST_ANSWER], "too long an answer"
    return text, "" if text.strip() else "empty answer"


class Tokens(NamedTuple):
    """Of a request: tokens in and out. cached: how many of those in the endpoint had read before, and may charge less for."""

    input: int = 0
    output: int = 0
    cached: int = 0


def tokens_of(completion: ChatCompletion) -> Tokens:
    """0 where the endpoint does not tell."""
    used = completion.usage
    if used is None:
        return Tokens()
    details = used.prompt_tokens_details
    return Tokens(used.prompt_tokens, used.completion_tokens, (details and details.cached_tokens) or 0)


# --- The shape of what comes back ------------------------------------------------------------------------------------


def sound_completion(body: bytes) -> ChatCompletion | None:
    """The body of a response → the completion that it holds; None where it is no object of JSON."""
    told = _loaded(body)
    return completion_of(told) if isinstance(told, Mapping) else None


def completion_of(told: Mapping[str, Any]) -> ChatCompletion:
    """What an endpoint tells, of whatever shape → a completion with one choice, which holds what can be used of it.

    {"choices": [{"message": {"content": "{}"}}], "usage": null} → content "{}", 0 tokens; {"choices": null} → no content.
    """
    choice = _first(told.get("choices"))
    message = as_object(choice.get("message"))
    end = choice.get("finish_reason")
    used = as_object(told.get("usage"))
    tokens = [as_tokens(used.get(name)) for name in ("prompt_tokens", "completion_tokens")]
    details = as_object(used.get("prompt_tokens_details"))
    cached = as_tokens(details.get("cached_tokens")) or as_tokens(
        used.get("prompt_cache_hit_tokens")
    )  # DeepSeek's name
    return ChatCompletion(
        id="",
        object="chat.completion",
        created=0,
        model="",
        choices=[
            Choice(
                index=0,
                finish_reason=end if isinstance(end, str) and end in _ENDS else "stop",  # type: ignore[arg-type]
                message=ChatCompletionMessage(
                    role="assistant",
                    content=as_text(message.get("content")),
                    refusal=as_text(message.get("refusal")) or None,
                    tool_calls=_called(message.get("tool_calls")),
                ),
            )
        ],
        usage=CompletionUsage(
            prompt_tokens=tokens[0],
            completion_tokens=tokens[1],
            total_tokens=sum(tokens),
            prompt_tokens_details=PromptTokensDetails(cached_tokens=min(cached, tokens[0])),
        ),
    )


def _loaded(body: bytes) -> object:
    """None where it is no JSON."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def as_object(told: object) -> Mapping[str, Any]:
    """An object of JSON; an empty one where what is told is none."""
    return told if isinstance(told, Mapping) else {}


def as_list(told: object) -> list[Any]:
    return told if isinstance(told, list) else []


def _first(told: object) -> Mapping[str, Any]:
    return as_object(next(iter(as_list(told)), None))


def as_text(told: object) -> str:
    """A lone surrogate, which JSON may hold, can be sent and kept nowhere."""
    return told.encode("utf-8", "replace").decode() if isinstance(told, str) else ""


def _called(told: object) -> list[Any] | None:
    """The first call of a function."""
    for call in as_list(told):
        function = as_object(as_object(call).get("function"))
        if arguments := as_text(function.get("arguments")):
            called = Function(name=as_text(function.get("name")), arguments=arguments)
            return [ChatCompletionMessageFunctionToolCall(id="", type="function", function=called)]
    return None


def as_tokens(told: object) -> int:
    """A number of tokens; 0 where what is told is none."""
    return told if isinstance(told, int) and not isinstance(told, bool) and 0 <= told <= MOST_TOKENS else 0
