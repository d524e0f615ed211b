"""A saved page (.mhtml, .mht) → the HTML of the page, and of the frames in it."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from email.message import EmailMessage

_HEADS = re.compile(
    rb"[\w-]+:[^\n]*\n(?:[ \t][^\n]*\n|[\w-]+:[^\n]*\n)*?Content-Type:\s*(?:multipart/related|text/html)", re.I
)
_MOST_FRAMES = 20


def is_mhtml(data: bytes) -> bool:
    """Whether bytes are a page as browsers and Word save it with all its parts."""
    return _HEADS.match(data[:4_000].lstrip().replace(b"\r\n", b"\n")) is not None


def pages_of(data: bytes) -> list[tuple[bytes, str]]:
    """The bytes of a saved page → the HTML of the page and of its frames, each with the encoding that is stated, "" none."""
    from email import message_from_bytes, policy

    message = message_from_bytes(data, policy=policy.default)
    parts = [part for part in message.walk() if part.get_content_type() == "text/html"]
    return [(_payload(part), part.get_content_charset("") or "") for part in parts[:_MOST_FRAMES]]


def _payload(part: "EmailMessage") -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""
