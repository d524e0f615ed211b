"""The page to paste a report into. It loads nothing, runs nothing but its own script, and talks to this server alone."""

import base64
import hashlib
import re
from functools import cache
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import HTMLResponse

from ..language import Language, first_named, speaking, spoken, told

_OWN = re.compile(r"<(style|script)>(.*?)</\1>", re.DOTALL)


_TOLD = re.compile(r"\{\{([^{}]*)\}\}")
"""What of the page is told in the language of whoever looks at it."""


def named_language(request: Request) -> Language | None:
    """The language that a request names first, where it is spoken here."""
    return first_named(request.headers.get("accept-language", ""))


async def page(request: Request) -> HTMLResponse:
    html, policy = _loaded(named_language(request) or spoken() or "zh")
    headers = {
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    return HTMLResponse(html, headers=headers)


@cache
def _loaded(language: Language) -> tuple[str, str]:
    """The page, and its policy: what stands in it is allowed by its hash, and nothing else."""
    html = (files(__package__ or "") / "page.html").read_text(encoding="utf-8").replace("{{lang}}", language)
    with speaking(language):
        html = _TOLD.sub(lambda place: told(place[1]), html)
    own = {kind: base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for kind, text in _OWN.findall(html)}
    allowed = [f"{kind}-src 'sha256-{digest}'" for kind, digest in own.items()]
    return html, "; ".join(
        [
            "default-src 'none'",
            *allowed,
            "connect-src 'self'",
            "form-action 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ]
    )
