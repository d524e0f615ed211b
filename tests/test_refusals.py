"""Refusals as endpoints document them, replayed: each ends in an answer, and what was refused is not sent again."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from nianbao.pipeline.errors import EndpointError, RefusedError
from nianbao.pipeline.llm.client import Client
from nianbao.pipeline.llm.refusals import LONGEST_WORDS, sound_error
from nianbao.pipeline.llm.reply import Reply
from nianbao.pipeline.llm.wire import Pointing

from tests.tools.standin import StandIn, completion

from .test_client import QUESTION, RIGHT, SECRET, do, right, settings

Body = Mapping[str, Any]
Rule = tuple[Callable[[Body], bool], int, Any]
"""Which requests are refused, and the status and body of the refusal."""


def sends(name: str) -> Callable[[Body], bool]:
    return lambda body: name in body


def has_limit(body: Body) -> bool:
    return "max_tokens" in body or "max_completion_tokens" in body


def error(message: str, param: str | None = None, code: Any = None, kind: str = "invalid_request_error") -> Any:
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def of_vllm(message: str) -> Any:
    return {"object": "error", "message": message, "type": "BadRequestError", "param": None, "code": 400}


def extra_forbidden(name: str) -> Any:
    detail = [{"type": "extra_forbidden", "loc": ["body", name], "msg": "Extra inputs are not permitted", "input": 1}]
    return {"object": "error", "message": {"detail": detail}, "type": "invalid_request_error", "param": None}


SCHEMA, TOOLS, FORCED = sends("response_format"), sends("tools"), sends("tool_choice")
pytestmark = pytest.mark.usefixtures("read_once")

REASONS = {"reasoning_effort": "low"}

REFUSALS: dict[str, tuple[Mapping[str, Any], list[Rule], list[str]]] = {
    # endpoint: settings, what it refuses, and what each request sends beside model and messages
    "OpenAI, reasoning": (
        {},
        [
            (sends("max_tokens"), 400, error(
                "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
                "max_tokens", "unsupported_parameter")),
            (sends("temperature"), 400, error(
                "Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) value is"
                " supported.", "temperature", "unsupported_value")),
        ],
        ["max_tokens response_format temperature", "max_completion_tokens response_format temperature",
         "max_completion_tokens response_format"],
    ),
    "OpenAI, no such effort": (
        REASONS,
        [(sends("reasoning_effort"), 400, error("Unrecognized request argument supplied: reasoning_effort"))],
        ["max_tokens reasoning_effort response_format temperature", "max_tokens response_format temperature"],
    ),
    "Azure, old version": (
        {},
        [(SCHEMA, 400, error("response_format value as json_schema is enabled only for api versions 2024-08-01-preview and"
                             " later", code="BadRequest"))],
        ["max_tokens response_format temperature", "max_tokens temperature tool_choice tools"],
    ),
    "Claude by OpenAI's protocol": (
        {},
        [(sends("temperature"), 400, error("temperature is deprecated for this model.", code="invalid_request_error"))],
        ["max_tokens response_format temperature", "max_tokens response_format"],
    ),
    "Gemini by OpenAI's protocol": (
        REASONS,
        [(sends("reasoning_effort"), 400, [{"error": {
            "code": 400, "status": "INVALID_ARGUMENT",
            "message": 'Invalid JSON payload received. Unknown name "reasoning_effort": Cannot find field.'}}])],
        ["max_tokens reasoning_effort response_format temperature", "max_tokens response_format temperature"],
    ),
    "DeepSeek, thinking": (
        {},
        [
            (SCHEMA, 400, error("This response_format type is unavailable now", code="invalid_request_error")),
            (FORCED, 400, error("Thinking mode does not support this tool_choice")),
        ],
        ["max_tokens response_format temperature", "max_tokens temperature tool_choice tools", "max_tokens temperature"],
    ),
    "DeepSeek, in plain text": (
        {},
        [(SCHEMA, 422, "Failed to deserialize the JSON body into the target type: response_format: response_format.type"
                       " `json_schema` is unavailable now at line 1 column 1193")],
        ["max_tokens response_format temperature", "max_tokens temperature tool_choice tools"],
    ),
    "DeepSeek, a small limit": (
        {},
        [(has_limit, 400, error("Invalid max_tokens value, the valid range of max_tokens is [1, 2048]"))],
        ["max_tokens response_format temperature", "max_completion_tokens response_format temperature",
         "response_format temperature"],
    ),
    "DashScope, thinking": (
        {},
        [(lambda body: body.get("enable_thinking") is not False, 400, {
            "error": {"code": "invalid_parameter_error", "param": None, "type": "invalid_request_error",
                      "message": "parameter.enable_thinking must be set to false for non-streaming calls"},
            "request_id": "53ada3be"})],
        ["max_tokens response_format temperature", "enable_thinking max_tokens response_format temperature"],
    ),
    "DashScope, native error": (
        {},
        [(SCHEMA, 400, {"code": "InvalidParameter", "message": "<400> InternalError.Algo.InvalidParameter: Json mode response"
                        " is not supported when enable_thinking is true", "request_id": "1"})],
        ["max_tokens response_format temperature", "max_tokens temperature tool_choice tools"],
    ),
    "Moonshot": (
        {},
        [(sends("temperature"), 400, {"error": {
            "message": "invalid temperature: only 1 is allowed for this model", "type": "invalid_request_error"}})],
        ["max_tokens response_format temperature", "max_tokens response_format"],
    ),
    "Zhipu": (
        {},
        [
            (sends("temperature"), 400, {"error": {"code": "1214", "message": "temperature参数非法。请检查文档。"}}),
            (SCHEMA, 400, {"error": {"code": "1210", "message": "API 调用参数有误，请检查文档。"}}),
        ],
        ["max_tokens response_format temperature", "max_tokens response_format", "max_tokens tool_choice tools"],
    ),
    "Mistral": (
        REASONS,
        [(sends("reasoning_effort"), 422, extra_forbidden("reasoning_effort"))],
        ["max_tokens reasoning_effort response_format temperature", "max_tokens response_format temperature"],
    ),
    "Groq": (
        {},
        [(SCHEMA, 400, error("This model does not support response format `json_schema`.", "response_format"))],
        ["max_tokens response_format temperature", "max_tokens temperature tool_choice tools"],
    ),
    "OpenRouter": (
        {},
        [(SCHEMA, 404, {"error": {"message": "No endpoints found that can handle the requested parameters.", "code": 404}})],
        ["max_tokens response_format temperature", "max_tokens temperature tool_choice tools"],
    ),
    "vLLM, no room for the answer": (
        {},
        [(has_limit, 400, of_vllm(
            "This model's maximum context length is 4096 tokens. However, you requested 6616 tokens (2520 in the messages,"
            " 4096 in the completion). Please reduce the length of the messages or completion."))],
        ["max_tokens response_format temperature", "response_format temperature"],
    ),
    "vLLM, an unknown schema and no tools": (
        {"extra_body": {"chat_template_kwargs": {"enable_thinking": False}}},
        [
            (SCHEMA, 400, of_vllm("The provided JSON schema contains features not supported by xgrammar.")),
            (TOOLS, 400, of_vllm('"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set')),
        ],
        ["chat_template_kwargs max_tokens response_format temperature",
         "chat_template_kwargs max_tokens temperature tool_choice tools", "chat_template_kwargs max_tokens temperature"],
    ),
    "vLLM, an option that it does not know": (
        {"extra_body": {"enable_thinking": False, "top_k": 1}},
        [(sends("enable_thinking"), 400, of_vllm(
            "[{'type': 'extra_forbidden', 'loc': ('body', 'enable_thinking'), 'msg': 'Extra inputs are not permitted'}]"))],
        ["enable_thinking max_tokens response_format temperature top_k", "max_tokens response_format temperature top_k"],
    ),
    "SGLang, no room for the answer": (
        {},
        [(has_limit, 400, of_vllm(
            "Requested token count exceeds the model's maximum context length of 4096 tokens. You requested a total of 4596"
            " tokens: 500 tokens from the input messages and 4096 tokens for the completion."))],
        ["max_tokens response_format temperature", "response_format temperature"],
    ),
    "TGI": (
        {},
        [(has_limit, 422, {"error": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 500"
                           " `inputs` tokens and 4096 `max_new_tokens`", "error_type": "validation"})],
        ["max_tokens response_format temperature", "response_format temperature"],
    ),
    "llama.cpp, started without --jinja": (
        {},
        [
            (SCHEMA, 400, {"error": {"code": 400, "type": "invalid_request_error",
                                     "message": "Failed to initialize samplers: failed to parse grammar"}}),
            (TOOLS, 500, {"error": {"code": 500, "message": "tools param requires --jinja flag", "type": "server_error"}}),
        ],
        ["max_tokens response_format temperature", *["max_tokens temperature tool_choice tools"] * 2,
         "max_tokens temperature"],
    ),
    "llama-cpp-python": (
        {},
        [(SCHEMA, 500, error("Failed to parse grammar", kind="internal_server_error"))],
        [*["max_tokens response_format temperature"] * 2, "max_tokens temperature tool_choice tools"],
    ),
    "Ollama, a model without tools": (
        {},
        [
            (SCHEMA, 500, error("failed to load model vocabulary required for format", kind="api_error")),
            (TOOLS, 400, error("registry.ollama.ai/library/gemma3:4b does not support tools", kind="api_error")),
        ],
        [*["max_tokens response_format temperature"] * 2, "max_tokens temperature tool_choice tools",
         "max_tokens temperature"],
    ),
    "LM Studio": (
        {},
        [
            (SCHEMA, 400, {"error": "'response_format' of this type is not supported"}),
            (FORCED, 400, {"error": "Invalid tool_choice type: 'object'. Supported string values: none, auto, required"}),
        ],
        ["max_tokens response_format temperature", "max_tokens temperature tool_choice tools", "max_tokens temperature"],
    ),
}  # fmt: skip


def refusing(rules: list[Rule]) -> Callable[[Body], tuple[int, Any] | None]:
    return lambda body: next(((status, told) for holds, status, told in rules if holds(body)), None)


def sent(body: Body) -> str:
    return " ".join(sorted(set(body) - {"model", "messages"}))


async def twice(client: Client) -> list[Reply[Pointing]]:
    return [await client.ask([{"role": "user", "content": text}], Pointing) for text in ("问", "再问")]


@pytest.mark.parametrize("endpoint", REFUSALS)
def test_what_is_refused_is_left_out(endpoint: str) -> None:
    """Whatever an endpoint refuses, and however it says so, the question is answered; the next one is sent right at once."""
    more, rules, requests = REFUSALS[endpoint]
    with StandIn(right, refuse=refusing(rules)) as server:
        replies = do(twice, settings(server, **more))
    assert [(bool(reply.answer), reply.failure) for reply in replies] == [(True, "")] * 2
    whole = (
        "no room" in endpoint or endpoint == "TGI"
    )  # that is a question's own matter, and tried anew with the next one
    assert [sent(body) for body in server.requests] == [*requests, *(requests if whole else requests[-1:])]


def strict(body: Body) -> Any:
    """Whether an answer is to be held to its schema; None where that is not said."""
    return body.get("response_format", {}).get("json_schema", {}).get("strict")


@pytest.mark.parametrize(
    "rule",
    [
        (strict, 400, error("Unknown parameter.", "response_format.json_schema.strict", "unknown_parameter")),
        (strict, 400, error("`strict` is not supported with this model.", "response_format")),
        (strict, 422, {"detail": [{"loc": ["body", "response_format", "json_schema", "strict"], "msg": "Extra inputs are not permitted"}]}),
    ],
)  # fmt: skip
def test_strict_is_left_out(rule: Rule) -> None:
    """Where it is refused, the same way to ask goes on without it."""
    with StandIn(right, refuse=refusing([rule])) as server:
        replies = do(twice, settings(server))
    assert [bool(reply.answer) for reply in replies] == [True, True]
    assert [strict(body) for body in server.requests] == [True, None, None]
    assert {sent(body) for body in server.requests} == {"max_tokens response_format temperature"}


@pytest.mark.parametrize(("mode", "told"), [("json_schema", True), ("tools", None), ("md_json", None)])
def test_strict_stands_beside_a_schema_alone(mode: Any, told: bool | None) -> None:
    """Other ways to ask have no such word; `strict` is no option of a request itself."""
    with StandIn(right) as server:
        do(twice, settings(server, mode=mode))
    assert [(strict(body), "strict" in str(body)) for body in server.requests] == [(told, bool(told))] * 2


@pytest.mark.parametrize("status", [400, 500])
def test_questions_at_once_find_the_way_together(status: int) -> None:
    """What one of them finds out while another waits is taken up by that one, too."""
    rules: list[Rule] = [(SCHEMA, status, error("no schema")), (TOOLS, status, error("no tools"))]

    async def many(client: Client) -> list[str]:
        asked = (client.ask([{"role": "user", "content": f"{n}"}], Pointing) for n in range(8))
        return [reply.failure for reply in await asyncio.gather(*asked)]

    with StandIn(right, refuse=refusing(rules), latency_s=0.01) as server:
        assert do(many, settings(server, max_in_flight=3, max_wait_s=0.1)) == [""] * 8


TOO_LONG = {
    "OpenAI": (400, error(
        "This model's maximum context length is 128000 tokens. However, your messages resulted in 140000 tokens. Please"
        " reduce the length of the messages.", "messages", "context_length_exceeded")),
    "DashScope": (400, error("<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 129024]")),
    "SGLang": (400, of_vllm("The input (61709 tokens) is longer than the model's context length (40960 tokens).")),
    "llama.cpp": (500, {"error": {
        "code": 500, "message": "the request exceeds the available context size. try increasing the context size or enable"
        " context shift", "type": "exceed_context_size_error", "n_prompt_tokens": 1407, "n_ctx": 256}}),
    "llama-cpp-python": (400, error("Requested tokens (8031) exceed context window of 2048", "messages",
                                    "context_length_exceeded")),
    "Claude": (400, error("prompt is too long: 208310 tokens > 200000 maximum")),
    "Gemini": (400, [error("The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).")]),
    "Groq": (413, error("Request too large for model `m` on tokens per minute (TPM): Limit 6000, Requested 9000",
                        code="rate_limit_exceeded")),
}  # fmt: skip


@pytest.mark.parametrize("endpoint", TOO_LONG)
def test_a_question_that_is_too_long_fails_alone(endpoint: str) -> None:
    """The first question of all, too: what the endpoint says is said, the others are asked on, and in the same way."""
    status, told = TOO_LONG[endpoint]
    long = [{"role": "user", "content": "长" * 1000}]

    async def work(client: Client) -> list[Reply[Pointing]]:
        return [await client.ask(messages, Pointing) for messages in (long, QUESTION)]

    with StandIn(right, refuse=lambda body: (status, told) if len(str(body)) > 1000 else None) as server:
        first, second = do(work, settings(server))
    words = (told[0] if isinstance(told, list) else told).get("error", told)["message"]
    assert first.failure == (
        f"{server.url[7:-3]}: status {status}, “{words}”; the question is longer than this model takes: give it more"
        " context, or take another model"
    )
    assert (second.failure, sent(server.requests[-1])) == ("", "max_tokens response_format temperature")


def thinking(body: Body, text: str, **message: Any) -> Any:
    """A completion that ends at its limit."""
    told = completion(body, text)
    told["choices"][0]["finish_reason"] = "length"
    told["choices"][0]["message"] |= message
    return told


@pytest.mark.parametrize(
    ("text", "message", "limits", "failure"),
    [
        ("", {"reasoning_content": "嗯……"}, [4096, 16384, 16384], ""),
        ("<think>先看第一行", {}, [4096, 16384, 16384], ""),
        (RIGHT[:-5], {}, [4096, 4096], "cut off"),
    ],
)
def test_a_model_that_thinks_is_given_more(text: str, message: Any, limits: list[int], failure: str) -> None:
    """One whose tokens end while it thinks is asked again with more, which is remembered; one that rambles is not."""

    def refuse(body: Body) -> tuple[int, Any] | None:
        return (200, thinking(body, text, **message)) if body["max_tokens"] < 5000 else None

    with StandIn(right, refuse=refuse) as server:
        replies = do(twice, settings(server))
    assert [reply.failure for reply in replies] == [failure] * 2
    assert [body["max_tokens"] for body in server.requests] == limits


def test_a_model_that_thinks_on_is_asked_twice() -> None:
    with StandIn(right, refuse=lambda body: (200, thinking(body, ""))) as server:
        (reply, _) = do(twice, settings(server))
    assert (reply.failure, reply.requests, len(reply.usages)) == ("cut off", 2, 2)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ("抱歉。", "不是 JSON"),
        (RIGHT[:-1] + ',"note":"x"}', "note：Extra inputs are not permitted"),
        ('{"zeilen":[1]}', "rows：Field required"),
        ("", "是空的"),
    ],
)
def test_the_second_question_says_what_was_malformed(raw: str, says: str) -> None:
    answers = iter([raw])
    with StandIn(lambda _: next(answers, right(_))) as server:
        assert do(lambda client: client.ask(QUESTION, Pointing), settings(server)).failure == ""
    assert says in server.requests[1]["messages"][-1]["content"]


@pytest.mark.parametrize(
    ("body", "words", "param"),
    [
        ({"error": {"message": "no", "param": "x"}}, "no", "x"),
        ({"error": "no"}, "no", None),
        ({"detail": "no"}, "no", None),
        ({"detail": [{"loc": ["body", "x"], "msg": "no"}, {"loc": ["body", "y"], "msg": "nor"}]}, "body.x: no; body.y: nor", None),
        ([{"error": {"message": "no"}}], "no", None),
        ({"message": '{"detail":[{"loc":["body","x"],"msg":"no"}]}'}, "body.x: no", None),
        ({"error": {"message": None, "param": ["x"]}}, "", None),
        ("no\n  way", "no way", None),
        ("<html>gateway</html>", "", None),
        (7, "", None),
    ],
)  # fmt: skip
def test_an_endpoints_words(body: Any, words: str, param: str | None) -> None:
    """Wherever they stand in a refusal."""
    import json

    data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    told = json.loads(sound_error(data))["error"]
    assert (told["message"], told["param"]) == (words, param)


@pytest.mark.parametrize(
    ("status", "message", "says"),
    [
        (
            401,
            "Incorrect API key provided: {key}.",
            "status 401, “Incorrect API key provided: ….”; the key was refused",
        ),
        (402, "Insufficient Balance", "status 402, “Insufficient Balance”; try again later"),
        (
            400,
            "Model Not Exist",
            "status 400, “Model Not Exist”; no such model or address; check NIANBAO_MODEL (stand-in)",
        ),
        (404, "The model `x` does not exist", "status 404, “The model `x` does not exist”; no such model or address"),
        (429, "Rate limit reached", "status 429, “Rate limit reached”; still too many requests"),
        (500, "out of memory", "status 500, “out of memory”; try again later"),
        (
            403,
            "\x1b[2J” \n" + "字" * 999,
            "status 403, “\ufffd[2J' " + "字" * (LONGEST_WORDS - 6) + "…”; the key may not",
        ),
        (400, "", "refuses every way to ask for structured answers (json_schema: 400, tools: 400, md_json: 400)"),
        (422, "Nope", "structured answers (json_schema: 422 “Nope”, tools: 422 “Nope”, md_json: 422 “Nope”)"),
    ],
)
def test_an_endpoints_own_words_are_shown(status: int, message: str, says: str) -> None:
    """On one line, bounded, without what controls a terminal, and without the key."""
    told = error(message.replace("{key}", SECRET))
    with StandIn(right, refuse=lambda _: (status, told)) as server, pytest.raises(EndpointError) as raised:
        do(lambda client: client.ask(QUESTION, Pointing), settings(server, max_attempts=2))
    assert says in str(raised.value)
    assert SECRET not in str(raised.value)


def test_a_way_that_is_set_is_not_left() -> None:
    """With --mode no other way is tried: what the endpoint says of it is said."""
    rules: list[Rule] = [(TOOLS, 400, error("no tools here"))]
    with StandIn(right, refuse=refusing(rules)) as server, pytest.raises(RefusedError, match="“no tools here”"):
        do(lambda client: client.ask(QUESTION, Pointing), settings(server, mode="tools"))
