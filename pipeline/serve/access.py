"""Who may ask: whoever reaches the server, or whoever knows its bearer token."""

import hmac
import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request

from ..errors import InputError, SettingsError
from .problems import RequestError

VARIABLE = "NIANBAO_SERVE_TOKEN"
_SHORTEST = 16
_HOST = re.compile(r"(?:(?P<name>[A-Za-z0-9._-]{1,253})|\[(?P<address>[0-9A-Fa-f:.]{2,45})\])(?::[0-9]{1,5})?")


def token_from(find: Callable[[str], str | None], path: str | None) -> str | None:
    """The token of the file, else of the variable; None where there is neither. Raises SettingsError for one that is weak."""
    if path is None:
        token, where = find(VARIABLE), VARIABLE
    else:
        where = f"--token-file {path}"
        try:
            token = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{where}: cannot be read ({type(error).__name__}); check the path") from error
    if token is None:
        return None
    if len(token) < _SHORTEST or not token.isascii() or not token.isprintable() or " " in token:
        raise SettingsError(
            f"{where}: a token of at least {_SHORTEST} printable ASCII characters without spaces is needed;"
            " make one with: openssl rand -hex 32"
        )
    return token


@dataclass(frozen=True, slots=True)
class Access:
    """Who is answered. token: None for none. is_local: only requests that name this machine by its own names.

    A page in a browser of this machine can reach a local server under a name that its author made lead here; then the
    browser takes both for one site. The name is in the request's Host.
    """

    token: str | None = None
    is_local: bool = False

    def admit(self, request: Request) -> None:
        """Raises RequestError where the request is not to be answered; the token is compared in constant time."""
        if self.is_local and not is_loopback(named_host(request)):
            raise RequestError("wrong_host", "Host: the server answers for this machine alone; ask by 127.0.0.1")
        if self.token is None:
            return
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        expected = self.token.encode("utf-8")
        if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode("utf-8"), expected):
            raise RequestError("unauthorized", "no valid bearer token; send Authorization: Bearer TOKEN")

    def admit_form(self, request: Request) -> None:
        """Raises RequestError where a page of another site sends a form, as browsers let it do without asking."""
        origin = request.headers.get("origin")
        if origin is not None and origin.partition("://")[2] != request.headers.get("host"):
            told = "Content-Type: a form is not taken from a page of another site; set application/json, and send JSON"
            raise RequestError("wrong_media_type", told)


def access_for(host: str, token: str | None, is_open: bool) -> Access:
    """Who is answered on an address. is_open: without a token, whoever reaches it.

    Raises SettingsError where others than this machine would be let in without a token and nobody said so.
    """
    if is_open:
        return Access()
    if token is None and not is_loopback(host):
        raise SettingsError(
            f"--host {host}: others than this machine could ask; set {VARIABLE} or --token-file, or say --no-token"
        )
    return Access(token, is_local=token is None)


def client_of(request: Request) -> str:
    """Whom a request is from, as far as its connection tells: an address."""
    return request.client.host if request.client else ""


def named_host(request: Request) -> str:
    """The host that a request names, without its port; empty where it names none, several, or what is no host."""
    named = request.headers.getlist("host")
    found = _HOST.fullmatch(named[0]) if len(named) == 1 else None
    return (found["name"] or found["address"]).lower() if found else ""


def is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
