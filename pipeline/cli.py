"""The command line. Data goes to standard output, errors to standard error; heavy imports wait until they are used."""

import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import click

from ..eval.cli import evaluate
from .bulk.cli import bulk, export
from .console import UNRESOLVED, UNUSABLE, Commands, engine_option, model_options, model_settings, say, write
from .errors import InputError

if TYPE_CHECKING:
    from ..schemas.extraction import Extraction
    from .extract import Engine
    from .settings import Settings


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="nianbao")
def main() -> None:
    """Yearly reports on open government information (政府信息公开工作年度报告) as validated data.

    Example: nianbao extract report.txt
    """


@main.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@engine_option("auto")
@click.option("--json", "as_json", is_flag=True, help="One extraction a line, in the order given, nothing else.")
@model_options
def extract(paths: tuple[str, ...], engine: "Engine", as_json: bool, **flags: object) -> None:
    """Read reports: files, folders (searched for .txt, .md and .html files), or - for standard input.

    Exit status: 0 all verified or discrepant; 1 some unresolved; 2 an input that cannot be read; 3 no usable model.

    Example: nianbao extract reports/ --json > extractions.jsonl
    """
    settings = model_settings(engine, flags)
    answer = _Answer(_printer(as_json))
    if settings is None:
        from .read import read

        for result in read(paths):
            answer.take(result)
        if engine == "auto" and answer.unresolved:
            say(f"{answer.unresolved} unresolved; a model could look at them: set NIANBAO_MODEL, see nianbao doctor")
    else:
        _extract_with_model(paths, engine, settings, answer)
    sys.exit(answer.status)


def _extract_with_model(paths: tuple[str, ...], engine: "Engine", settings: "Settings", answer: "_Answer") -> None:
    import asyncio

    from .client import open_client
    from .read import read_with

    async def work() -> None:
        async with open_client(settings) as client:
            async for result in read_with(paths, engine, client):
                answer.take(result)
            if client.unusable is not None:
                raise client.unusable

    try:
        asyncio.run(work())
    except KeyboardInterrupt:
        say("interrupted; what was read is on standard output, and its answers are kept")
        answer.status = 130


main.add_command(bulk)
main.add_command(export)
main.add_command(evaluate)


@main.command()
def schema() -> None:
    """Print the JSON Schema of an extraction, with Chinese titles and descriptions.

    Example: nianbao schema > extraction.schema.json
    """
    import json

    from ..schemas.extraction import Extraction

    write(json.dumps(Extraction.model_json_schema(mode="serialization"), ensure_ascii=False, indent=2))


@main.group()
def cache() -> None:
    """Look at and clear the cache of the model's answers.

    Example: nianbao cache info
    """


@cache.command()
def info() -> None:
    """Print the folder, the number of entries and their size."""
    from .cache import open_cache

    with open_cache(_settings({})) as answers:
        found = answers.info()
        write(f"{found.folder}\n{found.entries:,} answers, {found.bytes:,} bytes")


@cache.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
def clear(yes: bool) -> None:
    """Remove every kept answer; each is asked, and paid for, again."""
    from .cache import clear, folder_of

    folder = folder_of(_settings({}))
    if yes or click.confirm(f"Remove all answers kept in {folder}?", err=True):
        clear(folder)
        write(f"{folder}: removed")


@cache.command()
@click.option("--remove", is_flag=True, help="Remove the entries that cannot be read.")
def verify(remove: bool) -> None:
    """Read every entry; print those that cannot be read, which count as not there. Exit status 1 where there are some."""
    from .cache import open_cache

    with open_cache(_settings({})) as answers:
        damaged = list(answers.damaged())
        for key in damaged:
            write(f"{key}: damaged")
            if remove:
                answers.remove(key)
        write(
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

    settings = _settings(flags)
    write("\n".join(tell_settings(settings, environment())))

    async def work() -> None:
        async for line in examine(settings):
            write(line)

    asyncio.run(work())


def _settings(flags: "Mapping[str, object]") -> "Settings":
    from .settings import environment, settings_from

    return settings_from(environment(), **flags)


class _Answer:
    """Shows each extraction, complains of each error, and keeps the exit status."""

    def __init__(self, show: "Callable[[Extraction], None]") -> None:
        self._show = show
        self.status = 0
        self.unresolved = 0

    def take(self, result: "Extraction | InputError") -> None:
        if isinstance(result, InputError):
            say(str(result))
            self.status = UNUSABLE
            return
        self._show(result)
        if result.status == "unresolved":
            self.unresolved += 1
            self.status = max(self.status, UNRESOLVED)


def _printer(as_json: bool) -> "Callable[[Extraction], None]":
    if as_json:
        return lambda extraction: write(extraction.model_dump_json())
    from .view import printer

    return printer()
