"""A request's body → what is asked. Everything that is wrong with a body is said here, by the key that is wrong."""

import json
import re
from base64 import b64decode
from typing import Annotated, Any, NoReturn, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..extract import Engine
from ..readers.supplied.check_record import Engine as CheckEngine
from ..readers.supplied.record import LONGEST_NAME
from .form import keys_of
from .problems import RequestError

_LONGEST_NUMBER = 1000
_LONGEST_MAP = 50_000
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    text: Annotated[
        str | None, Field(description="the text of one report, as text or as HTML source; never an address of it")
    ] = None
    document: Annotated[
        str | None,
        Field(
            description="in place of `text` the bytes of its file, in base64: text, HTML, a saved page, DOCX, PDF or an image",
            json_schema_extra={"contentEncoding": "base64"},
        ),
    ] = None
    name: Annotated[
        str, Field(max_length=LONGEST_NAME, description="what `source.name` of the extraction is to say")
    ] = "text"

    @property
    def report(self) -> str | bytes:
        """The text, or the bytes of the file; raises RequestError where there is not one of them."""
        if self.text is not None and self.document is not None:
            raise RequestError("wrong_request", "text: there is a document, too; give one of them")
        if self.text is not None:
            return self.text
        if self.document is None:
            raise RequestError("wrong_request", "text: there is none; give it, or the bytes of the file as document")
        try:
            return b64decode(self.document, validate=True)
        except ValueError as error:
            raise RequestError("wrong_request", "document: no base64; give the bytes of the file in it") from error


class ExtractRequest(_Request):
    """One report to read."""

    engine: Annotated[
        Engine,
        Field(description="auto: rules first, and the model, if the server has one, for what they leave unresolved"),
    ] = "auto"


class CheckRequest(_Request):
    """One report, and the record that a parser of yours made of it."""

    record: Annotated[
        dict[str, Any], Field(description="in the shape of `report` in /v1/schema; gaps and nulls are allowed")
    ]
    map: Annotated[
        str | None,
        Field(
            max_length=_LONGEST_MAP, description="for a record of another shape: what MAP.toml holds, the text of it"
        ),
    ] = None
    engine: Annotated[
        CheckEngine,
        Field(description="who reads what cannot be vouched for; none: nobody, the record is only judged"),
    ] = "auto"


R = TypeVar("R", bound=BaseModel)


def read_request(body: bytes, kind: type[R], form: str = "") -> R:
    """The body of a request → what it asks; raises RequestError. form: the Content-Type of a form, empty for JSON."""
    if not form:
        return _validated(_loaded(body), kind)
    keys = keys_of(body, form)
    if "record" in keys:
        keys["record"] = _loaded(keys["record"].encode("utf-8"))
    return _validated(keys, kind)


def _loaded(body: bytes) -> Any:
    try:
        loaded = json.loads(
            body.decode("utf-8"), parse_constant=_refuse_constant, parse_float=_refuse_huge, object_pairs_hook=_once
        )
        if _SURROGATE.search(body):
            json.dumps(loaded, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as error:
        raise RequestError("not_json", "the body holds a lone surrogate; decode the text again") from error
    except UnicodeDecodeError as error:
        raise RequestError("not_json", f"byte {error.start:,} of the body is not UTF-8; send JSON in UTF-8") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise RequestError("not_json", f"the body is no JSON: {error.msg} at {where}; send one JSON object") from error
    except RecursionError as error:
        raise RequestError("not_json", "the body is nested too deep; send one JSON object") from error
    except ValueError as error:
        raise RequestError("not_json", f"the body is no JSON: {error}") from error
    return loaded


def _validated(loaded: Any, kind: type[R]) -> R:
    try:
        return kind.model_validate(loaded)
    except ValidationError as error:
        raise RequestError("wrong_request", _complaint(error, kind)) from error


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON; use null")


def _refuse_huge(number: str) -> float:
    if len(number) > _LONGEST_NUMBER or float(number) in (float("inf"), float("-inf")):
        raise ValueError("a number is too large to hold; give amounts as decimal strings")
    return float(number)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice in one object; give each key once")
    if any(len(key) > LONGEST_NAME for key in found):
        raise ValueError(f"a key is longer than {LONGEST_NAME} characters; give keys that are names")
    return found


def _complaint(error: ValidationError, kind: type[BaseModel]) -> str:
    """The first thing that is wrong, and how many more there are; the value itself is not repeated."""
    first, *more = error.errors(include_url=False, include_input=False, include_context=False)
    path = ".".join(map(str, first["loc"])) or "the body"
    told = f"{path}: {first['msg']}"
    if first["type"] == "extra_forbidden":
        told = f"{path}: unknown key; expected {', '.join(kind.model_fields)}"
    return f"{told}; correct it{f' ({len(more)} more)' if more else ''}"
