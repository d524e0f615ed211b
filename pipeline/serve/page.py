"""The page to paste a report into. It loads nothing, runs nothing but its own script, and talks to this server alone."""

import base64
import hashlib
import re
from functools import cache
from importlib.resources import files

from starlette.responses import HTMLResponse

_OWN = re.compile(r"<(style|script)>(.*?)</\1>", re.DOTALL)


async def page() -> HTMLResponse:
    html, policy = _loaded()
    headers = {
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    return HTMLResponse(html, headers=headers)


@cache
def _loaded() -> tuple[str, str]:
    """The page, and its policy: what stands in it is allowed by its hash, and nothing else."""
    html = (files(__package__ or "") / "page.html").read_text(encoding="utf-8")
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
