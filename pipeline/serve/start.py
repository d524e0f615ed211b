"""What the command line gives → a server that runs."""

from typing import Any

from ..cli.console import model_settings
from ..llm.configuration import environment
from ..many.extra import needs
from .limits import Limits

_OWN = ("workers", "queue", "read_s", "body_bytes")


def start(host: str, port: int, token_file: str | None, is_open: bool, flags: dict[str, Any]) -> None:
    """Serve until told to stop. flags: of the limits and of the model, None where one is not given.

    Raises SettingsError where a setting is wrong or the extra is not installed, InputError where the token cannot be read.
    """
    for module in ("uvicorn", "fastapi", "fastapi_offline"):
        needs(module, "nianbao serve needs", "serve")
    from .access import access_for, token_from
    from .run import serve

    limits = Limits(**{name: flags[name] for name in _OWN if flags[name] is not None})
    told = {name: value for name, value in flags.items() if name not in _OWN}
    # What strangers send is logged where that is asked for, and not by default.
    settings = model_settings("auto", told, is_logged=False)
    access = access_for(host, token_from(environment().find, token_file), is_open)
    serve(host, port, limits, access, settings)
