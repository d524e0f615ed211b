"""What is set, whether the endpoint answers, and how it takes structured questions."""

from collections.abc import AsyncIterator

import openai
from pydantic import SecretStr

from ..errors import EndpointError
from .cache import open_cache
from .client import connect
from .failures import host_of, unusable
from .settings import VARIABLES, Settings, Variables
from .wire import Pointing

_QUESTION = '请只回答 {"rows":["1: 1"]} 这一个 JSON 对象。'


def tell_settings(settings: Settings, variables: Variables) -> list[str]:
    """A line for each setting that a variable gives: its value, and where it is from; of a secret only that it is set."""
    lines = []
    for name in VARIABLES:
        value = getattr(settings, name)
        told = "(not set)" if value is None else "(set)" if isinstance(value, SecretStr) else str(value)
        where = variables.where(name, value.get_secret_value() if isinstance(value, SecretStr) else str(value))
        lines.append(f"{name:<10} {told}{f'   from {where}' if where else ''}")
    return lines


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
    async with connect(settings, None) as client:
        try:
            listed = [model.id async for model in client.connection.models.list()]
            known = "listed" if settings.model in listed else f"not among the {len(listed)} models it lists"
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
