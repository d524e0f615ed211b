"""How well a record does against gold: cells right and wrong, over all cells and over those that are not zero."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from importlib.resources import files
from pathlib import Path
from typing import Any

from ..pipeline.decode import Source, decode
from ..pipeline.errors import InputError
from ..pipeline.extract import REPORT, extract_source
from ..schemas.extraction import Extraction
from ..schemas.form import Form

Gold = dict[str, Any]
"""A record as the contract has it; what is not listed is null. An amount may be given as its yuan."""


@dataclass(frozen=True, slots=True)
class Case:
    """A report and its gold."""

    source: Source
    gold: Gold


@dataclass(frozen=True, slots=True)
class Score:
    """Cells of one report by outcome. A cell counts where gold or the record holds a value."""

    name: str
    status: str
    right: int
    wrong: int
    nonzero_right: int
    nonzero_wrong: int
    wrong_paths: tuple[str, ...]


def builtin_cases() -> list[Case]:
    """The five samples with their gold."""
    root = files(__package__)
    names = sorted(f.name for f in (root / "samples").iterdir() if f.name.endswith(".txt"))
    return [
        _case(name, (root / "samples" / name).read_bytes(), (root / "gold" / gold_name(name)).read_bytes())
        for name in names
    ]


def cases_in(folder: str) -> list[Case]:
    """The NAME.txt of a folder that have a NAME.gold.json; raises InputError where none has, or gold is no gold."""
    texts = sorted(Path(folder).glob("*.txt"))
    pairs = [(text, text.with_name(gold_name(text.name))) for text in texts]
    found = [_case(t.name, t.read_bytes(), g.read_bytes()) for t, g in pairs if g.exists()]
    if not found:
        raise InputError(f"{folder}: no NAME.txt with a NAME.gold.json beside it; give a folder that has some")
    return found


def gold_name(text_name: str) -> str:
    """report.txt → report.gold.json."""
    return text_name.removesuffix(".txt") + ".gold.json"


def _case(name: str, text: bytes, gold: bytes) -> Case:
    try:
        loaded = json.loads(gold)
    except ValueError as error:
        raise InputError(f"{gold_name(name)}: no JSON: {error}") from error
    if not isinstance(loaded, dict):
        raise InputError(f"{gold_name(name)}: a record was expected, not {type(loaded).__name__}")
    return Case(decode(text, name), loaded)


def score(extraction: Extraction, gold: Gold) -> Score:
    """Extraction and gold → the score."""
    outcome = compare(extraction.report.model_dump() if extraction.report else {}, gold, REPORT)
    return Score(
        name=extraction.source.name,
        status=extraction.status,
        right=sum(ok for _, ok, _ in outcome),
        wrong=sum(not ok for _, ok, _ in outcome),
        nonzero_right=sum(ok and nonzero for _, ok, nonzero in outcome),
        nonzero_wrong=sum(nonzero and not ok for _, ok, nonzero in outcome),
        wrong_paths=tuple(path for path, ok, _ in outcome if not ok),
    )


def compare(record: Gold, gold: Gold, form: Form) -> list[tuple[str, bool, bool]]:
    """Each cell where gold or the record holds a value: path, whether they agree, whether gold is a number but 0."""
    cells = ((path, _at(gold, path), _at(record, path)) for path in form.columns)
    return [(p, _same(wanted, got), _is_nonzero(wanted)) for p, wanted, got in cells if (wanted, got) != (None, None)]


def _at(record: Any, path: str) -> Any:
    return reduce(lambda found, name: found.get(name) if isinstance(found, dict) else None, path.split("."), record)


def _same(wanted: Any, got: Any) -> bool:
    """Whether a cell of the record is what gold says; of an amount, its yuan where gold gives only that."""
    if isinstance(wanted, str) and isinstance(got, dict):
        return Decimal(wanted) == Decimal(got["yuan"] or got["figure"])
    return bool(wanted == got)


def _is_nonzero(wanted: Any) -> bool:
    figure = wanted["figure"] if isinstance(wanted, dict) else wanted
    return figure is not None and Decimal(figure) != 0


def score_table(cases: Iterable[Case]) -> str:
    """Cases → a line for each: cells right / wrong, those not zero right / wrong, status; and the sum."""
    return "\n".join(_lines(list(cases)))


def _lines(cases: list[Case]) -> Iterator[str]:
    scores = [score(extract_source(case.source), case.gold) for case in cases]
    width = max(len(s.name) for s in scores)
    yield f"{'report':<{width}}  {'cells':>12}  {'non-zero':>12}  status"
    for s in scores:
        yield _line(s.name, width, s.right, s.wrong, s.nonzero_right, s.nonzero_wrong, s.status)
    statuses = ", ".join(f"{n} {name}" for name, n in _tally(s.status for s in scores).items())
    right, wrong = sum(s.right for s in scores), sum(s.wrong for s in scores)
    nonzero_right, nonzero_wrong = sum(s.nonzero_right for s in scores), sum(s.nonzero_wrong for s in scores)
    yield _line("all", width, right, wrong, nonzero_right, nonzero_wrong, statuses)
    yield "cells: right / wrong, of those where gold or the record holds a value; non-zero: those whose gold is not 0"


def _line(name: str, width: int, right: int, wrong: int, nonzero_right: int, nonzero_wrong: int, status: str) -> str:
    return f"{name:<{width}}  {right:>6} /{wrong:>4}  {nonzero_right:>6} /{nonzero_wrong:>4}  {status}"


def _tally(names: Iterable[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name in names:
        found[name] = found.get(name, 0) + 1
    return found
