"""One report: text in, extraction out. The whole flow, a line a step."""

import asyncio
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Literal, TypeVar

from ..schemas.extraction import Extraction
from ..schemas.form import Form, form_of
from ..schemas.report import Report
from .errors import EndpointError, InputError
from .old.page import Page, lay_out
from .old.rules import read_by_rules
from .record.judge import Case, best, judge, weigh
from .source.decode import Source, decode, from_text

if TYPE_CHECKING:
    from .llm.client import Client
    from .llm.settings import Settings
    from .readers.supplied.first import Parser

REPORT = form_of(Report)

Engine = Literal["auto", "rules", "model"]
T = TypeVar("T")


def extract(
    text: str | bytes,
    engine: Engine = "auto",
    *,
    name: str = "text",
    model: "Settings | None" = None,
    first: "Parser | None" = None,
) -> Extraction:
    """The text of one report (or its bytes, in any common Chinese encoding) → its extraction.

    engine: "rules" reads without a model; "auto" asks the model only where the rules leave the report unresolved, and reads
    by rules where no `model` is given; "model" always asks. name: what `source.name` is to say. first: a parser of the
    caller's own, text → record; where its record is vouched for, nobody else reads, and where it raises or gives None, that
    is a finding. Raises InputError where the input is no such report, EndpointError where engine is "model" and the endpoint
    cannot be used. Safe in threads, and where an event loop runs.
    """
    if first is None and (engine == "rules" or (engine == "auto" and model is None)):
        return extract_source(source_of(text, name))
    return run(extract_async(text, engine, name=name, model=model, first=first))


async def extract_async(
    text: str | bytes,
    engine: Engine = "auto",
    *,
    name: str = "text",
    model: "Settings | Client | None" = None,
    first: "Parser | None" = None,
) -> Extraction:
    """`extract` for callers in an event loop. A Client of theirs shares its limits among all that is asked through it."""
    source = await asyncio.to_thread(source_of, text, name)
    if model is None or engine == "rules":
        if engine == "model":
            raise EndpointError("engine 'model': no model is given; pass model=Settings(model=..., base_url=...)")
        return await _extracted(source, engine, None, first)
    from .llm.client import Client, open_client

    if isinstance(model, Client):
        return await _extracted(source, engine, model, first)
    async with open_client(model) as client:
        return await _extracted(source, engine, client, first)


async def _extracted(source: Source, engine: Engine, client: "Client | None", first: "Parser | None") -> Extraction:
    if first is not None:
        from .readers.supplied.first import extract_after

        found = await extract_after(source, first, engine, client)
    elif client is None:
        return await asyncio.to_thread(extract_source, source)
    else:
        found = await extract_with(source, engine, client)
    if client is not None and engine == "model" and found.reader != "supplied" and client.unusable is not None:
        raise client.unusable
    return found


async def extract_with(source: Source, engine: Engine, client: "Client | None", form: Form = REPORT) -> Extraction:
    """Source → extraction, by rules and, where they leave doubts or `engine` is "model", by the model."""
    page = lay_out(source, form)
    return await read_on(page, by_rules(page, form), engine, client, form)


async def read_on(
    page: Page, cases: Sequence[Case], engine: Engine, client: "Client | None", form: Form = REPORT
) -> Extraction:
    """What was read without a model → extraction; the model is asked as `engine` has it, if there is one."""
    if client is None or engine != "model":
        extraction = judge(page.source, cases, form)
        if client is None or engine == "rules" or extraction.status != "unresolved":
            return extraction
    from .readers.model import compared, read_by_model

    given = await read_by_model(page, form, client)
    findings = [*given.findings, *(compared(best(cases), case, form) for case in given.cases[-1:])]
    both = [*given.cases, *cases] if engine == "model" else [*cases, *given.cases]
    return judge(page.source, both, form, findings, given.use)


def extract_source(source: Source, form: Form = REPORT) -> Extraction:
    """Source → extraction, by rules alone; raises InputError where the text is no such report."""
    return judge(source, by_rules(lay_out(source, form), form), form)


def by_rules(page: Page, form: Form) -> list[Case]:
    """The readings of the rules, weighed, up to the first that holds; raises InputError where the text is no such report."""
    cases: list[Case] = []
    for reading in read_by_rules(page, form):
        cases.append(weigh(page, reading, form))
        if cases[-1].holds:
            break
    if len(page.sections) < 2 and not any(case.reading.places for case in cases):
        raise InputError(
            f"{page.source.name}: no yearly report on open government information:"
            " neither its headings nor its tables were found; give the text of one report"
        )
    return cases


def run(work: Coroutine[object, object, T]) -> T:
    """Run a coroutine to its end, in a thread of its own where an event loop is running already."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def source_of(text: str | bytes, name: str) -> Source:
    """The text of a report, or its bytes → the source; raises InputError where it is none."""
    return from_text(text, name) if isinstance(text, str) else decode(text, name)
