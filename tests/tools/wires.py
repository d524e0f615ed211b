"""The protocols that the stand-in speaks: a request of each → one of OpenAI's, and an answer of OpenAI's → one of each.

Anthropic: https://docs.claude.com/en/api/messages. Google: https://ai.google.dev/api/generate-content.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Told = dict[str, Any]


@dataclass(frozen=True)
class Wire:
    """path: of the address. asked: the body of a request. told: of a completion. refused: of an error, from its status, words and option."""

    path: str
    asked: Callable[[Told], Told]
    told: Callable[[Told], Told]
    refused: Callable[[int, str, str | None], Told]


def wire_at(path: str) -> Wire | None:
    """The protocol whose questions are asked at an address; None where it is none."""
    found = (wire for wire in WIRES.values() if re.fullmatch(wire.path, path))
    return next(found, None)


_OPENAI = Wire(
    r"/v1/chat/completions",
    lambda body: body,
    lambda completion: completion,
    lambda _, message, param: {"error": {"message": message, "type": "stand_in", "param": param}},
)


def _asked_of_anthropic(body: Told) -> Told:
    system = [{"role": "system", "content": part["text"]} for part in body.get("system", ())]
    tools = [{"function": {"name": tool["name"]}} for tool in body.get("tools", ())]
    return {**body, "messages": [*system, *body["messages"]], "tools": tools}


_KINDS = {429: "rate_limit_error", 529: "overloaded_error", 401: "authentication_error", 500: "api_error"}


def _told_by_anthropic(completion: Told) -> Told:
    """A completion whose prompt was read from the cache but for its last tenth."""
    choice, used = completion["choices"][0], completion["usage"]
    content = [{"type": "text", "text": choice["message"].get("content") or ""}]
    for call in choice["message"].get("tool_calls", ()):
        name, arguments = call["function"]["name"], _loaded(call["function"]["arguments"])
        content = [{"type": "tool_use", "id": "toolu_1", "name": name, "input": arguments}]
    ends = {"stop": "end_turn", "tool_calls": "tool_use", "length": "max_tokens", "content_filter": "refusal"}
    fresh = used["prompt_tokens"] // 10
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": completion["model"],
        "content": content,
        "stop_reason": ends[choice["finish_reason"]],
        "stop_sequence": None,
        "usage": {
            "input_tokens": fresh,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": used["prompt_tokens"] - fresh,
            "output_tokens": used["completion_tokens"],
        },
    }


_ANTHROPIC = Wire(
    r"/v1/messages",
    _asked_of_anthropic,
    _told_by_anthropic,
    lambda status, message, _: {
        "type": "error",
        "error": {"type": _KINDS.get(status, "invalid_request_error"), "message": message},
        "request_id": "req_1",
    },
)


def _asked_of_google(body: Told) -> Told:
    def content(told: Mapping[str, Any]) -> str:
        return "".join(part["text"] for part in told["parts"])

    system = [{"role": "system", "content": content(told)} for told in [body.get("systemInstruction")] if told]
    roles = {"model": "assistant"}
    messages = [{"role": roles.get(c["role"], c["role"]), "content": content(c)} for c in body["contents"]]
    declared = [d for tool in body.get("tools", ()) for d in tool["functionDeclarations"]]
    return {**body, "messages": [*system, *messages], "tools": [{"function": {"name": d["name"]}} for d in declared]}


def _told_by_google(completion: Told) -> Told:
    """A completion that took as many tokens of thought as of text, and whose prompt was cached by half."""
    choice, used = completion["choices"][0], completion["usage"]
    parts: list[Told] = [{"text": choice["message"].get("content") or ""}]
    for call in choice["message"].get("tool_calls", ()):
        function = call["function"]
        parts = [{"functionCall": {"name": function["name"], "args": _loaded(function["arguments"])}}]
    ends = {"length": "MAX_TOKENS", "content_filter": "SAFETY"}
    return {
        "candidates": [
            {
                "content": {"role": "model", "parts": parts},
                "finishReason": ends.get(choice["finish_reason"], "STOP"),
                "index": 0,
            }
        ],
        "usageMetadata": {
            "promptTokenCount": used["prompt_tokens"],
            "cachedContentTokenCount": used["prompt_tokens"] // 2,
            "candidatesTokenCount": used["completion_tokens"],
            "thoughtsTokenCount": used["completion_tokens"],
            "totalTokenCount": used["prompt_tokens"] + 2 * used["completion_tokens"],
        },
        "modelVersion": completion["model"],
    }


_GOOGLE = Wire(
    r"/v1beta/models/[^/]+:generateContent",
    _asked_of_google,
    _told_by_google,
    lambda status, message, _: {"error": {"code": status, "message": message, "status": "UNAVAILABLE"}},
)


def _loaded(arguments: str) -> Any:
    """Arguments of a function as an object: these protocols have no others."""
    try:
        told = json.loads(arguments)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


WIRES: Mapping[str, Wire] = {"openai": _OPENAI, "anthropic": _ANTHROPIC, "google": _GOOGLE}
