"""A question: the key of its answer, about how many tokens it takes, and how it is asked once more."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from pydantic import BaseModel

from .answer import complaint
from .cache import key_of
from .providers import Message
from .settings import Settings

_SHAPING = {"temperature", "max_output_tokens", "reasoning_effort", "extra_body"}
"""Settings that shape an answer."""
CHARACTERS_A_TOKEN = 1.5
"""About how many characters of Chinese make a token, for the estimate before a request."""
TOKENS_AN_ANSWER = 300


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


@cache
def _schema(answer: type[BaseModel]) -> dict[str, Any]:
    return answer.model_json_schema()


def estimate_of(messages: Sequence[Message]) -> float:
    """About how many tokens a question takes, with its answer."""
    return sum(len(m["content"]) for m in messages) / CHARACTERS_A_TOKEN + TOKENS_AN_ANSWER


# --- Once more -------------------------------------------------------------------------------------------------------

AGAIN = "上一个回答不合格式：{why}。请只回答一个 JSON 对象，合于所给的 schema，不要有别的文字。"
"""What is said where an answer is malformed."""
MALFORMED, CUT_OFF = "malformed answer", "cut off"
FINAL = ("content filter", CUT_OFF)
"""After a failure of these the same question is not asked once more."""


def once_more(messages: Sequence[Message], raw: str, answer: type[BaseModel]) -> list[Message]:
    """A question again after an answer that was malformed, and in what."""
    said = AGAIN.replace("{why}", complaint(raw, answer))
    return [*messages, {"role": "assistant", "content": raw[:2000]}, {"role": "user", "content": said}]


def is_of_thoughts(raw: str) -> bool:
    """Whether an answer that was cut off had not begun yet: there is nothing, or thoughts without an end."""
    text = raw.strip()
    return not text or (text.startswith("<think>") and "</think>" not in text)
