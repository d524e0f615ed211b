"""How the batches of a run stand."""

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from openai.types import Batch

from ...llm.client import open_client
from ...source.inputs import printable
from ..bulk import Plan
from .endpoint import ENDED, Endpoint
from .state import Part
from .told import Terms, Told, open_submitted, settings_of, tally_of, told_cost, total


async def status(plan: Plan, out: str, terms: Terms) -> Told:
    """How the batches of a run stand, a line each. Raises InputError where nothing was submitted."""
    with open_submitted(Path(out)) as state:
        parts, lines = state.parts(), []
        async with open_client(settings_of(plan)) as client:
            endpoint = Endpoint(client)
            for part in parts:
                batch = await endpoint.look(part.batch) if part.state == "sent" and part.batch else None
                lines.append(f"{part.name}  {_stands(part, batch)}")
        counts = state.count()
    names = {
        "answered": "answered",
        "sent": "under way or not sent",
        "again": "to be asked again",
        "failed": "given up",
    }
    lines.append("questions: " + ", ".join(f"{counts[name]:,} {says}" for name, says in names.items() if counts[name]))
    taken = total(part for part in parts if part.state == "taken")
    lines.append(f"paid so far: {taken[0]:,} tokens in, {taken[1]:,} out, {told_cost(plan, taken, terms)}")
    return Told(None, tuple(lines))


def _stands(part: Part, batch: Batch | None) -> str:
    if part.state == "taken":
        return f"taken  {tally_of(part)}"
    if batch is None:
        return f"{'being sent' if part.state == 'sending' else 'not sent'}  {part.lines:,} questions"
    counts = batch.request_counts
    done = f"{counts.completed} of {part.lines:,} answered, {counts.failed} failed" if counts else ""
    expires = f"; expires {_time(batch.expires_at)}" if batch.expires_at and batch.status not in ENDED else ""
    return printable(f"{batch.status}  {done or f'{part.lines:,} questions'}{expires}  {batch.id}")


def _time(seconds: int) -> str:
    with suppress(OverflowError, ValueError, OSError, TypeError):
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return "at a time unknown"
