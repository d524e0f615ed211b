"""The addresses of the service. Nothing here looks into a body: it is handed to a worker, and the worker's answer is sent."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cache

from fastapi import FastAPI, Request, Response
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException

from ...schemas.extraction import Extraction
from ..errors import NianbaoError
from ..language import spoken
from ..llm.settings import Settings
from .access import Access, client_of
from .batch import Batch
from .body import JSON, JSON_LINES, TEXT, read_body, require
from .describe import about, describe_get, describe_many, describe_one, with_examples
from .form import FORM, is_form
from .limits import Limits
from .log import Logged, Seen
from .model import Model
from .page import named_language, page
from .pool import GoneError, Pool
from .problems import RequestError
from .reply import Job, Task
from .stopping import Stopping

ANYONE = Access()
_CLIENT_CLOSED = 499
"""For the log alone: nobody is there to be answered."""


def make_app(
    limits: Limits, access: Access = ANYONE, settings: Settings | None = None, stopping: Stopping | None = None
) -> FastAPI:
    """The service as an ASGI app. settings: of the model that it may ask, None for none. stopping: set, it takes no more."""
    token = access.token
    service = Service(limits, access, settings, stopping or Stopping())
    app = FastAPIOffline(redoc_url=None, lifespan=service.live, **about())
    app.add_api_route("/", page, include_in_schema=False)
    app.add_api_route("/healthz", _healthz, **describe_get("Whether the server runs", None))
    app.add_api_route("/v1/schema", service.schema, **describe_get("The JSON Schema of an extraction", token))
    tasks: tuple[Task, Task] = ("extract", "check")
    for task in tasks:
        app.add_api_route(f"/v1/{task}", service.one(task), name=task, **describe_one(task, token))
        app.add_api_route(f"/v1/{task}/batch", service.many(task), name=f"{task}_batch", **describe_many(task, token))
    described = app.openapi
    app.openapi = cache(lambda: with_examples(described(), token))  # type: ignore[method-assign]
    app.add_exception_handler(RequestError, _refuse)
    app.add_exception_handler(HTTPException, _refuse_http)
    app.add_exception_handler(GoneError, _say_nothing)
    app.add_middleware(Logged)
    return app


class Service:
    """What the addresses share."""

    def __init__(self, limits: Limits, access: Access, settings: Settings | None, stopping: Stopping) -> None:
        self._limits, self._access, self._settings, self._stopping = limits, access, settings, stopping
        self._pool = Pool(limits)  # until it lives, which none of it does

    @asynccontextmanager
    async def live(self, app: FastAPI) -> AsyncIterator[None]:
        """From the first worker's start to the last one's end, with the model's client, if there is one."""
        async with _noted(app), AsyncExitStack() as stack:
            model = None
            if self._settings is not None:
                from ..llm.client import open_client

                model = Model(await stack.enter_async_context(open_client(self._settings)), self._limits.model_s)
            self._pool = await stack.enter_async_context(Pool(self._limits, model))
            yield

    def one(self, task: Task) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            self._admit(request, (*JSON, FORM))
            form = content_type if is_form(content_type := request.headers.get("content-type", "")) else ""
            if form:
                self._access.admit_form(request)
            with self._pool.place(client_of(request)) as place:
                body = await read_body(request, place, self._pool)
                as_text = _wants_text(request)
                job = Job(task, body, as_text, named_language(request) or (spoken() if as_text else None), form)
                found = await self._pool.answer(job, self._limits.wait_s, request.is_disconnected)
            seen = Seen.of(request.scope)
            seen.verdict, seen.fault = found.verdict, found.fault
            return Response(
                found.body, found.status, media_type=TEXT if job.as_text and found.status == 200 else JSON[0]
            )

        return answer

    def many(self, task: Task) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            self._admit(request, JSON_LINES)
            return Batch(request, task, self._pool, self._stopping)

        return answer

    async def schema(self, request: Request) -> Response:
        self._access.admit(request)
        return Response(_schema(), media_type=JSON[0])

    def _admit(self, request: Request, media_types: tuple[str, ...]) -> None:
        """Raises RequestError where the head of a request says that its body will not be taken."""
        self._access.admit(request)
        require(request, media_types)
        if self._stopping.is_set:
            raise self._stopping.problem()


def _wants_text(request: Request) -> bool:
    """Whether the readable view is asked for: by an Accept that names plain text first."""
    return request.headers.get("accept", "").partition(",")[0].partition(";")[0].strip().lower() == TEXT


@asynccontextmanager
async def _noted(app: FastAPI) -> AsyncIterator[None]:
    """Keep the error of ours that stops the app, which the server would only log."""
    try:
        yield
    except NianbaoError as error:
        app.state.trouble = error
        raise


@cache
def _schema() -> bytes:
    return json.dumps(Extraction.model_json_schema(mode="serialization"), ensure_ascii=False).encode("utf-8")


async def _healthz() -> dict[str, str]:
    return {"status": "ok"}


async def _refuse(request: Request, error: Exception) -> Response:
    problem = (
        error if isinstance(error, RequestError) else RequestError("internal", "the server failed on this request")
    )
    Seen.of(request.scope).verdict = problem.code
    body = problem.body(language=named_language(request))
    return Response(body, problem.status, problem.headers, JSON[0])


async def _refuse_http(request: Request, error: Exception) -> Response:
    """What the router refuses, told as everything else is."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    allow = (getattr(error, "headers", None) or {}).get("Allow")
    if status == 405:
        return await _refuse(
            request, RequestError("wrong_method", "this address does not take the method", allow=allow)
        )
    if status == 404:
        return await _refuse(request, RequestError("not_found", "no such address; see /openapi.json"))
    return await _refuse(request, RequestError("bad_request", "the request cannot be understood; see /openapi.json"))


async def _say_nothing(request: Request, error: Exception) -> Response:  # noqa: ARG001  # what Starlette calls
    return Response(status_code=_CLIENT_CLOSED)
