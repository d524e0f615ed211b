"""What an endpoint says where it refuses a request: its own words, and what they mean.

Endpoints that speak one protocol refuse in many ways: the option that they do not take is named in `param`, or in words alone; a way
to ask for structured answers is refused with 400, 404, 422 or 500; a question that is too long, with 400, 413 or 500.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import openai

from ..source.inputs import printable
from .settings import Settings

LIMITS = ("max_tokens", "max_completion_tokens")
"""The options that bound an answer: of all endpoints, and of those that refuse the first. Either may be named for the other."""
LONGEST_WORDS = 300
"""Of what an endpoint says so many characters are shown."""
_DEPTH = 5
_NESTED = 20_000
_OF_AN_OPTION = frozenset((400, 422))
_TOO_LONG_CODES = ("context_length_exceeded", "exceed_context_size_error")
_TOO_LONG = re.compile(
    r"context (length|size|window|limit)|maximum context|reduce the length|range of input length"
    r"|\b(prompt|input|messages?|tokens?)\b[^.]{0,60}\b(exceeds?|longer|too (long|large|many))\b"
    r"|request too large|max_new_tokens|token count[^.]{0,20}exceeds",
    re.IGNORECASE,
)
_NO_MODEL = re.compile(
    r"\bmodel\b[^.]{0,80}\b(not (exist|found)|does not exist|is not a valid)|\binvalid model\b|\bunknown model\b", re.I
)
_WORD = re.compile(r"[A-Za-z0-9_]+")
_DEMANDED = re.compile(r"\b(?P<name>\w+)\W{0,2} must be (?:set to )?(?P<value>true|false)\b")


def sound_error(body: bytes) -> bytes:
    """The body of a refusal, of whatever shape → one that tells its words, the option that is refused, and its code.

    {"error": "no"} → {"error": {"message": "no", "param": null, "code": ""}}; so do {"detail": …}, [{"error": …}], and plain text.
    """
    text = body.decode("utf-8", "replace")
    told = _loaded(text)
    if told is None:
        told = "" if text.lstrip().startswith("<") else text[:_NESTED]
    error = _error(told)
    code = " ".join(found for name in ("code", "type") if isinstance(found := error.get(name), str))
    param = error.get("param")
    sound = {
        "message": " ".join(_words(told).split())[:_NESTED],
        "param": param if isinstance(param, str) and param else None,
        "code": code,
    }
    return json.dumps({"error": sound}).encode("utf-8")


def words_of(error: openai.APIStatusError, settings: Settings) -> str:
    """An endpoint's own words, fit to be shown: on one line, not too many, and without the key that it was sent."""
    words = str(_told(error).get("message") or "")
    if settings.api_key is not None:
        words = words.replace(settings.api_key.get_secret_value(), "…")
    words = printable(words).translate({ord("“"): "'", ord("”"): "'"})
    return words if len(words) <= LONGEST_WORDS else words[:LONGEST_WORDS] + "…"


def refused_options(error: openai.APIStatusError, options: Mapping[str, Any]) -> list[str]:
    """The options of a request that it was refused for: those that the endpoint names, by `param` or in its words."""
    if error.status_code not in _OF_AN_OPTION:
        return []
    names = [*options, *(options.get("extra_body") or {})]
    if (named := option_of(error.param or "")) in names:
        return [named]
    words = set(_WORD.findall(str(_told(error).get("message") or "")))
    return [name for name in names if name in words or (name in LIMITS and words.intersection(LIMITS))]


def option_of(param: str) -> str:
    """The place of an option in a request → its name: response_format.json_schema.strict → strict."""
    return param.rpartition(".")[2]


def demanded_options(error: openai.APIStatusError) -> dict[str, bool]:
    """What the endpoint wants to be told: "parameter.enable_thinking must be set to false …" → {"enable_thinking": False}."""
    if error.status_code not in _OF_AN_OPTION:
        return {}
    found = _DEMANDED.finditer(str(_told(error).get("message") or "")[:2000])
    return {match["name"]: match["value"] == "true" for match in found}


def is_too_long(error: openai.APIStatusError) -> bool:
    """Whether a question, alone or with the room for its answer, is longer than the model takes."""
    if error.status_code == 413:
        return True
    told = _told(error)
    if any(code in str(told.get("code")) for code in _TOO_LONG_CODES):
        return True
    return error.status_code in (400, 422, 500) and bool(_TOO_LONG.search(str(told.get("message") or "")[:2000]))


def is_no_model(error: openai.APIStatusError) -> bool:
    """Whether the endpoint does not know the model."""
    words = str(_told(error).get("message") or "")[:2000]
    if error.status_code == 404:
        return "model" in words.lower()
    return error.status_code in (400, 422) and bool(_NO_MODEL.search(words))


def _told(error: openai.APIStatusError) -> Mapping[str, Any]:
    """What `sound_error` found."""
    return error.body if isinstance(error.body, Mapping) else {}


def _error(told: object) -> Mapping[str, Any]:
    """The object of an error that tells its code and its option."""
    if isinstance(told, list):
        told = told[0] if told else None
    if not isinstance(told, Mapping):
        return {}
    inner = told.get("error")
    return inner if isinstance(inner, Mapping) else told


def _words(told: object, depth: int = 0) -> str:
    """The words of an error, however deep they stand: in `error`, `message`, `detail`, in a list, in JSON within a string."""
    if isinstance(told, str):
        nested = _loaded(told) if told[:1] in ("{", "[") and len(told) <= _NESTED and depth < _DEPTH else None
        return (_words(nested, depth + 1) if nested is not None else "") or told
    if depth >= _DEPTH:
        return ""
    return "; ".join(filter(None, _parts(told, depth)))


def _parts(told: object, depth: int) -> Iterator[str]:
    if isinstance(told, list):
        yield from (_words(part, depth + 1) for part in told[:5])
    elif isinstance(told, Mapping):
        place = told.get("loc")
        where = ".".join(map(str, place)) + ": " if isinstance(place, list) and place else ""
        names = ("message", "msg", "error", "detail", "errors")
        found = next((words for name in names if (words := _words(told.get(name), depth + 1))), "")
        yield where + found if found else ""


def _loaded(text: str) -> object:
    """None where it is no JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
