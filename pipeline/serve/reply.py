"""What a worker does: the body of a request → the body of its answer, or a question for the model that it needs first.

A worker holds no connection. Where the flow asks the model and its answer is not at hand, the question goes back to the
front, which asks it; then the flow runs again with the answers so far. So a worker is never waited for, and can be killed.
"""

import asyncio
import signal
import sys
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Literal, cast

from pydantic import BaseModel

from ...schemas.extraction import Extraction
from ..errors import EndpointError, InputError
from ..extract import REPORT, extract_with
from ..readers.supplied.check_record import check_with
from ..readers.supplied.map_record import load_map, map_record
from ..source.decode import from_text
from ..source.inputs import printable
from .problems import RequestError
from .requests import CheckRequest, ExtractRequest, read_request

if TYPE_CHECKING:
    from ..llm.client import Client, Reply

Task = Literal["extract", "check"]


@dataclass(frozen=True, slots=True)
class Job:
    """A request to answer. model: the name of the server's model, if it has one. told: what the model said so far.

    as_text: whether the readable view is asked for, and not JSON.
    """

    task: Task
    body: bytes
    model: str | None = None
    told: "tuple[Reply[Any] | EndpointError, ...]" = ()
    as_text: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """verdict: the status of the extraction, or the code of the problem. fault: for the log, where the code went wrong."""

    status: int
    body: bytes
    verdict: str
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """What `Client.ask` takes."""

    messages: Sequence[dict[str, str]]
    answer: type[BaseModel]


def get_ready(memory: int, has_model: bool) -> None:
    """What a new worker does first. memory: bytes that it may address; signals are left to the front, which ends workers."""
    if has_model:
        import_module("..readers.model", __package__)
    if sys.platform != "win32":
        import resource

        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (memory if hard < 0 else min(memory, hard), hard))
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)


def reply(job: Job) -> Answer | Question:
    """A job → its answer, whatever the body is, or the question that must be asked first."""
    try:
        found = asyncio.run(_found(job))
        return Answer(200, _written(found, job).encode("utf-8"), found.status)
    except _UnaskedError as unasked:
        return unasked.question
    except (RequestError, InputError, EndpointError, MemoryError) as error:
        return answer_of(problem_of(error))
    except Exception as error:  # the border of the worker: a fault is told by its place, never by the text it met
        return answer_of(
            RequestError("internal", "the server failed on this request; its log says where"), fault_of(error)
        )


def _written(found: Extraction, job: Job) -> str:
    if not job.as_text:
        return found.model_dump_json()
    from ..cli.view import printed

    return printed(found)


def answer_of(problem: RequestError, fault: str = "") -> Answer:
    return Answer(problem.status, problem.body(), problem.code, fault)


def problem_of(error: Exception) -> RequestError:
    """What an expected error of the flow is to the sender of the request."""
    if isinstance(error, RequestError):
        return error
    if isinstance(error, MemoryError):
        return RequestError(
            "too_costly", "reading the text takes more memory than it may; split it into single reports"
        )
    return RequestError("model_unusable" if isinstance(error, EndpointError) else "unusable_input", str(error))


def fault_of(error: BaseException) -> str:
    """The kind of an error and the places it came through; its message is left out, as it may hold text of a report."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    return f"{type(error).__name__} at " + " < ".join(
        f"{f.filename.rpartition('/')[2]}:{f.lineno}" for f in frames[::-1]
    )


async def _found(job: Job) -> Extraction:
    request: CheckRequest | ExtractRequest = (
        read_request(job.body, CheckRequest) if job.task == "check" else read_request(job.body, ExtractRequest)
    )
    if request.engine == "model" and job.model is None:
        raise RequestError("no_model", "engine: this server has no model; use auto, or have it started with --model")
    source = from_text(request.text, printable(request.name))
    asker = _Asker(job) if job.model else None
    client = cast("Client | None", asker)
    if isinstance(request, CheckRequest):
        found = await check_with(source, _record(request, source.name), request.engine, client)
    else:
        found = await extract_with(source, request.engine, client)
    if asker and request.engine == "model" and found.reader != "supplied" and asker.unusable:
        raise asker.unusable
    return found


def _record(request: CheckRequest, name: str) -> Mapping[str, Any]:
    """The record in our shape."""
    if request.map is None:
        return request.record
    try:
        by = load_map(request.map.encode("utf-8"), f"{name}: the map", REPORT)
    except RecursionError as error:
        raise RequestError("unusable_input", f"{name}: the map is nested too deep") from error
    return map_record(request.record, by, f"{name}: the record", REPORT)


class _UnaskedError(Exception):
    """A question that the front must ask first."""

    def __init__(self, question: Question) -> None:
        super().__init__()
        self.question = question


class _Asker:
    """Stands for the client in a worker: gives the answers that the job brings, in their order."""

    by_answer = False

    def __init__(self, job: Job) -> None:
        self.settings = SimpleNamespace(model=job.model)
        self.unusable: EndpointError | None = None
        self._told = iter(job.told)

    async def ask(self, messages: Sequence[dict[str, str]], answer: type[BaseModel]) -> "Reply[Any]":
        told = next(self._told, None)
        if told is None:
            raise _UnaskedError(Question(messages, answer))
        if isinstance(told, EndpointError):
            self.unusable = told
            raise told
        return told
