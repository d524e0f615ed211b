"""A completion of a model → the text of its answer, and the answer."""

import re
from typing import TypeVar

from openai.types.chat import ChatCompletion
from pydantic import BaseModel, ValidationError

M = TypeVar("M", bound=BaseModel)

LONGEST_ANSWER = 200_000
"""A longer answer, in characters, is not read."""

_THOUGHTS = re.compile(r"^\s*<think>.*?</think>", re.DOTALL)
_FENCE = re.compile(r"```(?:json)?\s*\n(?P<json>.*?)```", re.DOTALL)


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


def raw_of(completion: ChatCompletion) -> tuple[str, str]:
    """A completion → the text of its answer, and why it is none: "", "empty answer", "cut off", "content filter"."""
    if not completion.choices:
        return "", "empty answer"
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
