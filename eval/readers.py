"""Readers compared: the rules and models over one dataset, each by itself and each combination of them.

OUT/readers.json   the readers' names, in order: `rules`, and models at one endpoint
OUT/NAME           the run of a reader by itself; a model is asked about every report
OUT/rules+NAME     the run of the rules first, and the model for what they leave unresolved

A combination of more models asks each, in order, about what those before it leave unresolved, and takes the answer that vouches
for the most cells. It is put together from the runs: nothing is asked for it.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, combinations
from pathlib import Path
from urllib.parse import quote

from ..pipeline.errors import InputError
from ..pipeline.extract import Engine
from ..pipeline.llm.settings import Settings
from ..schemas.extraction import Extraction, ModelUse
from ..schemas.form import Form
from .answers import Answer
from .dataset import Dataset
from .percent import NONE
from .run import RESULTS, Run, load_run, run, with_gold
from .score import VOUCHED, ReportScore, score_reports
from .tables import Table
from .tally import tally, use

NAMES, RULES = "readers.json", "rules"

Ran = tuple[str, ...]
"""The readers of one run: ("rules",), ("model-a",), or ("rules", "model-a")."""


@dataclass(frozen=True, slots=True)
class Readers:
    """names: of the readers, in order. runs: of what was run."""

    names: tuple[str, ...]
    runs: Mapping[Ran, Run]


def run_readers(
    dataset: Dataset, folder: str, names: Sequence[str], model: Settings | None, jobs: int | None = None
) -> Iterator[Answer]:
    """Run every reader by itself, and the rules with each model; yields each answer when it is on the disk.

    model: the settings of the endpoint at which the models are; needed where there is one. It can be taken up again as `run` can.
    Raises InputError where the names are no readers, or the folder holds others; and whatever `run` raises.
    """
    _begin(Path(folder), names)
    for readers in _ran(names):
        models = [name for name in readers if name != RULES]
        asked = model.model_copy(update={"model": models[0]}) if model and models else None
        engine: Engine = "auto" if len(readers) > 1 else "model" if models else "rules"
        known = _home(folder, (RULES,)) / RESULTS if RULES in names and models else None
        yield from run(dataset, str(_home(folder, readers)), engine, asked, jobs, rules=known, by_answer=True)


def load_readers(folder: str, gold: Dataset | None = None) -> Readers:
    """The runs of a folder; raises InputError where it has none, or one is not as it was written. gold: in place of the runs' own."""
    try:
        names = tuple(map(str, json.loads((Path(folder) / NAMES).read_bytes())))
    except (OSError, ValueError) as error:
        raise InputError(
            f"{folder}: no readers, it has no {NAMES}; nianbao eval run DATASET --readers rules,MODEL --out {folder}"
        ) from error
    runs = {readers: load_run(str(_home(folder, readers))) for readers in _ran(names)}
    return Readers(names, {r: with_gold(run, gold) if gold else run for r, run in runs.items()})


def is_readers(folder: str) -> bool:
    """Whether a folder holds the runs of several readers."""
    return (Path(folder) / NAMES).is_file()


def combined(readers: Readers) -> dict[str, Run]:
    """Each reader and each combination → its run, or what its run would be: {"rules": …, "rules + model-a": …}."""
    sizes = range(1, len(readers.names) + 1)
    chosen = chain.from_iterable(combinations(readers.names, size) for size in sizes)
    return {" + ".join(names): _combined(names, readers) for names in chosen}


def _ran(names: Sequence[str]) -> list[Ran]:
    models = [name for name in names if name != RULES]
    return [*((name,) for name in names), *((RULES, name) for name in models if RULES in names)]


def _home(folder: str, readers: Ran) -> Path:
    return Path(folder) / "+".join(quote(name, safe="") for name in readers)


def _begin(home: Path, names: Sequence[str]) -> None:
    told = ",".join(names)
    if not all(names) or len(set(names)) < len(names):
        raise InputError(f"--readers {told}: each once was expected, as rules,MODEL,MODEL")
    file = home / NAMES
    try:
        if file.exists() and json.loads(file.read_bytes()) != list(names):
            raise InputError(f"{home}: holds the runs of other readers ({NAMES}); give --out a new folder")
        home.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(list(names), ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"{home}: the runs cannot be written there ({error.strerror}); give --out another") from error


def _combined(names: Ran, readers: Readers) -> Run:
    models = [name for name in names if name != RULES]
    with_rules = RULES in names and bool(models)
    parts = [readers.runs[RULES, name] if with_rules else readers.runs[name,] for name in models] or [
        readers.runs[names]
    ]
    alone = [readers.runs[name,] for name in models]
    found: dict[str, Answer] = {}
    for case in parts[0].dataset.cases:
        answers = [part.answers[case.name] for part in parts if case.name in part.answers]
        slow = [run.answers[case.name].seconds for run in alone if case.name in run.answers]
        if answers:
            found[case.name] = _in_turn(answers, slow)
    return replace(parts[0], name=" + ".join(names), answers=found)


def _in_turn(answers: Sequence[Answer], alone_s: Sequence[float]) -> Answer:
    """The answers of models in turn → what they come to, with what was asked until one vouched for all of it.

    alone_s: how long each model took by itself: where both runs asked the same, the later one had the answer from the cache.
    """
    best, uses, seconds = answers[0], [], 0.0
    for answer, alone in zip(answers, alone_s or [0.0], strict=False):
        use = answer.extraction.model if answer.extraction else None
        uses += [use] if use else []
        seconds += max(answer.seconds, alone) if use else answer.seconds
        best = answer if _vouched(answer) > _vouched(best) else best
        if answer.extraction is not None and answer.extraction.status in VOUCHED:
            break
    return Answer(name=best.name, seconds=seconds, extraction=_using(best.extraction, uses), error=best.error)


def _vouched(answer: Answer) -> int:
    return answer.extraction.coverage.vouched if answer.extraction else -1


def _using(extraction: Extraction | None, uses: Sequence[ModelUse]) -> Extraction | None:
    """The extraction, with the sum of what its models were asked."""
    if extraction is None or len(uses) < 2:
        return extraction
    costs = [use.cost for use in uses if use.cost is not None]
    whole = ModelUse(
        name=", ".join(use.name for use in uses),
        prompt=uses[0].prompt,
        calls=sum(use.calls for use in uses),
        cached_calls=sum(use.cached_calls for use in uses),
        input_tokens=sum(use.input_tokens for use in uses),
        output_tokens=sum(use.output_tokens for use in uses),
        cached_input_tokens=sum(use.cached_input_tokens for use in uses),
        cost=sum(costs, start=type(costs[0])(0)) if len(costs) == len(uses) else None,
    )
    return extraction.model_copy(update={"model": whole, "models": tuple(uses)})


# --- Tables ----------------------------------------------------------------------------------------------------------


def reader_tables(readers: Readers, form: Form) -> Iterator[Table]:
    """Every reader and combination, a line each; and what each model adds to the rules alone, a line each."""
    scores = {name: score_reports(run.dataset.cases, run.answers, form) for name, run in combined(readers).items()}
    yield replace(beside_table(scores), name="readers", title="Readers, and their combinations")
    if RULES in scores:
        lines = tuple(
            _gain(name, scores[RULES], scores[f"{RULES} + {name}"]) for name in readers.names if name != RULES
        )
        if lines:
            heads = ("", "cells vouched for", "reports vouched for", "silent cells", "calls", "tokens in", "out")
            yield Table("gains", "What a model adds to the rules alone", heads, lines)


def beside_table(runs: Mapping[str, Sequence[ReportScore]]) -> Table:
    """Runs by name, a line each."""
    return Table("runs", "Runs side by side", _HEADS, tuple(_line(n, s) for n, s in runs.items()), _NOTE)


_HEADS = (
    "",
    "cells right",
    "vouched for",
    "silent",
    "reports",
    "silent",
    "calls",
    "tokens in",
    "out",
    "cost",
    "seconds",
)
_NOTE = (
    "cells right: of those that are compared; vouched for: cells; silent: cells that are vouched for and wrong; reports: vouched for as a"
    " whole; silent: with such a cell; calls, tokens, cost in US dollars: of all questions, those from the cache as they were when they"
    " were asked; seconds: one report after the other"
)


def _line(name: str, scores: Sequence[ReportScore]) -> tuple[str, ...]:
    found, took = tally(scores), use(scores)
    asked = (f"{took.calls:,}", f"{took.input_tokens:,}", f"{took.output_tokens:,}", took.cost or "not known")
    return (
        name,
        f"{found.cells.right.part:,} of {found.cells.right.whole:,}",
        f"{found.cells_vouched.part:,}",
        f"{found.silent_cells.part:,}",
        f"{found.vouched.part:,} of {found.vouched.whole:,}",
        f"{found.silent.part:,}",
        *(asked if took.calls else (NONE,) * len(asked)),
        f"{sum(took.seconds):,.1f}",
    )


def _gain(model: str, rules: Sequence[ReportScore], both: Sequence[ReportScore]) -> tuple[str, ...]:
    before, after, took = tally(rules), tally(both), use(both)
    return (
        model,
        _more(before.cells_vouched.part, after.cells_vouched.part),
        _more(before.vouched.part, after.vouched.part),
        _more(before.silent_cells.part, after.silent_cells.part),
        *(f"{n:,}" for n in (took.calls, took.input_tokens, took.output_tokens)),
    )


def _more(before: int, after: int) -> str:
    """ "+49: 4,179 → 4,228"."""
    return f"{after - before:+,}: {before:,} → {after:,}"
