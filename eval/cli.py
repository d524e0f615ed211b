"""`nianbao eval`: the command line of accuracy runs. Like all of the command line it imports late."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from ..pipeline.cli.console import Commands, engine_option, model_options, model_settings, say, tell
from ..pipeline.errors import InputError
from ..pipeline.language import told

if TYPE_CHECKING:
    from .run import Run
    from .tables import Scored


@click.group("eval", cls=Commands)
def evaluate() -> None:
    """Accuracy runs against gold: run an engine over a dataset, then look at what came of it.

    A DATASET is the word `samples` or `extracted`, a folder of NAME.txt with NAME.gold.json, or a file of made-up reports.

    Example: nianbao eval run samples --engine rules --out RUN
    """


_gold = click.option("--gold", metavar="DATASET", help="Score against the gold of DATASET, in place of the run's own.")


@evaluate.command("run")
@click.argument("dataset")
@engine_option("rules")
@click.option("--out", required=True, metavar="RUN", help="The run's folder; a run that was stopped is taken up again.")
@click.option(
    "--jobs",
    type=click.IntRange(1, 1024),
    help="Answers under way at once.  [default: as the model takes; of the rules: the cores]",
)
@click.option(
    "--readers", metavar="rules,MODEL,...", help="Run each of these, and the rules with each model; then compare them."
)
@model_options
def run_command(dataset: str, engine: Any, out: str, jobs: int | None, readers: str | None, **flags: object) -> None:
    """Run an engine over a DATASET and write down every answer.

    With --readers every reader runs by itself, and the rules with each model, under RUN; a table compares them and every
    combination of them. The models are those of one endpoint.

    Exit status: 0 each report has an answer, right or wrong; 2 the dataset or RUN cannot be used; 3 no usable model.

    \b
    Example: nianbao eval run samples --engine rules --out RUN
             nianbao eval run DATASET --readers rules,model-a,model-b --out RUN
    """
    import time

    from rich.console import Console
    from rich.progress import track

    from .dataset import load_dataset
    from .percent import counted
    from .readers import run_readers
    from .run import run

    names = readers.split(",") if readers is not None else []
    if names and (engine != "rules" or flags.get("model")):
        raise InputError("--readers: says who reads; leave out --engine and --model")
    settings = model_settings("auto", {**flags, "model": names[-1]}) if names else model_settings(engine, flags)
    loaded = load_dataset(dataset)
    if loaded.without_gold:
        say(f"{counted(len(loaded.without_gold), 'text')} without gold left out: {', '.join(loaded.without_gold[:5])}")
    start = time.perf_counter()
    answers = run_readers(loaded, out, names, settings, jobs) if names else run(loaded, out, engine, settings, jobs)
    runs = (
        2 * len(names) - ("rules" in names) if names else 1 if engine == "rules" else 2
    )  # the rules beside another engine
    total = len(loaded.cases) * runs
    console = Console(stderr=True)
    asked = sum(1 for _ in track(answers, "answers", total, console=console, disable=not console.is_terminal))
    seconds = time.perf_counter() - start
    reports = counted(len(loaded.cases), "report")
    say(f"{reports}, {counted(asked, 'answer')} written in {seconds:.1f} s; nianbao eval show {out}")
    if names:
        _show_readers(out, None)


def _show_readers(folder: str, gold: str | None, names: tuple[str, ...] = ()) -> None:
    from ..pipeline.extract import REPORT
    from .dataset import load_dataset
    from .readers import load_readers, reader_tables
    from .show import show

    found = load_readers(folder, load_dataset(gold) if gold is not None else None)
    show(table for table in reader_tables(found, REPORT) if table.name in names or not names)


@evaluate.command("make")
@click.option("--count", type=click.IntRange(1), default=2000, show_default=True, help="How many reports.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same reports.")
@click.option("--difficulty", type=click.IntRange(0, 3), help="0 easy to 3 hard.  [default: all by turns]")
@click.option("--through", metavar="TOOL,...", help="Print them as documents, and let these tools read them; `all`.")
@click.option(
    "--tools-python", default=sys.executable, metavar="PYTHON", help="An interpreter that has their libraries."
)
@click.option("--out", required=True, metavar="FILE", help="The JSON Lines file to write.")
def make_command(
    count: int, seed: int, difficulty: int | None, through: str | None, tools_python: str, out: str
) -> None:
    """Make up messy reports with known gold, in the layouts and with the variations of real ones.

    With --through the mess is real: the reports are printed as HTML, DOCX and PDF, and tools such as pdftotext or pandoc make
    the texts. A tool that is not installed is named and left out.

    \b
    Example: nianbao eval make --count 2000 --seed 1 --out made-up.jsonl
             nianbao eval make --count 100 --through pdftotext,html2text --out extracted.jsonl
    """
    from .mess import write_reports

    if through is not None:
        if difficulty is not None:
            raise InputError("--difficulty: tells nothing with --through, where the tools make the mess; leave it out")
        _make_extracted(out, count, seed, through, tools_python)
        return

    try:
        write_reports(out, count, seed, difficulty)
    except OSError as error:
        raise InputError(f"{out}: cannot be written ({error.strerror}); give another file") from error
    say(f"{out}: {count:,} made-up reports; nianbao eval run {out} --out RUN")


def _make_extracted(out: str, count: int, seed: int, through: str, python: str) -> None:
    from pathlib import Path

    from .documents.corpus import make_extracted
    from .documents.tools import NAMES

    names = NAMES if through == "all" else tuple(through.split(","))
    unknown = next((name for name in names if name not in NAMES), None)
    if unknown is not None:
        raise InputError(f"--through {unknown}: no such tool; there are {', '.join(NAMES)}")
    try:
        made = make_extracted(Path(out), [(names, count)], seed, python)
    except ValueError as error:
        raise InputError(f"--through: none of the tools is installed: {error}") from error
    except OSError as error:
        raise InputError(f"{out}: cannot be made ({error.strerror}); see --out and --tools-python") from error
    for name, why in made.missing.items():
        say(f"left out: {name}: {why}")
    for failure in made.failures:
        say(f"not made: {failure}")
    say(f"{out}: {made.count:,} texts; nianbao eval run {out} --out RUN")


@evaluate.command("show")
@click.argument("run")
@_gold
@click.option("--table", "names", multiple=True, metavar="NAME", help="Print only this table; may be given again.")
def show_command(run: str, gold: str | None, names: tuple[str, ...]) -> None:
    """Print the figures of a RUN: cells, reports, silent errors, each beside the baselines.

    Example: nianbao eval show RUN --table readers --table layout
    """
    from .readers import is_readers
    from .show import show
    from .tables import TABLES, tables_of

    if is_readers(run):
        _show_readers(run, gold, names)
        return
    unknown = next((name for name in names if name not in TABLES), None)
    if unknown is not None:
        raise InputError(f"--table {unknown}: no such table; there are {', '.join(TABLES)}")
    show(tables_of(_scored(run, gold), names))


@evaluate.command("compare")
@click.argument("one")
@click.argument("other")
@_gold
def compare_command(one: str, other: str, gold: str | None) -> None:
    """Hold two runs over the same gold against each other, report by report: what flipped, and whether that is chance.

    Example: nianbao eval compare RUN OTHER
    """
    from .compare import compare_tables
    from .show import show

    show(compare_tables(_scored(one, gold), _scored(other, gold)))


@evaluate.command("page")
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@click.option("-o", "--out", "out", required=True, metavar="FILE", help="The HTML file to write.")
@click.option(
    "--reports", type=click.IntRange(0), default=40, show_default=True, help="How many reports with errors it shows."
)
@_gold
def page_command(runs: tuple[str, ...], out: str, reports: int, gold: str | None) -> None:
    """Write RUNs as one self-contained HTML page: side by side, and the first with each wrong report's source beside its record.

    A RUN of several readers stands for each of them and each of their combinations.

    \b
    Example: nianbao eval page RUN -o page.html
             nianbao eval page RUN OTHER --lang zh -o page.html
    """
    from .page import page

    scored = [scored for run in runs for scored in _scored_all(run, gold)]
    _write_file(out, page(scored, reports))


@evaluate.command("label")
@click.argument("text")
@click.option("--out", metavar="FILE", help="The gold file to write  [default: NAME.gold.json beside NAME.txt]")
@engine_option("rules")
@model_options
def label_command(text: str, out: str | None, engine: Any, **flags: object) -> None:
    """Write a gold file for TEXT, filled in from a reading, to be corrected by a person.

    It says "reviewed": false until the person changes that to true; a run warns of gold that nobody has reviewed.

    Example: nianbao eval label report.txt
    """
    from .label import gold_file, label

    file = out or gold_file(text)
    drafted = label(text, engine, model_settings(engine, flags))
    _write_file(file, drafted.json, new=True)
    for doubt in drafted.doubts:
        say(f"{doubt.code}: {told(doubt.message)}")
    say(f'{file}: correct it against {text}, then set "reviewed" to true')


@evaluate.command("gate")
@click.argument("run")
@click.option("--baseline", required=True, metavar="RUN", help="The run to be held against, over the same gold.")
@_gold
def gate_command(run: str, baseline: str, gold: str | None) -> None:
    """Fail where a RUN has silent errors that its baseline has not, or its coverage falls below the baseline's interval.

    Exit status: 0 passed; 1 failed, with the reasons; 2 a run that cannot be used.

    Example: nianbao eval gate RUN --baseline BASELINE
    """
    from .gate import gate

    reasons = gate(_scored(run, gold), _scored(baseline, gold))
    for reason in reasons:
        tell(f"failed: {reason}")
    if reasons:
        sys.exit(1)
    tell("passed: no new silent error, coverage within the baseline's interval or above")


def _scored(folder: str, gold: str | None) -> "Scored":
    """A run's scores, with a warning of what they leave to doubt."""
    from ..pipeline.extract import REPORT
    from .dataset import load_dataset
    from .run import load_run, with_gold
    from .tables import Scored

    run = load_run(folder)
    if gold is not None:
        run = with_gold(run, load_dataset(gold))
    for warning in _warnings(run):
        say(f"warning: {folder}: {warning}")
    return Scored(run, REPORT)


def _scored_all(folder: str, gold: str | None) -> "list[Scored]":
    """The scores of a run, or of each reader and each combination where it is one of several readers."""
    from ..pipeline.extract import REPORT
    from .dataset import load_dataset
    from .readers import combined, is_readers, load_readers
    from .tables import Scored

    if not is_readers(folder):
        return [_scored(folder, gold)]
    readers = load_readers(folder, load_dataset(gold) if gold is not None else None)
    return [Scored(run, REPORT) for run in combined(readers).values()]


def _warnings(run: "Run") -> list[str]:
    total = len(run.dataset.cases)
    found: list[tuple[int, Callable[[int], str]]] = [
        (
            run.unanswered,
            lambda n: f"{n:,} of {total:,} reports have no answer and count as wrong; run it again to go on",
        ),
        (run.dataset.unreviewed, lambda n: f"the gold of {n:,} of {total:,} reports is not reviewed by a person"),
    ]
    return [tell(count) for count, tell in found if count]


def _write_file(file: str, text: str, new: bool = False) -> None:
    """Write a text file; with `new`, never over one that is there."""
    from pathlib import Path

    try:
        with Path(file).open("x" if new else "w", encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError as error:
        raise InputError(f"{file}: is there already and is not written over; give --out another file") from error
    except OSError as error:
        raise InputError(f"{file}: cannot be written ({error.strerror}); give another file") from error
