"""One report: text in, extraction out. The whole flow, a line a step."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from os import PathLike, fspath
from typing import TYPE_CHECKING, Literal, TypeVar

from ..schemas.extraction import Extraction
from ..schemas.form import Form, form_of
from ..schemas.report import Report
from .errors import EndpointError
from .page import Page, lay_out
from .readers.rules import ByRules, judge_rules
from .source.decode import Source, read_source
from .source.inputs import printable, read_input

if TYPE_CHECKING:
    from .llm.client import Client
    from .llm.settings import Settings
    from .readers.supplied.first import Parser

REPORT = form_of(Report)

Engine = Literal["auto", "rules", "model"]
Input = str | bytes | PathLike[str]
"""A report: its text, the bytes of its file, or the path of that."""
T = TypeVar("T")


def extract(
    report: Input,
    engine: Engine = "auto",
    *,
    name: str | None = None,
    model: "Settings | None" = None,
    first: "Parser | None" = None,
) -> Extraction:
    """One report → its extraction. report: its text; or the bytes, or the path, of its file: text in any common Chinese encoding,
    HTML, a saved page (.mhtml), DOCX, PDF or (with the extra `ocr`) an image, told apart by content.

    engine: "rules" reads without a model; "auto" asks the model only where the rules leave the report unresolved, and reads
    by rules where no `model` is given; "model" always asks. name: what `source.name` is to say, if not the path. first: a parser of the
    caller's own, text → record; where its record is vouched for, nobody else reads, and where it raises or gives None, that
    is a finding. Raises InputError where the input is no such report, EndpointError where engine is "model" and the endpoint
    cannot be used. Safe in threads, and where an event loop runs.
    """
    if first is None and (engine == "rules" or (engine == "auto" and model is None)):
        return extract_source(source_of(report, name))
    return run(extract_async(report, engine, name=name, model=model, first=first))


async def extract_async(
    report: Input,
    engine: Engine = "auto",
    *,
    name: str | None = None,
    model: "Settings | Client | None" = None,
    first: "Parser | None" = None,
) -> Extraction:
    """`extract` for callers in an event loop. A Client of theirs shares its limits among all that is asked through it."""
    source = await asyncio.to_thread(source_of, report, name)
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
    return await _read_on(lambda: judge_rules(lay_out(source, form), form), engine, client, form)


async def read_on(page: Page, engine: Engine, client: "Client | None", form: Form = REPORT) -> Extraction:
    """A page → its extraction: by rules, and by the model, if there is one, as `engine` has it."""
    return await _read_on(lambda: judge_rules(page, form), engine, client, form)


async def _read_on(read: Callable[[], ByRules], engine: Engine, client: "Client | None", form: Form) -> Extraction:
    rules = await asyncio.to_thread(read)
    if client is None or engine == "rules" or (engine == "auto" and rules.extraction.status != "unresolved"):
        return rules.extraction
    from .llm.calls import asking_about
    from .readers.model import read_by_models

    with asking_about(rules.page.source.name):
        return await read_by_models(rules, client, form, first=engine == "model")


def extract_source(source: Source, form: Form = REPORT) -> Extraction:
    """Source → extraction, by rules alone; raises InputError where the text is no such report."""
    return judge_rules(lay_out(source, form), form).extraction


def run(work: Coroutine[object, object, T]) -> T:
    """Run a coroutine to its end, in a thread of its own where an event loop is running already."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def source_of(report: Input, name: str | None) -> Source:
    """A report as callers give it → the source; raises InputError where it is none."""
    if isinstance(report, PathLike):
        path = fspath(report)
        return read_source(read_input(path), printable(path) if name is None else name)
    return read_source(report, "text" if name is None else name)
