"""What a worker does: the body of a request → the body of its answer, or a question for the model that it needs first."""

import signal
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from ...schemas.extraction import Extraction
from ..errors import EndpointError, InputError
from ..extract import REPORT, extract_with
from ..language import Language, speaking
from ..many.questions import Heard, Question, until_asked
from ..readers.supplied.check_record import check_with
from ..readers.supplied.map_record import load_map, map_record
from ..source.decode import read_source
from ..source.inputs import printable
from .problems import RequestError
from .requests import CheckRequest, ExtractRequest, read_request

if TYPE_CHECKING:
    from ..llm.client import Client

Task = Literal["extract", "check"]


@dataclass(frozen=True, slots=True)
class Job:
    """A request to answer. as_text: whether the readable view is asked for, and not JSON. language: the one it names, if it does.

    form: the Content-Type of a body that is a form, empty for one of JSON.
    """

    task: Task
    body: bytes
    as_text: bool = False
    language: Language | None = None
    form: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """verdict: the status of the extraction, or the code of the problem. fault: for the log, where the code went wrong."""

    status: int
    body: bytes
    verdict: str
    fault: str = ""


def get_ready(memory: int, has_model: bool) -> None:
    """What a new worker does first. memory: bytes that it may address; signals are left to the front, which ends workers."""
    if has_model:
        import_module("..readers.model", __package__)
    if sys.platform != "win32":
        import resource

        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (memory if hard < 0 else min(memory, hard), hard))
        signal.signal(signal.SIGTERM, signal.SIG_IGN)


def reply(asked: tuple[Job, Heard | None]) -> Answer | Question:
    """A job → its answer, whatever the body is, or the question that must be asked first. Heard: of the server's model, if it has one."""
    job, heard = asked
    try:
        found = until_asked(partial(_found, job), heard)
        if isinstance(found, Question):
            return found
        return Answer(200, _written(found, job).encode("utf-8"), found.status)
    except (RequestError, InputError, EndpointError, MemoryError) as error:
        return answer_of(problem_of(error), language=job.language)
    except Exception as error:  # the border of the worker: a fault is told by its place, never by the text it met
        problem = RequestError("internal", "the server failed on this request; its log says where")
        return answer_of(problem, fault_of(error), job.language)


def _written(found: Extraction, job: Job) -> str:
    if not job.as_text:
        return found.model_dump_json()
    from ..cli.view import printed

    with speaking(job.language):
        return printed(found)


def answer_of(problem: RequestError, fault: str = "", language: Language | None = None) -> Answer:
    return Answer(problem.status, problem.body(language=language), problem.code, fault)


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


async def _found(job: Job, client: "Client | None") -> Extraction:
    request: CheckRequest | ExtractRequest = (
        read_request(job.body, CheckRequest, job.form)
        if job.task == "check"
        else read_request(job.body, ExtractRequest, job.form)
    )
    if request.engine == "model" and client is None:
        raise RequestError("no_model", "engine: this server has no model; use auto, or have it started with --model")
    source = read_source(request.report, printable(request.name))
    if isinstance(request, CheckRequest):
        found = await check_with(source, _record(request, source.name), request.engine, client)
    else:
        found = await extract_with(source, request.engine, client)
    if client and request.engine == "model" and found.reader != "supplied" and client.unusable:
        raise client.unusable
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
