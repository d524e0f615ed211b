"""The command line. Data goes to standard output, errors to standard error; heavy imports wait until they are used."""

import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from ..errors import NianbaoError
from ..language import told
from ..many.cli import bulk, export
from ..source.inputs import printable
from .console import (
    INTERRUPTED,
    UNRESOLVED,
    Commands,
    deadline,
    deadline_option,
    engine_option,
    interruptible,
    language_option,
    model_options,
    model_settings,
    say,
    settings_of,
    status_of,
    tell,
    write,
)

if TYPE_CHECKING:
    from ...schemas.extraction import Extraction
    from ..extract import Engine
    from ..llm.client import Client
    from ..llm.settings import Settings
    from ..many.read import Result
    from ..many.sources import Given
    from ..readers.supplied.check_record import Engine as CheckEngine

T = TypeVar("T")


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="nianbao")
@language_option
def main() -> None:
    """Yearly reports on open government information (政府信息公开工作年度报告) as validated data.

    Example: nianbao extract report.txt
    """


@main.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@engine_option("auto")
@click.option("--json", "as_json", is_flag=True, help="One extraction a line, in the order given, nothing else.")
@deadline_option
@model_options
def extract(paths: tuple[str, ...], engine: "Engine", as_json: bool, deadline_s: float | None, **flags: object) -> None:
    """Read reports: files, folders (searched for text, HTML, DOCX and PDF files), or - for standard input.

    Exit status: 0 all verified or discrepant; 1 some unresolved; 2 an input that cannot be read; 3 no usable model;
    70 a fault of nianbao; 130 stopped by Ctrl-C.

    Example: nianbao extract reports/ --json > extractions.jsonl
    """
    from ..many.read import list_given, read

    settings, limit_s = model_settings(engine, flags), deadline(deadline_s)
    inputs = list_given(paths)
    answer = _Answer(_printer(as_json))
    _take_all(lambda client: read(inputs, engine, client, limit_s), answer.take, settings)
    answer.end(engine if settings is None else None)


@main.command()
@click.argument("text", required=False, metavar="[TEXT]")
@click.option(
    "--record", metavar="RECORD.json", help="The record of TEXT, in the shape of nianbao schema; gaps allowed."
)
@click.option(
    "--records", metavar="FILE.jsonl", help="Many at once: lines {name, text or path, record}; - for standard input."
)
@click.option("--map", "map_path", metavar="MAP.toml", help="How records of another shape are read; see docs/check.md.")
@engine_option("auto", "none", says=" none: nobody, the record is only judged.")
@click.option("--json", "as_json", is_flag=True, help="One extraction a line, in the order given, nothing else.")
@deadline_option
@model_options
def check(
    text: str | None,
    record: str | None,
    records: str | None,
    map_path: str | None,
    engine: "CheckEngine",
    as_json: bool,
    deadline_s: float | None,
    **flags: object,
) -> None:
    """Hold a record that your own parser made against the text; what cannot be vouched for is read again.

    With --records each line has its extraction, also one that cannot be read; a summary goes to standard error.

    Exit status: 0 all verified or discrepant; 1 some unresolved; 2 an input that cannot be read; 3 no usable model;
    70 a fault of nianbao; 130 stopped by Ctrl-C.

    Example: nianbao check report.txt --record record.json --engine none
    """
    if (records is None) == (text is None and record is None) or (text is None) != (record is None):
        raise click.UsageError("give TEXT with --record RECORD.json, or --records FILE.jsonl")
    from ..many.check_many import check_all, list_pairs, read_pair, reader_of_records
    from ..many.check_summary import CheckSummary
    from ..many.work import unread, wrong

    settings, limit_s = model_settings(engine, flags), deadline(deadline_s)
    by = reader_of_records(map_path)
    pairs = list_pairs(records, by) if records is not None else iter([read_pair(str(text), str(record), by)])
    answer = _Answer(_printer(as_json))
    summary = CheckSummary()

    def take(found: "tuple[Given, Result]") -> None:
        given, result = found
        summary.take(result)
        answer.take(result)
        if as_json and records is not None and isinstance(result, NianbaoError):
            answer.show(unread(given, wrong(result, given)))

    _take_all(lambda client: check_all(pairs, engine, client, limit_s), take, settings)
    if records is not None:
        for line in summary.lines():
            say(line)
    answer.end(engine if settings is None else None)


def _take_all(
    results: "Callable[[Any], AsyncGenerator[T]]", take: "Callable[[T], None]", settings: "Settings | None"
) -> None:
    """Take every result of work that may ask a model; with no settings, there is none to ask."""
    import asyncio

    async def take_from(client: "Client | None") -> None:
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        assert task is not None
        with interruptible(lambda: loop.call_soon_threadsafe(task.cancel), "stopping"):
            async with aclosing(results(client)) as found:
                async for result in found:
                    take(result)

    async def take_with(settings: "Settings") -> None:
        from ..llm.client import open_client

        async with open_client(settings) as client:
            await take_from(client)
            if client.unusable is not None:
                raise client.unusable

    try:
        asyncio.run(take_from(None) if settings is None else take_with(settings))
    except (KeyboardInterrupt, asyncio.CancelledError):
        say("interrupted; what was read is on standard output, and its answers are kept")
        sys.exit(INTERRUPTED)


main.add_command(bulk)
main.add_command(export)
for more in entry_points(group="nianbao.commands"):  # such as eval: what is built around the reading adds itself
    main.add_command(more.load())


@main.command()
def schema() -> None:
    """Print the JSON Schema of an extraction, with Chinese titles and descriptions.

    Example: nianbao schema > extraction.schema.json
    """
    import json

    from ...schemas.extraction import Extraction

    write(json.dumps(Extraction.model_json_schema(mode="serialization"), ensure_ascii=False, indent=2))


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0: one that is free.")
@click.option("--token-file", metavar="FILE", help="Holds the bearer token to ask for. [env: NIANBAO_SERVE_TOKEN]")
@click.option(
    "--no-token", is_flag=True, help="Let everybody ask who reaches an address other than this machine's own."
)
@click.option("--workers", type=click.IntRange(1), metavar="N", help="Processes that read; one for each processor.")
@click.option(
    "--queue", type=click.IntRange(0), metavar="N", help="Requests that may wait; more are answered with 429."
)
@click.option("--timeout", "read_s", type=click.FloatRange(0.1), metavar="SECONDS", help="For one reading.")
@click.option("--max-body", "body_bytes", type=click.IntRange(1000), metavar="BYTES", help="Of one request or line.")
@model_options
def serve(host: str, port: int, token_file: str | None, no_token: bool, **flags: Any) -> None:
    """Serve extract and check over HTTP; see docs/serve.md. Needs: pip install '.[serve]'.

    It listens on this machine alone unless told otherwise, logs JSON lines to standard error, and ends on SIGTERM once what
    it took is answered. A model is asked only where one is configured.

    Exit status: 0 told to stop; 2 a setting is wrong, the port is taken, or the extra is not installed; 70 a fault of nianbao.

    Example: nianbao serve --port 8000 --workers 4
    """
    from ..serve.start import start

    start(host, port, token_file, no_token, flags)


@main.group()
def cache() -> None:
    """Look at and clear the cache of the model's answers.

    Example: nianbao cache info
    """


@cache.command()
def info() -> None:
    """Print the folder or the server, the number of entries and their size."""
    from ..llm.cache import open_cache

    with open_cache(settings_of({})) as answers:
        found = answers.info()
        tell(f"{found.place}\n{found.entries:,} answers, {found.bytes:,} bytes")
        if found.warning:
            say(found.warning)


@cache.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
def clear(yes: bool) -> None:
    """Remove every kept answer; each is asked, and paid for, again."""
    from ..llm.cache import cache_place, clear_cache

    settings = settings_of({})
    place = cache_place(settings)
    if yes or click.confirm(told(f"Remove all answers kept in {place}?"), err=True):
        clear_cache(settings)
        tell(f"{place}: removed")


@cache.command()
@click.option("--remove", is_flag=True, help="Remove the entries that cannot be read.")
def verify(remove: bool) -> None:
    """Read every entry; print those that cannot be read, which count as not there. Exit status 1 where there are some."""
    from ..llm.cache import open_cache

    with open_cache(settings_of({})) as answers:
        damaged = list(answers.damaged())
        for key in damaged:
            tell(f"{key}: damaged")
            if remove:
                answers.remove(key)
        removed = " and removed" if remove and damaged else ""
        tell(f"{answers.info().entries:,} entries, {len(damaged)} damaged{removed}")
        sys.exit(1 if damaged and not remove else 0)


@main.command()
@click.option("-n", "most", type=click.IntRange(1), default=20, show_default=True, help="So many, the newest.")
@click.option("--report", default="", metavar="TEXT", help="Only about reports with this in their name.")
@click.option("--json", "as_json", is_flag=True, help="One call a line, with what was asked and answered.")
@click.option("--path", "only_path", is_flag=True, help="Print where the log is, and nothing else.")
def log(most: int, report: str, as_json: bool, only_path: bool) -> None:
    """Show what models were asked: time, model, report, tokens, US dollars, and what came of it. Keys are never in the log.

    It is an SQLite file for its owner alone, and holds the newest 20,000 calls. NIANBAO_LOG=off, or --log off, keeps none.

    Example: nianbao log -n 5 --report 001.txt --json
    """
    import json
    from dataclasses import asdict

    from ..llm.calls import read_calls

    path = settings_of({}).log
    if path is None:
        say("no call is logged, as NIANBAO_LOG says")
        return
    if only_path:
        write(str(path))
        return
    for number, call in read_calls(path, most, report):
        if as_json:
            write(json.dumps({"id": number, **asdict(call)}, ensure_ascii=False))
            continue
        cached = f"({call.cached_input_tokens:,})" if call.cached_input_tokens else ""
        took = f"{call.input_tokens:,}{cached}+{call.output_tokens:,}"
        cost = "-" if call.cost is None else f"{float(call.cost):.4f}"
        came = told(call.failure) if call.failure else call.answer[:40]
        cells = (
            str(number),
            call.time[:19],
            call.model,
            call.report or "-",
            call.mode,
            took,
            cost,
            f"{call.seconds:.2f} s",
        )
        write("  ".join((*cells, printable(came))))


@main.command()
@model_options
def doctor(**flags: Any) -> None:
    """Check the settings and the model's endpoint: what is set, whether it answers, how it takes questions.

    It sends one short question. Exit status: 0 all is well; 2 a wrong setting; 3 the endpoint cannot be used.

    Example: nianbao doctor
    """
    import asyncio

    from ..llm.configuration import configuration
    from ..llm.doctor import examine, tell_settings

    settings, variables = settings_of(flags), configuration(flags.pop("config"))
    tell("\n".join(tell_settings(settings, variables, flags)))

    async def work() -> None:
        async for line in examine(settings):
            tell(line)

    asyncio.run(work())


class _Answer:
    """Shows each extraction, complains of each error, and keeps the exit status."""

    def __init__(self, show: "Callable[[Extraction], None]") -> None:
        self.show = show
        self.status = 0
        self.unresolved = 0

    def end(self, engine: "CheckEngine | None") -> NoReturn:
        """End with the exit status. engine: what was asked for where no model is configured; it might have asked one."""
        if engine == "auto" and self.unresolved:
            say(f"{self.unresolved} unresolved; a model could look at them: set NIANBAO_MODEL, see nianbao doctor")
        sys.exit(self.status)

    def take(self, result: "Result") -> None:
        if isinstance(result, NianbaoError):
            say(str(result))
            self.status = max(self.status, status_of(result))
            return
        self.show(result)
        if result.status == "unresolved":
            self.unresolved += 1
            self.status = max(self.status, UNRESOLVED)


def _printer(as_json: bool) -> "Callable[[Extraction], None]":
    if as_json:
        return lambda extraction: write(extraction.model_dump_json())
    from .view import printer

    return printer()
