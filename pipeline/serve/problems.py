"""What can keep a request from being answered: code, status, what it means, what its sender should do."""

import json
from dataclasses import dataclass

from ..language import Language, speaking, told
from ..source.inputs import printable

_LONGEST_MESSAGE = 500


@dataclass(frozen=True, slots=True)
class ProblemKind:
    status: int
    meaning: str
    advice: str


PROBLEMS: dict[str, ProblemKind] = {
    "not_json": ProblemKind(400, "the body is no JSON in UTF-8", "send one JSON object"),
    "bad_request": ProblemKind(
        400, "the request is not HTTP as the server speaks it", "see the description of the API"
    ),
    "unauthorized": ProblemKind(401, "the bearer token is missing or wrong", "send Authorization: Bearer TOKEN"),
    "not_found": ProblemKind(404, "no such address", "see /openapi.json for the addresses"),
    "wrong_method": ProblemKind(405, "the address does not take this method", "see the Allow header"),
    "too_slow": ProblemKind(408, "the body did not arrive in time", "send it in one go"),
    "too_large": ProblemKind(413, "the body is larger than the server takes", "send one report at a time, as text"),
    "wrong_media_type": ProblemKind(415, "the Content-Type is not the one this address takes", "set Content-Type"),
    "wrong_encoding": ProblemKind(415, "the body is compressed", "send it without Content-Encoding"),
    "wrong_host": ProblemKind(
        421, "the Host is not this machine, for which alone the server answers", "ask by 127.0.0.1"
    ),
    "wrong_request": ProblemKind(
        422, "a key is missing, unknown, or of the wrong type", "correct the key that is named"
    ),
    "unusable_input": ProblemKind(422, "the text or the record cannot be used", "see the message: it says what to do"),
    "no_model": ProblemKind(422, "engine `model`, but the server has no model", "use another engine"),
    "too_costly": ProblemKind(
        422, "reading took more time or memory than it may", "split the text into single reports"
    ),
    "busy": ProblemKind(429, "the queue is full", "send it again after Retry-After seconds"),
    "internal": ProblemKind(500, "a fault of the server", "tell those who run it; the log says where"),
    "model_unusable": ProblemKind(502, "engine `model`, but the model's endpoint cannot be used", "try again later"),
    "stopping": ProblemKind(503, "the server is stopping", "send it again after Retry-After seconds"),
}
"""Each code that an answer `{"error": {"code": …, "message": …}}` may hold."""


class RequestError(Exception):
    """A request that is answered with an error. found: what was found; the advice is added to it."""

    def __init__(self, code: str, found: str, *, retry_after_s: int | None = None, allow: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.status = PROBLEMS[code].status
        self.found = found
        self.retry_after_s = retry_after_s
        self.allow = allow

    def message(self, language: Language | None = None) -> str:
        """Fit for a line of JSON: nothing of the request's that is not printable, and not much of it."""
        with speaking(language):
            found = printable(told(self.found).encode("utf-8", "replace").decode("utf-8"))
        return found if len(found) <= _LONGEST_MESSAGE else found[: _LONGEST_MESSAGE - 1] + "…"

    @property
    def headers(self) -> dict[str, str]:
        found = {"Retry-After": str(self.retry_after_s)} if self.retry_after_s is not None else {}
        found |= {"Allow": self.allow} if self.allow else {}
        return found | ({"WWW-Authenticate": "Bearer"} if self.code == "unauthorized" else {})

    def body(self, line: int | None = None, language: Language | None = None) -> bytes:
        """As JSON; line: which one of a batch it is, counted from 1. language: of the message, None for English as it is written."""
        number = {} if line is None else {"line": line}
        error = {"error": {"code": self.code, "message": self.message(language)}, **number}
        return json.dumps(error, ensure_ascii=False).encode("utf-8")
