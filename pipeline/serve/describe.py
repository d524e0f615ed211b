"""The OpenAPI description: what each address takes and gives, with examples that the code itself made."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from typing import Annotated, Any

from pydantic import BaseModel, Field

from ...schemas.extraction import Extraction
from ..extract import extract
from ..readers.supplied.check_record import check
from .body import JSON, JSON_LINES
from .form import FORM
from .problems import PROBLEMS
from .reply import Task
from .requests import CheckRequest, ExtractRequest

_BODY = (
    "not_json", "bad_request", "too_slow", "too_large", "wrong_media_type", "wrong_encoding", "wrong_host", "wrong_request",
    "unusable_input", "no_model", "too_costly", "busy", "internal", "model_unusable", "stopping",
)  # fmt: skip
_ABOUT = (
    "Yearly reports on open government information (政府信息公开工作年度报告) as validated data. An answer is an extraction: its"
    " `status` says whether all of the report is vouched for, `evidence` of each cell (`trust`) whether that cell is, and `doubts`"
    " what the others could be."
)
_BATCH = ("wrong_media_type", "wrong_encoding", "wrong_host", "busy", "internal", "stopping")


class Error(BaseModel):
    """What was found, and what to do."""

    code: Annotated[str, Field(json_schema_extra={"enum": list(PROBLEMS)})]
    message: str


class ErrorAnswer(BaseModel):
    """The answer to a request that cannot be answered otherwise."""

    error: Error


def about() -> dict[str, Any]:
    """The description's head, as arguments for FastAPI."""
    return {
        "title": "nianbao",
        "version": version("nianbao"),
        "description": _ABOUT,
        "license_info": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    }


def describe_get(summary: str, token: str | None, model: type[BaseModel] | None = None) -> dict[str, Any]:
    """The arguments of `add_api_route` for an address that gives something."""
    codes = ("unauthorized",) if token else ()
    return {
        "methods": ["GET"],
        "summary": summary,
        "response_model": model,
        "responses": _errors(codes),
        **_open(token),
    }


def describe_one(task: Task, token: str | None) -> dict[str, Any]:
    """The arguments of `add_api_route` for one report."""
    kind = CheckRequest if task == "check" else ExtractRequest
    return {
        "methods": ["POST"],
        "summary": f"{kind.__doc__} JSON in, JSON out.",
        "response_model": Extraction,
        "responses": _errors((*(("unauthorized",) if token else ()), *_BODY)),
        **_open(token, {JSON[0]: {"schema": kind.model_json_schema()}, FORM: {"schema": _form_of(kind)}}),
    }


def _form_of(kind: type[BaseModel]) -> dict[str, Any]:
    """The schema of a form: the keys of JSON as text, but for the file itself."""
    keys = kind.model_json_schema()["properties"]
    texts = {key: {"type": "string", "description": told.get("description", "")} for key, told in keys.items()}
    return {
        "type": "object",
        "properties": {**texts, "document": {"type": "string", "contentMediaType": "application/octet-stream"}},
    }


def describe_many(task: Task, token: str | None) -> dict[str, Any]:
    """The arguments of `add_api_route` for a batch."""
    lines = {"schema": {"type": "string", "description": f"each line a body of /v1/{task}"}}
    given = {
        "schema": {"type": "string", "description": "each line an extraction, or an error with the number of its line"}
    }
    return {
        "methods": ["POST"],
        "summary": f"Many of /v1/{task}: JSON Lines in, JSON Lines out, a line for each, in their order, as they come.",
        "responses": {
            **_errors((*(("unauthorized",) if token else ()), *_BATCH)),
            200: {"description": "One line for each line of the body", "content": {JSON_LINES[0]: given}},
        },
        **_open(token, dict.fromkeys(JSON_LINES, lines)),
    }


def _open(token: str | None, content: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What FastAPI does not know of an address: its body, which it is not to read, and its token."""
    found: dict[str, Any] = {"security": [{"bearer": []}]} if token else {}
    return {"openapi_extra": found | ({"requestBody": {"required": True, "content": content}} if content else {})}


def _errors(codes: tuple[str, ...]) -> dict[int | str, dict[str, Any]]:
    """Codes → the responses that bear them, by status."""
    found: dict[int | str, dict[str, Any]] = {}
    for code in codes:
        kind = PROBLEMS[code]
        told = f"`{code}`: {kind.meaning}"
        if kind.status in found:
            told = f"{found[kind.status]['description']}; {told}"
        found[kind.status] = {"model": ErrorAnswer, "description": told}
        if code in ("busy", "stopping"):
            found[kind.status]["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "seconds"}}
    return found


# --- Examples --------------------------------------------------------------------------------------------------------


def with_examples(description: dict[str, Any], token: str | None) -> dict[str, Any]:
    """The description with an example of each request and of its answer."""
    if token:
        description["components"]["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
    for task, (asked, given) in examples().items():
        one = description["paths"][f"/v1/{task}"]["post"]
        one["requestBody"]["content"][JSON[0]]["example"] = asked
        one["responses"]["200"]["content"][JSON[0]]["example"] = given
        many = description["paths"][f"/v1/{task}/batch"]["post"]
        for content in many["requestBody"]["content"].values():
            content["example"] = f"{json.dumps(asked, ensure_ascii=False)}\n"
        many["responses"]["200"]["content"][JSON_LINES[0]]["example"] = f"{json.dumps(given, ensure_ascii=False)}\n"
    return description


@cache
def examples() -> dict[Task, tuple[dict[str, Any], dict[str, Any]]]:
    """For each task a request and its answer, made by reading a sample; the record that is checked has one figure wrong."""
    samples = sorted(files("nianbao.eval.samples").iterdir(), key=lambda f: f.name)
    text = next(f for f in samples if f.name.endswith(".txt")).read_text(encoding="utf-8")
    extracted = extract(text, "rules", name="report.txt").model_dump(mode="json")
    record = _with_an_error(
        extracted["report"], next(p for p, e in extracted["evidence"].items() if e["text"].isdigit())
    )
    checked = check(text, record, "none", name="report.txt").model_dump(mode="json")
    asked = {"text": text, "name": "report.txt"}
    return {"extract": (asked, extracted), "check": ({**asked, "record": record, "engine": "none"}, checked)}


def _with_an_error(record: Any, path: str) -> Any:
    """A copy of the record with one more in this cell."""
    name, _, rest = path.partition(".")
    return {**record, name: _with_an_error(record[name], rest) if rest else record[name] + 1}
