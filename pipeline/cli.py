"""The command line. Data goes to standard output, errors to standard error; heavy imports wait until they are used."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from .errors import EndpointError, InputError, NianbaoError, SettingsError
from .inputs import printable

if TYPE_CHECKING:
    from ..schemas.extraction import Extraction
    from .extract import Engine
    from .settings import Settings

UNRESOLVED, UNUSABLE, NO_ENDPOINT = 1, 2, 3
"""Exit statuses, beside 0 for a run whose every report is verified or discrepant."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="nianbao")
def main() -> None:
    """Yearly reports on open government information (政府信息公开工作年度报告) as validated data.

    Example: nianbao extract report.txt
    """


def model_options(command: "Callable[..., None]") -> "Callable[..., None]":
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


@main.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option(
    "--engine",
    type=click.Choice(["auto", "rules", "model"]),
    default="auto",
    show_default=True,
    help="auto: rules first, a model only for what they leave unresolved.",
)
@click.option("--json", "as_json", is_flag=True, help="One extraction a line, in the order given, nothing else.")
@model_options
def extract(paths: tuple[str, ...], engine: "Engine", as_json: bool, **flags: object) -> None:
    """Read reports: files, folders (searched for .txt, .md and .html files), or - for standard input.

    Exit status: 0 all verified or discrepant; 1 some unresolved; 2 an input that cannot be read; 3 no usable model.

    Example: nianbao extract reports/ --json > extractions.jsonl
    """
    settings = None if engine == "rules" else settings_or_exit(flags)
    answer = _Answer(_printer(as_json))
    if settings is None or settings.model is None:
        if engine == "model":
            _complain(EndpointError("--engine model: no model is configured; set NIANBAO_MODEL, see nianbao doctor"))
            sys.exit(NO_ENDPOINT)
        from .read import read

        for result in read(paths):
            answer.take(result)
        if engine == "auto" and answer.unresolved:
            _hint(f"{answer.unresolved} unresolved; a model could look at them: set NIANBAO_MODEL, see nianbao doctor")
    else:
        _extract_with_model(paths, engine, settings, answer)
    sys.exit(answer.status)


def _extract_with_model(paths: tuple[str, ...], engine: "Engine", settings: "Settings", answer: "_Answer") -> None:
    import asyncio

    from .cache import open_cache
    from .client import open_client
    from .read import read_with

    async def work() -> None:
        with open_cache(settings) as cache:
            async with open_client(settings, cache) as client:
                async for result in read_with(paths, engine, client):
                    answer.take(result)
                if client.unusable is not None:
                    _complain(client.unusable)
                    answer.status = NO_ENDPOINT

    try:
        asyncio.run(work())
    except NianbaoError as error:
        _complain(error)
        answer.status = UNUSABLE
    except KeyboardInterrupt:
        _complain(InputError("interrupted; what was read is on standard output, and its answers are kept"))
        answer.status = 130


def settings_or_exit(flags: "Mapping[str, object]") -> "Settings":
    """The settings of environment, `.env` and flags; a wrong one ends the program with exit status 2."""
    from .settings import environment, settings_from

    try:
        return settings_from(environment(), **flags)
    except SettingsError as error:
        _complain(error)
        sys.exit(UNUSABLE)


@main.command()
def schema() -> None:
    """Print the JSON Schema of an extraction, with Chinese titles and descriptions.

    Example: nianbao schema > extraction.schema.json
    """
    import json

    from ..schemas.extraction import Extraction

    _write(json.dumps(Extraction.model_json_schema(mode="serialization"), ensure_ascii=False, indent=2))


@main.group()
def cache() -> None:
    """Look at and clear the cache of the model's answers.

    Example: nianbao cache info
    """


@cache.command()
def info() -> None:
    """Print the folder, the number of entries and their size."""
    from .cache import open_cache

    with _told(), open_cache(settings_or_exit({})) as answers:
        found = answers.info()
        _write(f"{found.folder}\n{found.entries:,} answers, {found.bytes:,} bytes")


@cache.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
def clear(yes: bool) -> None:
    """Remove every kept answer; each is asked, and paid for, again."""
    from .cache import clear, folder_of

    folder = folder_of(settings_or_exit({}))
    if yes or click.confirm(f"Remove all answers kept in {folder}?", err=True):
        with _told():
            clear(folder)
            _write(f"{folder}: removed")


@cache.command()
@click.option("--remove", is_flag=True, help="Remove the entries that cannot be read.")
def verify(remove: bool) -> None:
    """Read every entry; print those that cannot be read, which count as not there. Exit status 1 where there are some."""
    from .cache import open_cache

    with _told(), open_cache(settings_or_exit({})) as answers:
        damaged = list(answers.damaged())
        for key in damaged:
            _write(f"{key}: damaged")
            if remove:
                answers.remove(key)
        _write(
            f"{answers.info().entries:,} entries, {len(damaged)} damaged{' and removed' if remove and damaged else ''}"
        )
        sys.exit(1 if damaged and not remove else 0)


@main.command()
@model_options
def doctor(**flags: object) -> None:
    """Check the settings and the model's endpoint: what is set, whether it answers, how it takes questions.

    It sends one short question. Exit status: 0 all is well; 2 a wrong setting; 3 the endpoint cannot be used.

    Example: nianbao doctor
    """
    import asyncio

    from .doctor import examine, tell_settings
    from .settings import environment

    settings = settings_or_exit(flags)
    _write("\n".join(tell_settings(settings, environment())))

    async def work() -> None:
        async for line in examine(settings):
            _write(line)

    with _told():
        asyncio.run(work())


@contextmanager
def _told() -> "Iterator[None]":
    """Errors of ours are told, and end the program with their exit status."""
    try:
        yield
    except NianbaoError as error:
        _complain(error)
        sys.exit(NO_ENDPOINT if isinstance(error, EndpointError) else UNUSABLE)


@main.command("eval")
@click.argument("folder", required=False)
def evaluate(folder: str | None) -> None:
    """Score the rules against hand-labelled gold: the five samples, or a FOLDER of NAME.txt with NAME.gold.json.

    Example: nianbao eval
    """
    from ..eval.score import builtin_cases, cases_in, score_table

    try:
        _write(score_table(cases_in(folder) if folder else builtin_cases()))
    except InputError as error:
        _complain(error)
        sys.exit(UNUSABLE)


class _Answer:
    """Shows each extraction, complains of each error, and keeps the exit status."""

    def __init__(self, show: "Callable[[Extraction], None]") -> None:
        self._show = show
        self.status = 0
        self.unresolved = 0

    def take(self, result: "Extraction | InputError") -> None:
        if isinstance(result, InputError):
            _complain(result)
            self.status = UNUSABLE
            return
        self._show(result)
        if result.status == "unresolved":
            self.unresolved += 1
            self.status = max(self.status, UNRESOLVED)


def _printer(as_json: bool) -> "Callable[[Extraction], None]":
    if as_json:
        return lambda extraction: _write(extraction.model_dump_json())
    from .view import printer

    return printer()


def _write(text: str) -> None:
    """A line of data as UTF-8, whatever the locale."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8") + b"\n")
    sys.stdout.buffer.flush()


def _complain(error: Exception) -> None:
    click.echo(f"nianbao: {printable(str(error))}", err=True)


def _hint(text: str) -> None:
    click.echo(f"nianbao: {text}", err=True)
