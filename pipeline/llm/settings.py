"""The settings of the model's endpoint, each with its default and its unit, in one place."""

import os
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from ..errors import SettingsError

Mode = Literal["auto", "json_schema", "tools", "md_json"]

VARIABLES = {
    "model": ("NIANBAO_MODEL",),
    "base_url": ("NIANBAO_BASE_URL",),
    "api_key": ("NIANBAO_API_KEY", "OPENAI_API_KEY"),
    "cache_dir": ("NIANBAO_CACHE_DIR",),
    "cache_url": ("NIANBAO_CACHE_URL",),
}
"""Setting → the environment variables that give it, the first one found."""


def _is_of_a_server(url: SecretStr | None) -> SecretStr | None:
    if url is not None and not url.get_secret_value().startswith(("redis://", "rediss://", "valkey://", "valkeys://")):
        raise ValueError("give an address that begins with redis://, rediss://, valkey:// or valkeys://")
    return url


class Settings(BaseModel):
    """How a model is reached and what it may cost. Unknown settings are refused. A title says in Chinese what a setting is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: Annotated[
        str | None,
        Field(
            title="模型名称；没有则不问模型", description="the model's name at its endpoint; none: no model is asked"
        ),
    ] = None
    base_url: Annotated[
        str | None,
        Field(
            pattern=r"^https?://",
            title="与 OpenAI 兼容的接口地址；没有则用 OpenAI 自己的",
            description="an OpenAI-compatible endpoint; none: OpenAI's own",
        ),
    ] = None
    api_key: Annotated[
        SecretStr | None,
        Field(title="只发给接口，别处都不出现", description="sent to the endpoint, and to nothing else"),
    ] = None
    cache_dir: Annotated[
        Path | None,
        Field(
            title="存放回答的文件夹；没有则用用户的缓存目录",
            description="where answers are kept; none: the user's cache folder",
        ),
    ] = None
    cache_url: Annotated[
        SecretStr | None,
        AfterValidator(_is_of_a_server),
        Field(
            title="存放回答的 Redis 或 Valkey（`redis://…`），代替文件夹；其中的密码别处都不出现",
            description="a Redis or Valkey that keeps answers instead (`redis://…`); its password is shown nowhere",
        ),
    ] = None
    mode: Annotated[
        Mode,
        Field(
            title="以何种方式要求结构化的回答；auto 为接口所接受者",
            description="how a structured answer is asked for; auto: what the endpoint takes",
        ),
    ] = "auto"
    timeout_s: Annotated[float, Field(gt=0, title="一次请求最多几秒", description="seconds for one request")] = 120
    max_attempts: Annotated[
        int,
        Field(
            ge=1,
            title="接口出错或繁忙时，一次请求最多试几回",
            description="of one request, where the endpoint fails or is busy",
        ),
    ] = 6
    max_wait_s: Annotated[
        float,
        Field(
            gt=0,
            title="两回之间最多等几秒，接口指明时间者除外",
            description="seconds between two attempts, unless the endpoint names a time",
        ),
    ] = 30
    max_in_flight: Annotated[int, Field(ge=1, title="同时进行的请求数", description="requests at once")] = 16
    requests_per_minute: Annotated[
        int | None, Field(ge=1, title="每分钟请求数；没有则不限", description="none: no limit")
    ] = None
    tokens_per_minute: Annotated[
        int | None,
        Field(
            ge=1,
            title="每分钟 token 数，请求前估计；没有则不限",
            description="estimated before each request; none: no limit",
        ),
    ] = None
    max_output_tokens: Annotated[int, Field(ge=64, title="一个回答最多几个 token", description="of one answer")] = 4096
    max_cost: Annotated[
        Decimal | None,
        Field(ge=0, title="预算，美元；用完不再问", description="in US dollars; nothing more is asked above it"),
    ] = None
    max_tokens: Annotated[
        int | None,
        Field(
            ge=0,
            title="预算，输入输出合计的 token；用完不再问",
            description="in and out; nothing more is asked above it",
        ),
    ] = None
    input_price: Annotated[
        Decimal | None,
        Field(
            ge=0,
            title="每百万输入 token 几美元；没有则查价目表",
            description="US dollars a million tokens; none: a price table",
        ),
    ] = None
    output_price: Annotated[
        Decimal | None,
        Field(
            ge=0,
            title="每百万输出 token 几美元；没有则查价目表",
            description="US dollars a million tokens; none: a price table",
        ),
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
