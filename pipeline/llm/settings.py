"""The settings of a model and its endpoint, each with its default and its unit, in one place."""

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, SecretStr

Mode = Literal["auto", "json_schema", "tools", "md_json"]
Protocol = Literal["openai", "anthropic", "google"]

ADDRESSES: Mapping[Protocol, str] = {
    "openai": "https://api.openai.com/v1",
    "anthropic": "https://api.anthropic.com",
    "google": "https://generativelanguage.googleapis.com",
}
"""Whose protocol → the address of its own endpoint."""


def _as_json(told: object) -> object:
    """A variable and a flag are text."""
    if not isinstance(told, str):
        return told
    try:
        return json.loads(told)
    except ValueError:
        raise ValueError('give a JSON object, as {"enable_thinking": false}') from None


def _is_one(name: str | None) -> str | None:
    if name is not None and ("," in name or not name.strip()):
        raise ValueError("give the name of one model; further ones stand in `then`")
    return name


def _is_of_a_server(url: SecretStr | None) -> SecretStr | None:
    if url is not None and not url.get_secret_value().startswith(("redis://", "rediss://", "valkey://", "valkeys://")):
        raise ValueError("give an address that begins with redis://, rediss://, valkey:// or valkeys://")
    return url


def _is_plain(url: str | None) -> str | None:
    """An address is shown, and written into the manifest of a run: it holds no secret."""
    parts = urlsplit(url or ADDRESSES["openai"])
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("give an address that begins with http:// or https://")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError("an address without user, password, ? and # is needed; a key is given by NIANBAO_API_KEY")
    return url


class Settings(BaseModel):
    """How a model is reached and what it may cost. Unknown settings are refused. A title says in Chinese what a setting is.

    Settings(model="cheap", then=(Settings(model="strong", base_url="http://localhost:8000/v1"),)).models → both, in order.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    model: Annotated[
        str | None,
        AfterValidator(_is_one),
        Field(
            title="模型在端点上的名称，或几个，以逗号隔开，依次询问；没有则不问模型",
            description="the model's name at its endpoint, or several with commas, asked in turn; none: no model is asked",
        ),
    ] = None
    base_url: Annotated[
        str | None,
        AfterValidator(_is_plain),
        Field(
            title="端点地址；没有则用 OpenAI 自己的，或 `provider` 自己的",
            description="the endpoint's address; none: OpenAI's own, or that of `provider`",
        ),
    ] = None
    provider: Annotated[
        Literal["auto", Protocol],
        Field(
            title="端点用谁的协议：`openai`、`anthropic`、`google`；auto 为 OpenAI 的，没有地址时由模型名称的 `anthropic/`、`google/` 决定",
            description="whose protocol the endpoint speaks: `openai`, `anthropic`, `google`; auto: OpenAI's, or, without an address, "
            "what a model's name begins with, `anthropic/` or `google/`",
        ),
    ] = "auto"
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
    log: Annotated[
        Path | None,
        BeforeValidator(lambda told: None if told == "off" else told),
        Field(
            title="记录每次询问的 SQLite 文件，`off` 为不记；没有则命令行记在用户的状态目录，Python 中不记",
            description="an SQLite file of every call, `off` for none; none: the user's state folder by commands, nothing in Python",
        ),
    ] = None
    mode: Annotated[
        Mode,
        Field(
            title="以何种方式要求结构化的回答；auto 为端点所接受者",
            description="how a structured answer is asked for; auto: what the endpoint takes",
        ),
    ] = "auto"
    temperature: Annotated[
        float | None,
        Field(ge=0, le=2, title="温度；端点不接受的就不发", description="not sent where the endpoint refuses it"),
    ] = 0
    reasoning_effort: Annotated[
        str | None,
        Field(
            title="思考的多少，按端点的叫法；没有则由端点定",
            description="how much a model thinks, as its endpoint names it; none: the endpoint's own",
        ),
    ] = None
    extra_body: Annotated[
        dict[str, JsonValue] | None,
        BeforeValidator(_as_json),
        Field(
            title='随每个请求发送的其他内容，JSON 对象，如 `{"enable_thinking": false}`',
            description='what else goes with every request, a JSON object such as `{"enable_thinking": false}`',
        ),
    ] = None
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
    then: Annotated[
        "tuple[Settings, ...]",
        Field(
            title="其余的模型，依次只问前面存疑之处；在命令行和变量中由 `model` 给出",
            description="further models, asked in turn about what is left in doubt; flags and variables give them by `model`",
        ),
    ] = ()

    @property
    def models(self) -> "tuple[Settings, ...]":
        """Every model in order, each with its own settings."""
        return (self, *self.then)

    @property
    def protocol(self) -> Protocol:
        """Whose protocol the endpoint speaks."""
        return protocol_of(self.provider, self.model, self.base_url)

    @property
    def name(self) -> str:
        """The model's name, as its endpoint has it: "anthropic/claude-x" → "claude-x", where it is asked by that protocol."""
        model = self.model or ""
        return model if self.protocol == "openai" else model.removeprefix(f"{self.protocol}/")

    @property
    def address(self) -> str:
        return self.base_url or ADDRESSES[self.protocol]


def protocol_of(provider: object, model: object, base_url: object) -> Protocol:
    """Settings, which may not have been validated → whose protocol is spoken. Of an address of the user's a model's name says
    nothing: gateways have the models of all providers.
    """
    prefix = str(model or "").partition("/")[0] if base_url is None else ""
    told = prefix if provider == "auto" else provider
    return next((protocol for protocol in ADDRESSES if protocol == told), "openai")
