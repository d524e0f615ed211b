"""A record that somebody's own parser made, held against the text: vouched for, or read again by the engine."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from ....schemas.extraction import Extraction, finding
from ....schemas.form import Form
from ...errors import EndpointError
from ...extract import REPORT, by_rules, read_on, run, source_of
from ...old.page import Page, lay_out
from ...old.tie import tie
from ...record.judge import Case, judge, weigh
from ...source.decode import Source
from ..pointing import read_claims
from .differences import compared, disagreeing, share_of
from .record import Supplied, read_supplied

if TYPE_CHECKING:
    from ...llm.client import Client
    from ...llm.settings import Settings

Engine = Literal["auto", "rules", "model", "none"]
"""Who reads what is not vouched for; "none": nobody, the record is only judged."""


def check(
    text: str | bytes,
    record: Mapping[str, Any],
    engine: Engine = "auto",
    *,
    name: str = "text",
    model: "Settings | None" = None,
) -> Extraction:
    """The text of one report, and a record of it in the contract's shape → an extraction.

    record: gaps and nulls are allowed at every level. Where all that it says is what its cells print, and the judge vouches
    for it, the extraction's `reader` is "supplied"; else the engine reads, as in `extract`, and each cell where the two
    differ is a finding. engine "none" only judges. Raises InputError where the text is no such report or the record has an
    unknown key, EndpointError where engine is "model" and the endpoint cannot be used. Safe in threads, and where an event
    loop runs.
    """
    return run(check_async(text, record, engine, name=name, model=model))


async def check_async(
    text: str | bytes,
    record: Mapping[str, Any],
    engine: Engine = "auto",
    *,
    name: str = "text",
    model: "Settings | Client | None" = None,
) -> Extraction:
    """`check` for callers in an event loop. A Client of theirs shares its limits among all that is asked through it."""
    source = await asyncio.to_thread(source_of, text, name)
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
    found = await read_on(heard.page, heard.cases, engine, client, form)
    again = finding("record_read_again", f"所供记录没有被采纳：{_why(heard)}")
    told = compared(heard.supplied, heard.tied, found, form)
    return found.model_copy(update={"findings": (*found.findings, again, *told)})


@dataclass(frozen=True, slots=True)
class Hearing:
    """A supplied record, heard.

    case: its own reading, weighed; tied: what that alone comes to. accepted: the verdict where it is vouched for, else
    None. cases: the readings that the engine starts from.
    """

    page: Page
    supplied: Supplied
    case: Case
    tied: Extraction
    accepted: Extraction | None
    cases: Sequence[Case]


def hear(source: Source, supplied: Supplied, form: Form = REPORT) -> Hearing:
    """Tie a record to the cells of a source and judge it beside what the rules read: where both stand and differ, neither is taken.

    Raises InputError where the text is no such report.
    """
    page = lay_out(source, form)
    rules = by_rules(page, form)
    case, tied = _tied(page, rules, supplied, form)
    if case.doubts or supplied.is_empty or any(disagreeing(supplied, tied)):
        return Hearing(page, supplied, case, tied, None, rules)
    verdict = judge(source, [case, *rules], form, compared(supplied, tied, tied, form))
    is_accepted = verdict.reader == "supplied" and verdict.status != "unresolved"
    return Hearing(page, supplied, case, tied, verdict if is_accepted else None, [*rules, case])


def _tied(page: Page, rules: Sequence[Case], supplied: Supplied, form: Form) -> tuple[Case, Extraction]:
    """A record's cells, tied in the way that has the fewest doubts, and of those the fewest cells that print something else."""
    found: list[tuple[tuple[int, int], Case, Extraction]] = []
    for case in _ways(page, rules, supplied, form):
        tied = judge(page.source, [case], form)
        found.append(((case.doubts, len(list(disagreeing(supplied, tied)))), case, tied))
        if found[-1][0] == (0, 0):
            break
    _, case, tied = min(found, key=lambda way: way[0])
    return case, tied


def _ways(page: Page, rules: Sequence[Case], supplied: Supplied, form: Form) -> Iterator[Case]:
    """The ways to tie a record: its nulls taken for blanks, or for gaps; or row by row as the rules do and vouch for."""
    said = {path: value for path, value in supplied.cells.items() if value is not None}
    for cells in (supplied.cells, said) if len(said) < len(supplied.cells) else (said,):
        yield weigh(page, read_claims(page, tie(page, cells, form), form, "supplied"), form)
    yield from (replace(c, reading=replace(c.reading, reader="supplied")) for c in rules if not c.doubts)


def refused(heard: Hearing, form: Form = REPORT) -> Extraction:
    """The verdict on a record that was not accepted, where nobody else reads: unresolved, with all that speaks against it."""
    why = finding("record_refused", f"所供记录没有被采纳：{_why(heard)}")
    case = replace(heard.case, findings=(*heard.case.findings, why))
    told = compared(heard.supplied, heard.tied, heard.tied, form)
    return judge(heard.page.source, [case], form, told)


def _why(heard: Hearing) -> str:
    """Why a record is not accepted, in a few words."""
    if heard.supplied.is_empty:
        return "没有一格有内容"
    reasons = []
    if count := len(list(disagreeing(heard.supplied, heard.tied))):
        reasons.append(f"{count} 格与原文所印不符")
    doubts = [f.message for f in heard.case.findings if f.severity == "error"]
    if doubts:
        reasons.append(f"{len(doubts)} 处不能确认：{'；'.join(doubts[:2])}")
    return "；".join(reasons) or "规则另有一种说得通的读法"
