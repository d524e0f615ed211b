"""A form as browsers and `curl -F` send it → the keys that JSON would have."""

import io
from base64 import b64encode
from typing import Any

from .problems import RequestError

FORM = "multipart/form-data"


def is_form(content_type: str) -> bool:
    return content_type.partition(";")[0].strip().lower() == FORM


def keys_of(body: bytes, content_type: str) -> dict[str, Any]:
    """The body of a form, and its Content-Type → key by key its text; a file's bytes in base64, and its name as `name`.

    Raises RequestError where the body is no such form, or has a key twice.
    """
    from python_multipart.exceptions import FormParserError
    from python_multipart.multipart import create_form_parser

    found: list[tuple[str, Any]] = []
    names: list[str] = []

    def take_field(field: Any) -> None:
        found.append((field.field_name.decode("utf-8"), (field.value or b"").decode("utf-8")))

    def take_file(file: Any) -> None:
        found.append((file.field_name.decode("utf-8"), b64encode(_bytes_of(file)).decode("ascii")))
        names.append((file.file_name or b"").decode("utf-8", "replace"))

    try:
        parser = create_form_parser(
            {"Content-Type": content_type.encode("latin-1")},
            take_field,
            take_file,
            config={"MAX_MEMORY_FILE_SIZE": len(body) + 1},
        )
        parser.write(body)
        parser.finalize()
    except UnicodeDecodeError as error:
        raise RequestError(
            "wrong_request", "a key or a text of the form is not UTF-8; send a file as document"
        ) from error
    except FormParserError as error:
        raise RequestError("wrong_request", f"the body is no form ({error}); send it as curl -F does") from error
    if len(dict(found)) < len(found):
        raise RequestError("wrong_request", "a key stands twice in the form; give each key once")
    keys = dict(found)
    return {"name": names[0], **keys} if names and names[0] else keys


def _bytes_of(file: Any) -> bytes:
    kept: io.BytesIO = file.file_object
    kept.seek(0)
    return kept.read()
