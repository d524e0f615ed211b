"""A record that somebody's own parser made, held against the text: vouched for, or read again by the engine."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ....schemas.extraction import Extraction, finding
from ....schemas.form import Form
from ...errors import EndpointError
from ...extract import REPORT, Input, read_on, run, source_of
from ...page import Page, lay_out
from ...record.judge import judge
from ...record.weigh import weigh_all
from ...source.decode import Source
from ..rules import read_by_rules
from .differences import compared, disagreeing, share_of
from .record import Supplied, read_supplied
from .tie import tie

if TYPE_CHECKING:
    from ...llm.client import Client
    from ...llm.settings import Settings

Engine = Literal["auto", "rules", "model", "none"]
"""Who reads what is not vouched for; "none": nobody, the record is only judged."""


def check(
    report: Input,
    record: Mapping[str, Any],
    engine: Engine = "auto",
    *,
    name: str | None = None,
    model: "Settings | None" = None,
) -> Extraction:
    """One report, as `extract` takes it, and a record of it in the contract's shape → an extraction.

    record: gaps and nulls are allowed at every level. Where all that it says is what its cells print, and the judge vouches
    for it, the extraction's `reader` is "supplied"; else the engine reads, as in `extract`, and each cell where the two
    differ is a finding. engine "none" only judges. Raises InputError where the text is no such report or the record has an
    unknown key, EndpointError where engine is "model" and the endpoint cannot be used. Safe in threads, and where an event
    loop runs.
    """
    return run(check_async(report, record, engine, name=name, model=model))


async def check_async(
    report: Input,
    record: Mapping[str, Any],
    engine: Engine = "auto",
    *,
    name: str | None = None,
    model: "Settings | Client | None" = None,
) -> Extraction:
    """`check` for callers in an event loop. A Client of theirs shares its limits among all that is asked through it."""
    source = await asyncio.to_thread(source_of, report, name)
    if model is None or engine in ("rules", "none"):
        return await check_with(source, record, engine, None)
    from ...llm.client import Client, open_client

    if isinstance(model, Client):
        return await _checked(source, record, engine, model)
    async with open_client(model) as client:
        return await _checked(source, record, engine, client)


async def _checked(source: Source, record: Mapping[str, Any], engine: Engine, client: "Client") -> Extraction:
    found = await check_with(source, record, engine, client)
    if engine == "model" and found.reader != "supplied" and client.unusable is not None:
        raise client.unusable
    return found


async def check_with(
    source: Source, record: Mapping[str, Any], engine: Engine, client: "Client | None", form: Form = REPORT
) -> Extraction:
    """Source and record → extraction; the model is asked only for what neither the record nor, by "auto", the rules settle."""
    supplied = read_supplied(record, f"{source.name}: the record", form)
    return await check_supplied(source, supplied, engine, client, form)


async def check_supplied(
    source: Source, supplied: Supplied, engine: Engine, client: "Client | None", form: Form = REPORT
) -> Extraction:
    """`check_with` for a record that has been read already."""
    heard = await asyncio.to_thread(hear, source, supplied, form)
    found = heard.accepted or await _read_again(heard, engine, client, form)
    others = [share for share in found.readers if share.reader != "supplied"]
    return found.model_copy(update={"readers": (share_of(supplied, found), *others)})


async def _read_again(heard: "Hearing", engine: Engine, client: "Client | None", form: Form) -> Extraction:
    if engine == "none":
        return refused(heard, form)
    if client is None and engine == "model":
        raise EndpointError("engine 'model': no model is given; pass model=Settings(model=..., base_url=...)")
    found = await read_on(heard.page, engine, client, form)
    again = finding("record_read_again", f"所供记录没有被采纳：{_why(heard)}")
    told = compared(heard.supplied, heard.tied, found, form)
    return found.model_copy(update={"findings": (*found.findings, again, *told)})


@dataclass(frozen=True, slots=True)
class Hearing:
    """A supplied record, heard. tied: what the text prints, with the record as a second reader; is_accepted: whether it is all that."""

    page: Page
    supplied: Supplied
    tied: Extraction
    is_accepted: bool

    @property
    def accepted(self) -> Extraction | None:
        """The verdict where the record is vouched for, else None."""
        return self.tied if self.is_accepted else None


def hear(source: Source, supplied: Supplied, form: Form = REPORT) -> Hearing:
    """Tie a record to the cells of a source and judge it beside what the rules read.

    Raises InputError where the text is no such report.
    """
    page = lay_out(source, form)
    alignments = read_by_rules(page, form)
    pointed = tie(page, alignments, supplied.cells, form)
    weighed = weigh_all(page, alignments, form, [pointed])
    tied = judge(page, weighed, form, reader="supplied", others=[pointed])
    is_accepted = tied.status != "unresolved" and not supplied.is_empty and not any(disagreeing(supplied, tied))
    if is_accepted:
        tied = tied.model_copy(update={"findings": (*tied.findings, *compared(supplied, tied, tied, form))})
    return Hearing(page, supplied, tied, is_accepted)


def refused(heard: Hearing, form: Form = REPORT) -> Extraction:
    """The verdict on a record that was not accepted, where nobody else reads: unresolved, with all that speaks against it."""
    why = finding("record_refused", f"所供记录没有被采纳：{_why(heard)}")
    told = compared(heard.supplied, heard.tied, heard.tied, form)
    return heard.tied.model_copy(update={"status": "unresolved", "findings": (*heard.tied.findings, why, *told)})


def _why(heard: Hearing) -> str:
    """Why a record is not accepted, in a few words."""
    if heard.supplied.is_empty:
        return "没有一格有内容"
    reasons = []
    if count := len(list(disagreeing(heard.supplied, heard.tied))):
        reasons.append(f"{count} 格与原文所印不符")
    doubts = [f.message for f in heard.tied.findings if f.severity == "error"]
    if doubts:
        reasons.append(f"{len(doubts)} 处不能确认：{'；'.join(doubts[:2])}")
    return "；".join(reasons) or "原文有存疑的格"
