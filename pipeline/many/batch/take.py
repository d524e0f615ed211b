"""What a batch gave → the cache, and what became of each question; a line of whatever kind is counted."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...llm.answer import Tokens, as_text, completion_of, parse, raw_of, tokens_of
from ...llm.cache import Cache
from ...llm.client import REFUSALS_IN_A_ROW
from ...llm.failures import host_of
from ...llm.providers import STRICT
from ...llm.question import FINAL, MALFORMED
from ...llm.refusals import option_of
from ...llm.reply import Usage, entry
from ...llm.settings import Settings
from ...llm.wire import Pointing
from ..sources import read_lines
from .state import Part, Question, QuestionState, State

KINDS = {
    "answered": "answers kept",
    "malformed": "malformed answers",
    "failed": "answers cut off or filtered",
    "refused": "questions refused",
    "unanswered": "questions without an answer",
    "expired": "questions not asked in time, or cancelled",
    "duplicate": "lines about a question answered before",
    "unknown": "lines about no question of this batch",
    "broken": "lines that cannot be read",
}
"""Kind of a line → what there are so many of."""

_ANSWERS: dict[str, type[Pointing]] = {answer.__name__: answer for answer in (Pointing,)}
_LONGEST_LINE = 8_000_000
_REFUSED = frozenset((400, 413, 422))
_NOT_ASKED = frozenset(("batch_expired", "batch_cancelled", "batch_canceled"))
_OPTIONS = frozenset(("max_tokens", "temperature", STRICT))
_LONGEST_KEPT = 2000


class Taking:
    """Takes what came back for one part."""

    def __init__(self, part: Part, state: State, cache: Cache, settings: Settings) -> None:
        self._part, self._state, self._cache, self._settings = part, state, cache, settings
        self._paid: Counter[str] = Counter()
        self._tally: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        """Of the questions refused."""
        self.refuses_all = False

    def take(self, files: Sequence[Path], *, was_run: bool = True) -> Part:
        """The files of a batch → the part, taken. All of it counts, or nothing.

        was_run: whether the endpoint asked the questions at all, so that one without an answer counts as tried.
        Raises InputError where the state, SettingsError where the cache cannot be written.
        """
        with self._state.all_or_nothing():
            for line in _lines(files):
                self._tally[self._take(line)] += 1
            for question in self._state.unanswered(self._part.number):
                self._tally["unanswered" if was_run else "expired"] += 1
                self._state.note(self._lost(question, counts=was_run))
            self.refuses_all = self._refuses_all()
            self._state.turn(self._part.number, "refused", "again" if self.refuses_all else "failed")
            paid = Tokens(self._paid["in"], self._paid["out"])
            taken = replace(self._part, state="taken", tokens=paid, tally=dict(self._tally))
            self._state.put(taken)
        return taken

    def _refuses_all(self) -> bool:
        """Whether refusals are of the endpoint, and not of the questions: no answer is among them, and they are many, or
        the run has none yet.
        """
        if not self.statuses or any(self._tally[kind] for kind in ("answered", "malformed", "failed")):
            return False
        return self.statuses.total() >= REFUSALS_IN_A_ROW or not self._state.count()["answered"]

    def _take(self, line: bytes | None) -> str:
        told = _object(line)
        if told is None:
            return "broken"
        key = told.get("custom_id")
        question = self._state.find(key) if isinstance(key, str) and key.isascii() else None
        if question is None or question.part != self._part.number:
            return "unknown"
        if question.state != "sent":
            return "duplicate"
        kind, question = self._judged(question, told)
        self._state.note(question)
        return kind

    def _judged(self, question: Question, told: dict[str, Any]) -> tuple[str, Question]:
        """A line about a question → its kind, and the question as it is now."""
        response, error = _dict(told.get("response")), _dict(told.get("error"))
        body = _dict(response.get("body"))
        status = response.get("status_code")
        if str(error.get("code")) in _NOT_ASKED:
            return "expired", self._lost(question, counts=False)
        if isinstance(status, int) and status in _REFUSED:
            return "refused", self._refused(question, status, as_text(_dict(body.get("error")).get("param")))
        if status != 200 or "choices" not in body:
            return "unanswered", self._lost(question, counts=True)
        completion = completion_of(body)
        return self._answered(question, *raw_of(completion), tokens_of(completion))

    def _answered(self, question: Question, raw: str, failure: str, tokens: Tokens) -> tuple[str, Question]:
        """The same as a client does with an answer."""
        self._paid.update({"in": tokens.input, "out": tokens.output})
        usages = (*question.usages, tokens)
        if not failure and parse(raw, _ANSWERS[question.answer]) is not None:
            self._cache.set(question.key, entry(raw, [Usage(each, None) for each in usages]).text())
            return "answered", replace(question, state="answered", raw="", usages=())
        failure = failure or MALFORMED
        if failure in FINAL:
            return "failed", replace(question, state="failed", usages=usages, failure=failure)
        # One that was malformed before has been asked once more already.
        state: QuestionState = "failed" if question.usages else "again"
        return "malformed", replace(question, state=state, raw=raw[:_LONGEST_KEPT], usages=usages, failure=failure)

    def _lost(self, question: Question, *, counts: bool) -> Question:
        lost = question.lost + counts
        if lost < self._settings.max_attempts:
            return replace(question, state="again", lost=lost)
        return replace(question, state="failed", lost=lost, failure=f"no answer in {lost} batches")

    def _refused(self, question: Question, status: int, param: str) -> Question:
        option = option_of(param)
        if option in _OPTIONS:
            self._state.do_without(option)
            return self._lost(question, counts=True)
        self.statuses[status] += 1
        return replace(question, state="refused", failure=f"{host_of(self._settings)}: status {status} in a batch")


def _lines(files: Sequence[Path]) -> Iterator[bytes | None]:
    for path in files:
        with path.open("rb") as file:
            yield from (line for line in read_lines(file, _LONGEST_LINE) if line is None or line.strip())


def _object(line: bytes | None) -> dict[str, Any] | None:
    try:
        found = json.loads(line or b"")
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
