"""Somebody's own parser as the first reader: its record is held against the text; if it has none, the next reader's turn."""

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ....schemas.extraction import Extraction, Finding, finding
from ....schemas.form import Form
from ...errors import InputError
from ...extract import REPORT, Engine, extract_with
from ...language import in_chinese
from ...source.decode import Source
from ...source.inputs import printable
from .check_record import check_supplied
from .record import Supplied, read_supplied

if TYPE_CHECKING:
    from ...llm.client import Client

Parser = Callable[[str], Mapping[str, Any] | None]
"""The text of a report → a record in the contract's shape, gaps allowed; None where it can make nothing of it."""

_LONGEST_REASON = 200


async def extract_after(
    source: Source, first: Parser, engine: Engine, client: "Client | None", form: Form = REPORT
) -> Extraction:
    """Source → extraction: the parser's record where it is vouched for, else what the engine reads.

    Whatever the parser raises, and a record that is none, is a finding. It is called in a thread of its own.
    """
    parsed = await asyncio.to_thread(_parsed, first, source, form)
    if isinstance(parsed, Supplied):
        return await check_supplied(source, parsed, engine, client, form)
    found = await extract_with(source, engine, client, form)
    return found.model_copy(update={"findings": (*found.findings, parsed)})


def _parsed(first: Parser, source: Source, form: Form) -> Supplied | Finding:
    try:
        record = first(source.text)
        if record is not None:
            return read_supplied(record, "所供记录", form)
        reason = "没有给出记录"
    except InputError as error:
        reason = in_chinese(str(error))
    except Exception as error:  # a parser of the caller's own may raise anything; the report is to be read all the same
        reason = f"{type(error).__name__}: {error}"
    return finding("parser_failed", f"解析程序没有给出可用的记录：{printable(reason)[:_LONGEST_REASON]}")
