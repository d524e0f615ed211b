"""What is set, whether the endpoint answers, and how it takes structured questions."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import openai
from pydantic import SecretStr

from ..errors import EndpointError
from .cache import open_cache
from .client import connect
from .configuration import NAMES, Given, Variables, chosen, models_named
from .failures import host_of, own_errors, unusable
from .providers import PROVIDERS
from .settings import Settings
from .wire import Pointing

_QUESTION = '请只回答 {"rows":["1: 1"]} 这一个 JSON 对象。'


_ALWAYS = ("model", "base_url", "api_key", "cache_dir", "cache_url", "log")
"""Settings that are told even where nothing gives them."""


def tell_settings(settings: Settings, variables: Variables, flags: Mapping[str, Any]) -> list[str]:
    """A line for each setting that something gives, for each model in turn: its value, and where it is from; of a secret
    only that it is set."""
    given = {name: value for name, value in flags.items() if value is not None}
    lines = []
    for name, asked in zip(models_named(variables, given) or [""], settings.models, strict=True):
        found = chosen(variables, name, given)
        told = [setting for setting in NAMES if setting in found or setting in _ALWAYS]
        lines += [_line(setting, getattr(asked, setting), found.get(setting)) for setting in told]
    return lines


def _line(setting: str, value: object, given: Given | None) -> str:
    told = "(not set)" if value is None else "(set)" if isinstance(value, SecretStr) else str(value)
    where = given.where if given is not None and not given.where.startswith("--") else ""
    return f"{setting:<10} {told}{f'   from {where}' if where else ''}"


async def examine(settings: Settings) -> AsyncIterator[str]:
    """A line for each step of a visit to the endpoint; raises EndpointError or SettingsError at the first that fails."""
    with open_cache(settings) as cache:
        found = cache.info()
        yield f"cache      {found.place}: {found.entries} entries"
        if found.warning:
            yield f"warning    {found.warning}"
    if not settings.model:
        raise EndpointError(
            "no model is configured: set NIANBAO_MODEL, and NIANBAO_BASE_URL for any endpoint but OpenAI's"
        )
    for each in settings.models:
        async for line in _visit(each):
            yield line


async def _visit(settings: Settings) -> AsyncIterator[str]:
    """A line for each step of a visit to one model's endpoint."""
    async with connect(settings, None) as client:
        try:
            with own_errors():
                listed = [name async for name in PROVIDERS[settings.protocol].listed(client.connection)]
            known = "listed" if settings.name in listed else f"not among the {len(listed)} models it lists"
            yield f"endpoint   {host_of(settings)} answers; model {settings.model}: {known}"
        except openai.APIStatusError as error:
            if error.status_code in (401, 403):
                raise unusable(error, settings) from error
            yield f"endpoint   {host_of(settings)} answers, and lists no models (status {error.status_code})"
        except openai.APIError as error:
            raise unusable(error, settings) from error
        except (AttributeError, TypeError, ValueError):  # a list of another shape
            yield f"endpoint   {host_of(settings)} answers, and lists no models that can be read"
        reply = await client.ask([{"role": "user", "content": _QUESTION}], Pointing)
        told = "understood" if reply.answer is not None else f"not understood ({reply.failure})"
        yield f"structured answers as {client.mode}: {told}"
        if reply.answer is None:
            raise EndpointError(f"{host_of(settings)}: model {settings.model} gives no structured answer; try another")
        price = reply.usages[-1].cost if reply.usages else None
        yield "price      " + ("unknown: set --input-price and --output-price" if price is None else "known")
