"""What the commands share: how they tell of data and of errors, and the options that several of them take."""

import logging
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import EndpointError, FaultError, NianbaoError
from ..language import LANGUAGES, language, speaking, told, told_lines
from ..source.inputs import printable
from .help import Command, Context, Verbose, first_sentence

if TYPE_CHECKING:
    from ..llm.settings import Settings

UNRESOLVED, UNUSABLE, NO_ENDPOINT, FAULT, INTERRUPTED, UNHEARD = 1, 2, 3, 70, 130, 141
"""Exit statuses, beside 0 for a run whose every report is verified or discrepant. UNHEARD: nobody reads what is written."""


class Commands(Verbose, click.Group):
    """Commands that tell of whatever stops them in one line, and end with the exit status that it stands for.

    `--lang` may stand anywhere: it is heard before anything else is said.
    """

    context_class = Context
    command_class = Command
    group_class = type

    def main(self, *args: Any, **kwargs: Any) -> Any:
        given = args[0] if args else kwargs.pop("args", None)
        logging.getLogger("nianbao").setLevel(logging.NOTSET)
        flag, arguments = _language_first(list(sys.argv[1:] if given is None else given))
        try:
            spoken = language(flag, os.environ.get)
        except NianbaoError as error:
            say(str(error))
            sys.exit(status_of(error))
        with speaking(spoken):
            try:
                status = super().main(arguments, *args[1:], **{**kwargs, "standalone_mode": False})
            except click.ClickException as error:
                _complain(error)
                sys.exit(error.exit_code)
            except click.Abort:
                say("interrupted")
                sys.exit(INTERRUPTED)
            except Exception as error:  # the last border: no traceback reaches a user
                say(_fault(error))
                sys.exit(FAULT)
        sys.exit(status or 0)

    def get_short_help_str(self, limit: int = 0) -> str:  # noqa: ARG002  # as of a command
        return first_sentence(self)

    def invoke(self, ctx: click.Context) -> Any:
        library = logging.getLogger("nianbao")
        library.handlers = [h for h in library.handlers if not isinstance(h, _Said)] + [_Said()]
        try:
            return super().invoke(ctx)
        except NianbaoError as error:
            say(str(error))
            sys.exit(status_of(error))
        except (KeyboardInterrupt, click.Abort):
            say("interrupted")
            sys.exit(INTERRUPTED)
        except BrokenPipeError:
            _write_nowhere()
            sys.exit(UNHEARD)


language_option = click.option(
    "--lang",
    type=click.Choice(LANGUAGES),
    expose_value=False,
    help="What you are told in, of any command.  [env: NIANBAO_LANG; default: the locale's]",
)


def _language_first(arguments: list[str]) -> tuple[str | None, list[str]]:
    """The language of `--lang`, None where none is named, and the arguments with it in front: before a --help is answered."""
    for at, argument in enumerate(arguments):
        if argument == "--":
            break
        if argument.partition("=")[0] == "--lang":
            end = at + 1 if "=" in argument else at + 2
            said = "".join(arguments[at:end]).removeprefix("--lang").removeprefix("=")
            known = said if said in LANGUAGES else None
            return known, [*arguments[at:end], *arguments[:at], *arguments[end:]]
    return None, arguments


def _complain(error: click.ClickException) -> None:
    """A usage error, as click shows it."""
    if isinstance(error, click.UsageError) and error.ctx is not None:
        click.echo(error.ctx.get_usage(), err=True)
        click.echo(told(f"Try '{error.ctx.command_path} --help' for help.") + "\n", err=True)
    click.echo(told(f"Error: {error.format_message()}"), err=True)


def _write_nowhere() -> None:
    """Let what is still to be flushed go where it does no harm."""
    with suppress(OSError, ValueError), Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


class _Said(logging.Handler):
    """What the library warns of, said to the person at the terminal."""

    def emit(self, record: logging.LogRecord) -> None:
        say(record.getMessage())


def status_of(error: NianbaoError) -> int:
    """The exit status that an error stands for."""
    return NO_ENDPOINT if isinstance(error, EndpointError) else FAULT if isinstance(error, FaultError) else UNUSABLE


def _fault(error: Exception) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{last.filename.rpartition('/')[2]}:{last.lineno}"
    return f"a fault of nianbao ({type(error).__name__} at {where}: {error}); please report it"


@contextmanager
def interruptible(stop: Callable[[], object], says: str) -> Iterator[None]:
    """Within, Ctrl-C says something and stops what is under way in good order; a second one ends everything at once.

    Whatever a run is at, it is taken up again as if it had been killed; and no worker outlives this process.
    """

    def first(*_: object) -> None:
        signal.signal(signal.SIGINT, second)  # before it is said: whoever reads it may press at once
        say(f"{says}; Ctrl-C again ends everything at once")
        stop()

    def second(*_: object) -> None:
        if sys.stderr.isatty():
            click.echo("\x1b[?25h", nl=False, err=True)  # the cursor, which a bar of progress hides
        os._exit(INTERRUPTED)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, first)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def write(text: str) -> None:
    """A line of data on standard output, as UTF-8 whatever the locale."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8") + b"\n")
    sys.stdout.buffer.flush()


def tell(text: str) -> None:
    """Lines for the person on standard output: what was asked for, where it is no data."""
    write(told_lines(text))


def say(text: str) -> None:
    """A line for the person at the terminal, on standard error."""
    click.echo(f"nianbao: {printable(told(text))}", err=True)


def engine_option(default: str, *more: str, says: str = "") -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Who reads; more: what may be chosen besides the readers, and what it `says`."""
    return click.option(
        "--engine",
        type=click.Choice(["auto", "rules", "model", *more]),
        default=default,
        show_default=True,
        help=f"auto: rules first, a model only for what they leave unresolved.{says}",
    )


deadline_option = click.option(
    "--deadline",
    "deadline_s",
    type=click.FloatRange(0, min_open=True),
    metavar="SECONDS",
    help="For reading one report; what is over it is unresolved.  [env: NIANBAO_DEADLINE; default: 30]",
)


def deadline(flag: float | None) -> float:
    """How many seconds a report may take: by the flag, environment or `.env`. Raises SettingsError where that is no time."""
    from ..llm.configuration import environment
    from ..many.limits import deadline_from

    return deadline_from(environment().find, flag)


def model_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options of a command that may ask a model; None where one is not given."""
    for option in reversed(
        (
            click.option(
                "--model",
                metavar="NAME",
                help="The model's name at its endpoint, or several with commas. [env: NIANBAO_MODEL]",
            ),
            click.option("--base-url", metavar="URL", help="The endpoint's address. [env: NIANBAO_BASE_URL]"),
            click.option(
                "--provider",
                type=click.Choice(["auto", "openai", "anthropic", "google"]),
                help="Whose protocol it speaks. auto: OpenAI's, or by what the model's name begins with.",
            ),
            click.option(
                "--config",
                metavar="FILE",
                help="Settings, and a table for each model.  [env: NIANBAO_CONFIG; default: nianbao.toml]",
            ),
            click.option(
                "--mode",
                type=click.Choice(["auto", "json_schema", "tools", "md_json"]),
                help="How structured answers are asked for. auto: what the endpoint takes; in a batch, json_schema.",
            ),
            click.option("--temperature", type=float, metavar="T", help="Not sent where the endpoint refuses it."),
            click.option("--max-output-tokens", type=int, metavar="N", help="Of one answer."),
            click.option(
                "--reasoning-effort", metavar="WORD", help="How much the model thinks, as its endpoint names it."
            ),
            click.option("--log", metavar="FILE", help="Where every call is logged; off: nowhere; see nianbao log."),
            click.option("--extra-body", metavar="JSON", help="What else goes with every request: a JSON object."),
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


def model_settings(engine: str, flags: Mapping[str, object], *, is_logged: bool = True) -> "Settings | None":
    """The settings of the model that `engine` may ask, as `settings_of` has them; None where it asks none.

    Raises SettingsError where one is wrong, EndpointError where engine is "model" and no model is configured.
    """
    if engine in ("rules", "none"):
        return None
    settings = settings_of(flags, is_logged=is_logged)
    if settings.model is None and engine == "model":
        raise EndpointError("--engine model: no model is configured; set NIANBAO_MODEL, see nianbao doctor")
    return settings if settings.model else None


def settings_of(flags: Mapping[str, Any], *, is_logged: bool = True) -> "Settings":
    """The settings of flags, environment, `.env` and `nianbao.toml`; raises SettingsError where one is wrong.

    is_logged: whether calls are logged where nothing is said of that.
    """
    from ..llm.calls import usual_log
    from ..llm.configuration import configuration, settings_from

    def logged(each: "Settings") -> "Settings":
        is_told = "log" in each.model_fields_set or not is_logged
        return each if is_told else each.model_copy(update={"log": usual_log()})

    variables = configuration(flags.get("config"))
    settings = settings_from(variables, **{name: value for name, value in flags.items() if name != "config"})
    return logged(settings).model_copy(update={"then": tuple(map(logged, settings.then))})
