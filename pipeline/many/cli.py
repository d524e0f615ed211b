"""`nianbao bulk` and `nianbao export`. Like all of the command line they import late."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from ..cli.console import (
    INTERRUPTED,
    UNRESOLVED,
    deadline,
    deadline_option,
    engine_option,
    model_options,
    model_settings,
    say,
    tell,
)
from ..cli.help import Command
from ..errors import EndpointError

if TYPE_CHECKING:
    from ..extract import Engine
    from .bulk import Cluster, Plan
    from .summary import Summary


def _formats_option(default: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return click.option(
        "--formats",
        default=default,
        show_default=True,
        metavar="NAMES",
        help="Tables to write, with commas: jsonl, parquet, csv, xlsx. The summary is always written.",
    )


_workers = click.option("--workers", type=click.IntRange(1, 1024), help="Processes that read.  [default: one a core]")


@click.command(cls=Command)
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option("--out", metavar="FOLDER", help="The run's folder; a run that was stopped is taken up again.")
@engine_option("auto")
@_formats_option("jsonl")
@_workers
@deadline_option
@click.option(
    "--runner",
    default="local",
    show_default=True,
    metavar="local|ray[=ADDRESS]",
    help="Where reports are read: on this machine, or on a Ray cluster (HOST:PORT; the one it belongs to).",
)
@click.option("--text-column", default="text", show_default=True, metavar="NAME", help="Of JSON Lines and Parquet.")
@click.option("--name-column", default="name", show_default=True, metavar="NAME", help="Of JSON Lines and Parquet.")
@click.option(
    "--shard-size", type=click.IntRange(1, 100_000), default=200, show_default=True, help="Reports committed together."
)
@click.option(
    "--estimate", is_flag=True, help="Read by rules only, and print what a model would be asked, and its cost."
)
@click.option("--start-over", is_flag=True, help="Replace the run that FOLDER holds.")
@click.option(
    "--batch",
    type=click.Choice(["submit", "status", "collect"]),
    help="Ask through the endpoint's Batch API, at half price: send, look, take the answers; see docs/batch.md.",
)
@click.option("--files-only", is_flag=True, help="With --batch submit: write the input files, and send nothing.")
@click.option(
    "--batch-lines", type=click.IntRange(1), default=50_000, show_default=True, help="Most questions of an input file."
)
@click.option(
    "--batch-mb", type=click.IntRange(1), default=200, show_default=True, help="Most megabytes of an input file."
)
@click.option(
    "--batch-price",
    type=click.FloatRange(0, 10),
    default=0.5,
    show_default=True,
    metavar="FACTOR",
    help="What a token costs in a batch, as a part of its price.",
)
@model_options
def bulk(
    sources: tuple[str, ...],
    out: str | None,
    engine: "Engine",
    formats: str,
    workers: int | None,
    deadline_s: float | None,
    runner: str,
    text_column: str,
    name_column: str,
    shard_size: int,
    estimate: bool,
    start_over: bool,
    batch: str | None,
    files_only: bool,
    batch_lines: int,
    batch_mb: int,
    batch_price: float,
    **flags: object,
) -> None:
    """Read many reports into FOLDER. Stopped or killed, the same command goes on from there.

    SOURCE: files, folders, globs in quotes, JSON Lines (.jsonl), Parquet (.parquet), addresses such as s3://bucket/folder.

    Exit status: 0 all verified or discrepant; 1 some unresolved, with those that cannot be read; 2 a usage error, or the
    sources or FOLDER cannot be used; 3 no usable model, or --max-cost reached; 4 with --batch collect: the run is not at its
    end; 70 a fault of nianbao; 130 stopped by Ctrl-C.

    Example: nianbao bulk reports/ --out RUN --formats jsonl,parquet,xlsx
    """
    if files_only and batch != "submit":
        raise click.UsageError("--files-only goes with --batch submit.")
    if batch is not None and runner != "local":
        raise click.UsageError("--batch waits for a provider, and needs no cluster: leave --runner out.")
    if start_over and batch in ("status", "collect"):
        raise click.UsageError(f"--start-over does not go with --batch {batch}.")
    columns = (text_column, name_column)
    plan = _plan(sources, engine, workers, runner, columns, shard_size, deadline(deadline_s), flags, estimate)
    if estimate:
        from .bulk import estimated

        tell("\n".join(estimated(plan).lines(str(batch_price))))
        return
    if out is None:
        raise click.UsageError("Missing option '--out'.")
    if batch is not None:
        from .batch.cli import run_batch, terms_of

        if engine == "rules":
            raise click.UsageError("--batch asks a model, and --engine rules none.")
        terms = terms_of(batch_lines, batch_mb, batch_price, files_only)
        run_batch(batch, plan, out, _names(formats), terms, start_over)
    _finish(_run(plan, out, _names(formats), start_over))


def _plan(
    sources: tuple[str, ...],
    engine: "Engine",
    workers: int | None,
    runner: str,
    columns: tuple[str, str],
    shard_size: int,
    deadline_s: float,
    flags: dict[str, object],
    estimate: bool,
) -> "Plan":
    from .bulk import Plan
    from .pool import cores
    from .sources import Columns

    settings = model_settings("auto" if estimate and engine == "model" else engine, flags)
    text, name = columns
    cluster = _cluster(runner, workers)
    here = cores() if cluster else workers or cores()
    return Plan(sources, engine, settings, Columns(text=text, name=name), shard_size, here, cluster, deadline_s)


def _cluster(runner: str, workers: int | None) -> "Cluster | None":
    from .bulk import Cluster

    if runner == "local":
        return None
    name, given, address = runner.partition("=")
    if name != "ray" or (given and not address):
        raise click.BadParameter(f"{runner!r} is none of local, ray, ray=HOST:PORT.", param_hint="--runner")
    return Cluster(address or None, workers)


def _run(plan: "Plan", out: str, formats: list[str], start_over: bool) -> "Summary":
    from .bulk import bulk

    try:
        summary = bulk(plan, out, formats, start_over=start_over)
    except KeyboardInterrupt:
        summary = None
    except EndpointError:
        _say_how_to_go_on(out)
        raise
    if summary is None:
        say(f"stopped; what is committed is kept in {out}, and the same command goes on from there")
        sys.exit(INTERRUPTED)
    return summary


def _say_how_to_go_on(out: str) -> None:
    from .ledger import has_shards

    if has_shards(out):
        say(f"what is committed is kept in {out}; the same command goes on from there")


def _finish(summary: "Summary") -> None:
    tell(summary.text())
    sys.exit(UNRESOLVED if summary.unresolved else 0)


def _names(formats: str) -> list[str]:
    """The formats named, each once; raises InputError for one that there is not."""
    from .formats import check_formats

    names = list(dict.fromkeys(name.strip() for name in formats.split(",") if name.strip()))
    check_formats(names)
    return names


@click.command(cls=Command)
@click.argument("run")
@_formats_option("jsonl,csv")
@_workers
def export(run: str, formats: str, workers: int | None) -> None:
    """Write the tables of a RUN again, or in other formats, from its extractions: nothing is read anew.

    Exit status: 0 written; 2 a usage error, or RUN cannot be used.

    Example: nianbao export RUN --formats parquet,xlsx
    """
    from .bulk import tables
    from .pool import cores

    names = _names(formats)
    summary = tables(run, names, workers or cores())
    if not summary.told["complete"]:
        say(f"{run}: the run is not at its end; the tables hold what is committed")
    tell(summary.text())
