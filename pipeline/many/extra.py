"""What an extra brings, imported where it is used."""

from importlib import import_module
from typing import Any

from ..errors import SettingsError


def needs(module: str, what: str, extra: str) -> Any:
    """A module of an extra; raises SettingsError, which says what needs it and how to install it, where it is missing."""
    try:
        return import_module(module)
    except ImportError as error:
        raise SettingsError(f"{what} the package {module.split('.')[0]}; pip install '.[{extra}]'") from error
