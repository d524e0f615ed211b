"""The settings of the model's endpoint, each with its default and its unit, in one place."""

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from ..errors import SettingsError

LOG = logging.getLogger(__name__)

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


def _is_plain(url: str | None) -> str | None:
    """An address is shown, and written into the manifest of a run: it holds no secret."""
    parts = urlsplit(url or "https://api.openai.com")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("give an address that begins with http:// or https://")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError("an address without user, password, ? and # is needed; a key is given by NIANBAO_API_KEY")
    return url


class Settings(BaseModel):
    """How a model is reached and what it may cost. Unknown settings are refused. A title says in Chinese what a setting is."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    model: Annotated[
        str | None,
        Field(
            title="模型名称；没有则不问模型", description="the model's name at its endpoint; none: no model is asked"
        ),
    ] = None
    base_url: Annotated[
        str | None,
        AfterValidator(_is_plain),
        Field(
            title="与 OpenAI 兼容的端点地址；没有则用 OpenAI 自己的",
            description="an OpenAI-compatible endpoint; none: OpenAI's own",
        ),
    ] = None
    api_key: Annotated[
        SecretStr | None,
        Field(title="只发给端点，别处都不出现", description="sent to the endpoint, and to nothing else"),
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
            title="以何种方式要求结构化的回答；auto 为端点所接受者",
            description="how a structured answer is asked for; auto: what the endpoint takes",
        ),
    ] = "auto"
    timeout_s: Annotated[float, Field(gt=0, title="一次请求最多几秒", description="seconds for one request")] = 120
    max_attempts: Annotated[
        int,
        Field(
            ge=1,
            title="端点出错或繁忙时，一次请求最多试几回",
            description="of one request, where the endpoint fails or is busy",
        ),
    ] = 6
    max_wait_s: Annotated[
        float,
        Field(
            gt=0,
            title="两回之间最多等几秒，端点指明时间者除外",
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
            title="每分钟词元数，请求前估计；没有则不限",
            description="estimated before each request; none: no limit",
        ),
    ] = None
    max_output_tokens: Annotated[int, Field(ge=64, title="一个回答最多几个词元", description="of one answer")] = 4096
    max_cost: Annotated[
        Decimal | None,
        Field(ge=0, title="预算，美元；用完不再问", description="in US dollars; nothing more is asked above it"),
    ] = None
    max_tokens: Annotated[
        int | None,
        Field(
            ge=0,
            title="预算，输入输出合计的词元；用完不再问",
            description="in and out; nothing more is asked above it",
        ),
    ] = None
    input_price: Annotated[
        Decimal | None,
        Field(
            ge=0,
            title="每百万输入词元几美元；没有则查价目表",
            description="US dollars a million tokens; none: a price table",
        ),
    ] = None
    output_price: Annotated[
        Decimal | None,
        Field(
            ge=0,
            title="每百万输出词元几美元；没有则查价目表",
            description="US dollars a million tokens; none: a price table",
        ),
    ] = None


@dataclass(frozen=True, slots=True)
class Variables:
    """What the environment gives, and what a `.env` file in the working folder does; the environment comes first.

    A folder may be anybody's, and so may its `.env`: a key of the environment is not for an address that the file names.
    """

    environ: Mapping[str, str]
    file: Mapping[str, str] = field(default_factory=dict)

    def find(self, name: str) -> str | None:
        """The value of a variable; None where it is nowhere, or empty."""
        return self.environ.get(name) or self.file.get(name) or None

    def of_setting(self, name: str) -> str | None:
        """The variable that gives a setting: the first one found; None where none does."""
        return next((v for v in VARIABLES[name] if self.find(v)), None)

    def is_of_file(self, variable: str) -> bool:
        return not self.environ.get(variable) and variable in self.file

    def where(self, name: str, value: str) -> str:
        """What gives a setting this value: "NIANBAO_MODEL of .env"; empty where no variable does."""
        for of, given in (("", self.environ), (" of .env", self.file)):
            for variable in VARIABLES[name]:
                if given.get(variable) == value:
                    return variable + of
        return ""


def settings_from(variables: Variables, **flags: Any) -> Settings:
    """Variables and flags → settings; flags win. Raises SettingsError naming each setting that is wrong."""
    given = {name: value for name, value in flags.items() if value is not None}
    if "base_url" not in given:
        variables = _with_keys_for_its_address(variables)
    found = {name: variables.find(variable) for name in VARIABLES if (variable := variables.of_setting(name))}
    try:
        return Settings.model_validate(found | given)
    except ValidationError as error:
        raise SettingsError("; ".join(_complaint(e) for e in error.errors(include_input=False))) from None


def _with_keys_for_its_address(variables: Variables) -> Variables:
    """The variables without the environment's keys, where the address is the file's; that a key is left out is said."""
    address, key = variables.of_setting("base_url"), variables.of_setting("api_key")
    if address is None or key is None or not variables.is_of_file(address) or variables.is_of_file(key):
        return variables
    keys = VARIABLES["api_key"]
    theirs = Variables({k: v for k, v in variables.environ.items() if k not in keys}, variables.file)
    if theirs.of_setting("api_key") is None:
        LOG.warning(
            "%s of the environment is not sent to the address that %s of .env names;"
            " put the key into .env too, or the address into the environment or --base-url",
            key,
            address,
        )
    return theirs


def _complaint(error: Any) -> str:
    name = ".".join(map(str, error["loc"]))
    variables = VARIABLES.get(name, ())
    return f"setting {name}{f' ({variables[0]})' if variables else ''}: {error['msg']}"


def environment() -> Variables:
    """The environment, and a `.env` file in the working folder, in which nothing of the environment is filled in.

    Raises SettingsError where the file cannot be read.
    """
    from dotenv import dotenv_values

    path = Path(".env")
    try:
        text = path.read_text(encoding="utf-8-sig") if _is_there(path) else ""
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f".env: cannot be read ({type(error).__name__}); save it as UTF-8, or remove it") from error
    file = dotenv_values(stream=StringIO(text), interpolate=False)
    return Variables(os.environ, {name: value for name, value in file.items() if value})


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # in a folder that may not be looked into
        return False
