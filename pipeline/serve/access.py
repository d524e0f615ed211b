"""Who may ask: whoever reaches the server, or whoever knows its bearer token."""

import hmac
import ipaddress
from collections.abc import Mapping
from pathlib import Path

from starlette.requests import Request

from ..errors import InputError, SettingsError
from .problems import RequestError

VARIABLE = "NIANBAO_SERVE_TOKEN"
_SHORTEST = 16


def token_from(environ: Mapping[str, str], path: str | None) -> str | None:
    """The token of the file, else of the environment; None where there is neither. Raises SettingsError for one that is weak."""
    if path is None:
        token, where = environ.get(VARIABLE), VARIABLE
    else:
        where = f"--token-file {path}"
        try:
            token = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{where}: cannot be read ({type(error).__name__}); check the path") from error
    if token is None or (token == "" and path is None):
        return None
    if len(token) < _SHORTEST or not token.isascii() or not token.isprintable() or " " in token:
        raise SettingsError(
            f"{where}: a token of at least {_SHORTEST} printable ASCII characters without spaces is needed;"
            " make one with: openssl rand -hex 32"
        )
    return token


def require_token(host: str, token: str | None, is_open: bool) -> None:
    """Raises SettingsError where others than this machine would be let in without a token and nobody said so."""
    if token is None and not is_open and not _is_loopback(host):
        raise SettingsError(
            f"--host {host}: others than this machine could ask; set {VARIABLE} or --token-file, or say --no-token"
        )


def admit(request: Request, token: str | None) -> None:
    """Raises RequestError where a token is asked for and the request does not bear it; compared in constant time."""
    if token is None:
        return
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode("utf-8"), token.encode("utf-8")):
        raise RequestError("unauthorized", "no valid bearer token; send Authorization: Bearer TOKEN")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
