"""What the commands share: how they tell of data and of errors, and the options that several of them take."""

import logging
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import click

from ..errors import EndpointError, NianbaoError
from ..source.inputs import printable

if TYPE_CHECKING:
    from ..llm.settings import Settings

UNRESOLVED, UNUSABLE, NO_ENDPOINT = 1, 2, 3
"""Exit statuses, beside 0 for a run whose every report is verified or discrepant."""


class Commands(click.Group):
    """Commands that tell of an error of ours in one line, and end with the exit status that it stands for."""

    def invoke(self, ctx: click.Context) -> Any:
        library = logging.getLogger("nianbao")
        library.handlers = [h for h in library.handlers if not isinstance(h, _Said)] + [_Said()]
        try:
            return super().invoke(ctx)
        except NianbaoError as error:
            say(str(error))
            sys.exit(status_of(error))


class _Said(logging.Handler):
    """What the library warns of, said to the person at the terminal."""

    def emit(self, record: logging.LogRecord) -> None:
        say(record.getMessage())


def status_of(error: NianbaoError) -> int:
    """The exit status that an error stands for."""
    return NO_ENDPOINT if isinstance(error, EndpointError) else UNUSABLE


def write(text: str) -> None:
    """A line of data on standard output, as UTF-8 whatever the locale."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8") + b"\n")
    sys.stdout.buffer.flush()


def say(text: str) -> None:
    """A line for the person at the terminal, on standard error."""
    click.echo(f"nianbao: {printable(text)}", err=True)


def engine_option(default: str, *more: str, says: str = "") -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Who reads; more: what may be chosen besides the readers, and what it `says`."""
    return click.option(
        "--engine",
        type=click.Choice(["auto", "rules", "model", *more]),
        default=default,
        show_default=True,
        help=f"auto: rules first, a model only for what they leave unresolved.{says}",
    )


def model_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options of a command that may ask a model; None where one is not given."""
    for option in reversed(
        (
            click.option("--model", metavar="NAME", help="The model's name at its endpoint. [env: NIANBAO_MODEL]"),
            click.option("--base-url", metavar="URL", help="An OpenAI-compatible endpoint. [env: NIANBAO_BASE_URL]"),
            click.option("--max-cost", metavar="USD", help="Ask no more once so many US dollars are spent."),
            click.option("--max-tokens", type=int, metavar="N", help="Ask no more once so many tokens are spent."),
            click.option("--max-in-flight", type=int, metavar="N", help="Requests at once."),
            click.option("--requests-per-minute", type=int, metavar="N", help="At most so many requests a minute."),
            click.option("--tokens-per-minute", type=int, metavar="N", help="At most about so many tokens a minute."),
            click.option("--input-price", metavar="USD", help="Price of a million tokens in, for --max-cost."),
            click.option("--output-price", metavar="USD", help="Price of a million tokens out, for --max-cost."),
        )
    ):
        command = option(command)
    return command


def model_settings(engine: str, flags: Mapping[str, object]) -> "Settings | None":
    """The settings of the model that `engine` may ask, of environment, `.env` and flags; None where it asks none.

    Raises SettingsError where one is wrong, EndpointError where engine is "model" and no model is configured.
    """
    from ..llm.settings import environment, settings_from

    if engine in ("rules", "none"):
        return None
    settings = settings_from(environment(), **flags)
    if settings.model is None and engine == "model":
        raise EndpointError("--engine model: no model is configured; set NIANBAO_MODEL, see nianbao doctor")
    return settings if settings.model else None
