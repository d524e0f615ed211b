"""OpenTelemetry's span around a request to a model, where its API is installed; named as its conventions for generative AI have it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

from .settings import Settings

_PROVIDERS = {"openai": "openai", "anthropic": "anthropic", "google": "gcp.gemini"}


@contextmanager
def span_of(settings: Settings, mode: str, report: str) -> Iterator[dict[str, Any]]:
    """Around a request. What is put into the dictionary becomes attributes; an exception is its `error.type`."""
    attributes: dict[str, Any] = {}
    tracer = _tracer()
    if tracer is None:
        yield attributes
        return
    address = urlsplit(settings.address)
    known: Mapping[str, Any] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": _PROVIDERS[settings.protocol],
        "gen_ai.request.model": settings.name,
        "gen_ai.request.max_tokens": settings.max_output_tokens,
        "gen_ai.request.temperature": settings.temperature,
        "gen_ai.output.type": "json",
        "server.address": address.hostname,
        "server.port": address.port,
        "nianbao.mode": mode,
        "nianbao.report": report or None,
    }
    with tracer.start_as_current_span(
        f"chat {settings.name}",
        attributes={name: value for name, value in known.items() if value is not None},
        record_exception=False,
    ) as span:
        try:
            yield attributes
        except BaseException as error:
            span.set_attribute("error.type", str(getattr(error, "status_code", None) or type(error).__name__))
            raise
        finally:
            span.set_attributes(attributes)


@cache
def _tracer() -> Any:
    """None where the API is not installed. Without an SDK it does nothing."""
    try:
        from opentelemetry import trace
    except ImportError:
        return None
    return trace.get_tracer("nianbao", version("nianbao"))
