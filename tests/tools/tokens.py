"""Tokens in and out over the samples, beside a plain instructor call with the record as its response model.

make tokens

Counted with the o200k tokenizer: in, the text of the messages and the schema as JSON, as they are sent; out, the answer. The
plain call is sent the whole text and answers with the gold record, without its prose. What an endpoint adds of its own for roles
and tools is not counted.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from statistics import mean
from typing import Any

import click
import instructor
import openai
from instructor.core.exceptions import InstructorError
from nianbao.eval.dataset import SAMPLES, Case, load_dataset
from nianbao.pipeline.errors import SettingsError
from nianbao.pipeline.extract import REPORT
from nianbao.pipeline.llm.ask import ask, shown_of
from nianbao.pipeline.llm.client import connect
from nianbao.pipeline.llm.settings import Settings
from nianbao.pipeline.page import lay_out
from nianbao.pipeline.source.decode import from_text
from nianbao.schemas.report import Report

from tests.tools.standin import MODEL, StandIn, answer_from

Count = Callable[[str], int]
_SHAPING = ("messages", "response_format", "tools")
"""What of a request a model reads."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Of one report: tokens in and out, ours and those of a plain call."""

    name: str
    ours_in: int
    ours_out: int
    plain_in: int
    plain_out: int


def tokenizer() -> Count:
    """The o200k tokenizer's count; raises SettingsError where it is not installed."""
    try:
        from rs_bpe.bpe import openai as encodings
    except ImportError:
        raise SettingsError("no tokenizer: install rs-bpe (pip install rs-bpe), or use make tokens") from None
    count: Count = encodings.o200k_base().count
    return count


async def measure(case: Case, count: Count) -> Tokens:
    """Both calls for one report, as they are really sent: to a stand-in, which answers ours from gold."""
    with StandIn(answer_from([case])) as server:
        settings = Settings(model=MODEL, base_url=server.url, mode="json_schema")
        async with connect(settings, None) as client:
            page = lay_out(from_text(case.text, case.name), REPORT)
            reply = await client.ask(*ask(page, shown_of(page, REPORT), REPORT))
            await _ask_plainly(client.connection, case.text)
    ours, plain = (sum(count(text) for text in texts_of(body)) for body in server.requests)
    gold = json.dumps(case.gold.record, ensure_ascii=False, separators=(",", ":"))
    return Tokens(case.name, ours, count(reply.raw), plain, count(gold))


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


def table(found: list[Tokens]) -> str:
    """A line for each report and one for the mean."""
    lines = [f"{'o200k tokens':<28}{'ours in':>9}{'out':>7}{'plain in':>11}{'out':>7}"]
    lines += [f"{t.name:<28}{t.ours_in:>9,}{t.ours_out:>7,}{t.plain_in:>11,}{t.plain_out:>7,}" for t in found]
    means = (mean(getattr(t, name) for t in found) for name in ("ours_in", "ours_out", "plain_in", "plain_out"))
    lines.append("{:<28}{:>9,.0f}{:>7,.0f}{:>11,.0f}{:>7,.0f}".format("mean", *means))
    return "\n".join(lines)


@click.command()
def main() -> None:
    """Print the tokens of a question and its perfect answer for each sample, beside those of a plain instructor call."""
    try:
        count = tokenizer()
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    print(table([asyncio.run(measure(case, count)) for case in load_dataset(SAMPLES).cases]))


if __name__ == "__main__":
    main()
