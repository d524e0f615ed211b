"""The command line. Data goes to standard output, errors to standard error; heavy imports wait until they are used."""

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import click

from ..eval.cli import evaluate
from .errors import EndpointError, InputError

if TYPE_CHECKING:
    from ..schemas.extraction import Extraction

UNRESOLVED, UNUSABLE, NO_ENDPOINT = 1, 2, 3
"""Exit statuses, beside 0 for a run whose every report is verified or discrepant."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="nianbao")
def main() -> None:
    """Yearly reports on open government information (政府信息公开工作年度报告) as validated data.

    Example: nianbao extract report.txt
    """


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
def extract(paths: tuple[str, ...], engine: str, as_json: bool) -> None:
    """Read reports: files, folders (searched for .txt, .md and .html files), or - for standard input.

    Exit status: 0 all verified or discrepant; 1 some unresolved; 2 an input that cannot be read; 3 no usable model.

    Example: nianbao extract reports/ --json > extractions.jsonl
    """
    if engine == "model":
        _complain(EndpointError("--engine model: this version reads by rules only; use --engine rules"))
        sys.exit(NO_ENDPOINT)
    sys.exit(_answer(_extractions(paths), _printer(as_json)))


main.add_command(evaluate)


@main.command()
def schema() -> None:
    """Print the JSON Schema of an extraction, with Chinese titles and descriptions.

    Example: nianbao schema > extraction.schema.json
    """
    import json

    from ..schemas.extraction import Extraction

    _write(json.dumps(Extraction.model_json_schema(mode="serialization"), ensure_ascii=False, indent=2))


def _extractions(paths: tuple[str, ...]) -> "Iterator[Extraction | InputError]":
    """Each input's extraction, or the error that stands for it."""
    from .decode import decode
    from .extract import extract_source
    from .inputs import list_inputs, read_input

    for path in list_inputs(paths):
        if isinstance(path, InputError):
            yield path
            continue
        try:
            yield extract_source(decode(read_input(path), printable(path)))
        except InputError as error:
            yield error


def _answer(results: "Iterable[Extraction | InputError]", show: "Callable[[Extraction], None]") -> int:
    """Show each extraction, complain of each error → the exit status."""
    status = 0
    for result in results:
        if isinstance(result, InputError):
            _complain(result)
            status = UNUSABLE
        else:
            show(result)
            if result.status == "unresolved":
                status = max(status, UNRESOLVED)
    return status


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


def printable(text: str) -> str:
    """Text from a stranger, fit for a terminal or a line of JSON: control characters and broken code points replaced."""
    whole = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in whole)
