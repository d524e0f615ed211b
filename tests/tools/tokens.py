"""Tokens in and out over the samples, and over reports that are asked about, beside a plain instructor call for the whole record.

make tokens

Counted with the o200k tokenizer: in, the text of the messages and the schema as JSON, as they are sent; out, the answer. What all
questions begin with, an endpoint may keep: it is told apart. The plain call is sent the whole text and answers with the gold
record, without its prose. What an endpoint adds of its own for roles and tools is not counted.
"""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import instructor
import openai
from instructor.core.exceptions import InstructorError
from nianbao.eval.dataset import SAMPLES, Case, load_dataset
from nianbao.eval.mess import write_reports
from nianbao.pipeline.errors import NianbaoError, SettingsError
from nianbao.pipeline.extract import REPORT, Engine, extract_async
from nianbao.pipeline.llm.ask import instructions
from nianbao.pipeline.llm.client import Client, connect
from nianbao.pipeline.llm.settings import Settings
from nianbao.schemas.report import Report

from tests.tools.standin import MODEL, StandIn, answer_from

Count = Callable[[str], int]
_SHAPING = ("messages", "response_format", "tools")
"""What of a request a model reads."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Of reports: how many requests were sent about them, their tokens in and out, those in that all requests begin with, and a plain call's."""

    name: str
    calls: int
    into: int
    same: int
    out: int
    plain_in: int
    plain_out: int

    def __add__(self, other: "Tokens") -> "Tokens":
        mine, others = ((t.calls, t.into, t.same, t.out, t.plain_in, t.plain_out) for t in (self, other))
        return Tokens(self.name, *(a + b for a, b in zip(mine, others, strict=True)))


def tokenizer() -> Count:
    """The o200k tokenizer's count; raises SettingsError where it is not installed."""
    try:
        from rs_bpe.bpe import openai as encodings
    except ImportError:
        raise SettingsError("no tokenizer: install rs-bpe (pip install rs-bpe), or use make tokens") from None
    count: Count = encodings.o200k_base().count
    return count


async def measure(cases: Sequence[Case], engine: Engine, count: Count) -> list[Tokens]:
    """What is sent about each report, and a plain call, to a stand-in, which answers ours from gold."""
    with StandIn(answer_from(cases)) as server:
        settings = Settings(model=MODEL, base_url=server.url, mode="json_schema")
        async with connect(settings, None) as client:
            return [await _of(case, engine, client, server, count) for case in cases]


async def _of(case: Case, engine: Engine, client: Client, server: StandIn, count: Count) -> Tokens:
    server.requests.clear()
    with suppress(NianbaoError):
        await extract_async(case.text, engine, model=client)
    ours = list(server.requests)
    await _ask_plainly(client.connection, case.text)
    plain = server.requests[-1]
    gold = json.dumps(case.gold.record, ensure_ascii=False, separators=(",", ":"))
    return Tokens(
        case.name,
        len(ours),
        sum(count(text) for body in ours for text in texts_of(body)),
        sum(count(text) for body in ours for text in (instructions(REPORT), *texts_of(body)[len(body["messages"]) :])),
        sum(count(server.answer(body)) for body in ours),
        sum(count(text) for text in texts_of(plain)),
        count(gold),
    )


async def _ask_plainly(connection: openai.AsyncOpenAI, text: str) -> None:
    """A plain call; the stand-in has no record for an answer, as only the request matters."""
    asker = instructor.from_openai(connection, mode=instructor.Mode.JSON_SCHEMA)
    with suppress(InstructorError):
        await asker.chat.completions.create(
            model=MODEL, response_model=Report, messages=[{"role": "user", "content": text}], max_retries=0
        )


def texts_of(body: Mapping[str, Any]) -> list[str]:
    """All that a model reads of a request: the messages' texts, and schema or tools as JSON."""
    messages = [str(m["content"]) for m in body["messages"]]
    rest = [body[name] for name in _SHAPING[1:] if name in body]
    return messages + [json.dumps(part, ensure_ascii=False, separators=(",", ":")) for part in rest]


def table(found: Sequence[Tokens]) -> str:
    """A line for each, with the mean of a request, and what a plain call takes."""
    lines = [f"{'o200k tokens':<34}{'requests':>9}{'in':>8}{'of it same':>11}{'out':>6}{'plain in':>11}{'out':>8}"]
    for t in found:
        own = (round(n / max(1, t.calls)) for n in (t.into, t.same, t.out))
        mine = "{:>8,}{:>11,}{:>6,}".format(*own)
        lines.append(f"{t.name:<34}{t.calls:>9,}{mine}{t.plain_in:>11,}{t.plain_out:>8,}")
    return "\n".join(lines)


def total(name: str, found: Sequence[Tokens]) -> Tokens:
    return sum(found, Tokens(name, 0, 0, 0, 0, 0, 0))


def _told(t: Tokens, count: int) -> str:
    """What a run of so many reports takes beside plain calls."""
    ours, plain = t.into + t.out, t.plain_in + t.plain_out
    fresh = t.into - t.same + t.out
    return (
        f"{t.name}: {t.calls} requests for {count} reports; all tokens 1/{plain / max(1, ours):.0f} of the plain calls',"
        f" without those that all requests begin with 1/{plain / max(1, fresh):.0f}"
    )


@click.command()
@click.argument("datasets", nargs=-1)
@click.option("--made-up", "more", default=0, show_default=True, help="Made-up reports, asked about as by `auto`.")
def main(datasets: tuple[str, ...], more: int) -> None:
    """Print the tokens of each sample's whole question and of its perfect answer; of DATASETS, what `auto` asks about them."""
    try:
        count = tokenizer()
        whole = asyncio.run(measure(load_dataset(SAMPLES).cases, "model", count))
        named = [(name, load_dataset(name).cases) for name in datasets]
        with TemporaryDirectory() as folder:
            if more:
                write_reports(path := Path(folder) / "made up.jsonl", more, 4242, None)
                named.append(("made up", load_dataset(str(path)).cases))
        print(table([*whole, total("samples, the whole question", whole)]))
        for name, cases in named:
            found = asyncio.run(measure(cases, "auto", count))
            print(table([total(f"{Path(name).name}, what is open", found)]))
            print(_told(total(Path(name).name, found), len(cases)))
    except NianbaoError as error:
        raise click.ClickException(str(error)) from None


if __name__ == "__main__":
    main()
