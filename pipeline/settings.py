"""The settings of the model's endpoint, each with its default and its unit, in one place."""

import os
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from .errors import SettingsError

Mode = Literal["auto", "json_schema", "tools", "md_json"]

VARIABLES = {
    "model": ("NIANBAO_MODEL",),
    "base_url": ("NIANBAO_BASE_URL",),
    "api_key": ("NIANBAO_API_KEY", "OPENAI_API_KEY"),
    "cache_dir": ("NIANBAO_CACHE_DIR",),
}
"""Setting → the environment variables that give it, the first one found."""


class Settings(BaseModel):
    """How a model is reached and what it may cost. Unknown settings are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: Annotated[str | None, Field(description="the model's name at its endpoint; none: no model is asked")] = None
    base_url: Annotated[
        str | None, Field(pattern=r"^https?://", description="an OpenAI-compatible endpoint; none: OpenAI's own")
    ] = None
    api_key: Annotated[SecretStr | None, Field(description="sent to the endpoint, and to nothing else")] = None
    cache_dir: Annotated[Path | None, Field(description="where answers are kept; none: the user's cache folder")] = None
    mode: Annotated[Mode, Field(description="how a structured answer is asked for; auto: what the endpoint takes")] = (
        "auto"
    )
    timeout_s: Annotated[float, Field(gt=0, description="for one request")] = 120
    max_attempts: Annotated[int, Field(ge=1, description="of one request, where the endpoint fails or is busy")] = 6
    max_wait_s: Annotated[float, Field(gt=0, description="between two attempts, unless the endpoint names a time")] = 30
    max_in_flight: Annotated[int, Field(ge=1, description="requests at once")] = 16
    requests_per_minute: Annotated[int | None, Field(ge=1, description="none: no limit")] = None
    tokens_per_minute: Annotated[
        int | None, Field(ge=1, description="estimated before each request; none: no limit")
    ] = None
    max_output_tokens: Annotated[int, Field(ge=64, description="of one answer")] = 4096
    max_cost: Annotated[Decimal | None, Field(ge=0, description="in US dollars; nothing more is asked above it")] = None
    max_tokens: Annotated[int | None, Field(ge=0, description="in and out; nothing more is asked above it")] = None
    input_price: Annotated[
        Decimal | None, Field(ge=0, description="US dollars a million tokens; none: a price table")
    ] = None
    output_price: Annotated[
        Decimal | None, Field(ge=0, description="US dollars a million tokens; none: a price table")
    ] = None


def settings_from(environ: Mapping[str, str], **flags: Any) -> Settings:
    """Environment and flags → settings; flags win. Raises SettingsError naming each setting that is wrong."""
    found: dict[str, Any] = {}
    for name, variables in VARIABLES.items():
        value = next((environ[v] for v in variables if environ.get(v)), None)
        if value is not None:
            found[name] = value
    found |= {name: value for name, value in flags.items() if value is not None}
    try:
        return Settings.model_validate(found)
    except ValidationError as error:
        raise SettingsError("; ".join(_complaint(e) for e in error.errors(include_input=False))) from None


def _complaint(error: Any) -> str:
    name = ".".join(map(str, error["loc"]))
    variables = VARIABLES.get(name, ())
    return f"setting {name}{f' ({variables[0]})' if variables else ''}: {error['msg']}"


def environment() -> dict[str, str]:
    """The environment over a `.env` file in the working folder."""
    from dotenv import dotenv_values

    return {**{k: v for k, v in dotenv_values(".env").items() if v}, **os.environ}
