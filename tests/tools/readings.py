"""Recorded readings with gold, asked for through the whole client: what the rules vouch for, what they do with a model, and with two.

    python -m tests.tools.readings [FOLDER...]

Each reading is answered by a stand-in, over the protocol, and is said to be recorded: no model is asked. The second of two models
answers as the first did, but for one row in thirty, in which two cells are exchanged, one is another or is left out.
"""

import asyncio
import json
import random
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

import click
from nianbao.eval.dataset import Case, load_dataset
from nianbao.pipeline.errors import NianbaoError
from nianbao.pipeline.extract import Engine, extract_async
from nianbao.pipeline.llm.client import connect
from nianbao.pipeline.llm.settings import Settings
from nianbao.pipeline.llm.wire import BLANK, NO_ROW, Pointing, Said, line_of, said_in
from nianbao.pipeline.readers.supplied.tie import same
from nianbao.schemas.extraction import Extraction

from tests.tools.recorded import load_recorded
from tests.tools.standin import Answer, StandIn, answer_from

FOLDER = str(Path(__file__).parents[1] / "readings")
ERRS = 1 / 30


@dataclass(frozen=True, slots=True)
class Told:
    """Of all reports: how many are whole, how many cells there are, are vouched for, and are so wrongly; requests and tokens."""

    whole: int = 0
    cells: int = 0
    vouched: int = 0
    silent: int = 0
    calls: int = 0
    into: int = 0
    out: int = 0


async def measure(cases: Sequence[Case], engine: Engine, settings: Settings) -> Told:
    """Reports with gold → what comes of them."""
    whole = cells = vouched = silent = calls = into = out = 0
    async with connect(settings, None) as client:
        for case in cases:
            found = await extract_async(case.text, engine, model=client)
            printed = {path: value for path, value in case.gold.cells.items() if value is not None}
            sure, wrong = judged(found, case)
            whole += found.status != "unresolved"
            cells += len(printed)
            vouched += len(sure & printed.keys())
            silent += len(wrong)
        calls, into, out = client.total.requests, client.total.input_tokens, client.total.output_tokens
    return Told(whole, cells, vouched, silent, calls, into, out)


def judged(found: Extraction, case: Case) -> tuple[set[str], set[str]]:
    """The cells that are vouched for, and those of them that gold has otherwise, or that a whole record has not."""
    sure = {path for path, e in found.evidence.items() if e.trust == "vouched"}
    if found.status != "unresolved":
        sure |= {path for path, value in case.gold.cells.items() if value is not None} - found.evidence.keys()
    return sure, {path for path in sure if not same(case.gold.cells.get(path), _at(found.report, path))}


def _at(record: object, path: str) -> Any:
    """What a record holds at a path; None where it has not the row."""
    return reduce(lambda one, name: getattr(one, name, None), path.split("."), record)


def erring(answer: Answer, seed: int = 1) -> Answer:
    """A reader → one that reads as it does, but for one row in thirty; the same question has the same answer."""

    def answered(body: Mapping[str, Any]) -> str:
        rng = random.Random(f"{seed} {body['messages'][-1]['content']}")
        lines = [said_in(line) for line in json.loads(answer(body))["rows"]]
        told = [line_of(n, _spoilt(said, rng) if n != NO_ROW and rng.random() < ERRS else said) for n, said in lines]
        return Pointing(rows=told).model_dump_json()

    return answered


def _spoilt(said: Sequence[Said], rng: random.Random) -> Sequence[Said]:
    cells, i, j = list(said), rng.randrange(len(said)), rng.randrange(len(said))
    one = cells[i]
    kind = rng.choice(("exchanged", "another", "left out"))
    if kind == "exchanged":
        cells[i], cells[j] = cells[j], one
    elif kind == "another" and isinstance(one, int):
        cells[i] = one + rng.choice((-1, 1))
    else:
        cells[i] = BLANK
    return cells


def by_model(answers: Mapping[str, Answer]) -> Answer:
    """A stand-in for several models, each with its own answers."""
    return lambda body: answers[body["model"]](body)


@click.command()
@click.argument("folders", nargs=-1)
def main(folders: tuple[str, ...]) -> None:
    """Print what comes of recorded readings: by rules, with them, by them alone, and with two readers; exit status 1 where a wrong cell is vouched for."""
    try:
        places = folders or (FOLDER,)
        cases = [case for folder in places for case in load_dataset(folder).cases]
        read = answer_from((), [one for folder in places for one in load_recorded(folder)])
    except NianbaoError as error:
        raise click.ClickException(str(error)) from None
    silent = 0
    print(f"{'recorded readings':<28}{'reports':>8}{'whole':>7}{'cells':>8}{'vouched':>9}{'wrong':>7}{'requests':>10}")
    with StandIn(by_model({"one": read, "other": erring(read), "third": erring(read, 2)})) as server:
        one, other, third = (
            Settings(model=name, base_url=server.url, mode="json_schema") for name in ("one", "other", "third")
        )
        two = one.model_copy(update={"then": (other,)})
        swapped = other.model_copy(update={"then": (one,)})
        ways: list[tuple[str, Engine, Settings]] = [
            ("by rules", "rules", one),
            ("rules, then the reader", "auto", one),
            ("the reader, as the record", "model", one),
            ("rules, then one that errs", "auto", other),
            ("rules, reader, one that errs", "auto", two),
            ("rules, one that errs, reader", "auto", swapped),
            ("rules, two that err", "auto", other.model_copy(update={"then": (third,)})),
            ("one that errs, as the record", "model", other),
        ]
        for name, engine, settings in ways:
            t = asyncio.run(measure(cases, engine, settings))
            silent += t.silent
            print(f"{name:<28}{len(cases):>8}{t.whole:>7}{t.cells:>8,}{t.vouched:>9,}{t.silent:>7}{t.calls:>10}")
    sys.exit(bool(silent))


if __name__ == "__main__":
    main()
