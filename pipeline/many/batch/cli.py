"""`nianbao bulk --batch …`: what came of it, told, and its exit status."""

import asyncio
import sys
from decimal import Decimal
from typing import TYPE_CHECKING, NoReturn

from ...cli.console import UNRESOLVED, say, tell
from .collect import collect
from .parts import Limits
from .status import status
from .submit import submit
from .told import Terms, Told

if TYPE_CHECKING:
    from ..bulk import Plan

INTERRUPTED, NOT_AT_ITS_END = 130, 4


def run_batch(command: str, plan: "Plan", out: str, formats: list[str], terms: Terms, start_over: bool) -> NoReturn:
    """Do one of submit, status, collect, and end with its exit status."""
    works = {
        "submit": lambda: submit(plan, out, formats, terms, start_over=start_over),
        "status": lambda: status(plan, out, terms),
        "collect": lambda: collect(plan, out, formats, terms),
    }
    try:
        told = asyncio.run(works[command]())
    except (KeyboardInterrupt, asyncio.CancelledError):
        told = Told(None, is_stopped=True)
    if told.is_stopped:
        say(f"stopped; what is written down is kept in {out}, and the same command goes on from there")
        sys.exit(INTERRUPTED)
    for line in told.lines:
        tell(line)
    if told.summary is not None:
        tell(told.summary.text())
        sys.exit(UNRESOLVED if told.summary.unresolved else 0)
    sys.exit(NOT_AT_ITS_END if command == "collect" else 0)


def terms_of(lines: int, megabytes: int, price: float, files_only: bool) -> Terms:
    """The options of the command line → terms."""
    return Terms(Limits(lines, megabytes * 1_000_000), Decimal(str(price)), files_only)
