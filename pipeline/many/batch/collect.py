"""The answers of the batches that have ended → the cache, and from there the reports that have all of theirs."""

import asyncio
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from openai.types import Batch

from ...cli.console import say
from ...errors import EndpointError
from ...llm.client import Client, open_client
from ...source.inputs import printable
from ..bulk import Plan, open_run
from .deferred import read_deferred
from .endpoint import ENDED, Endpoint
from .parts import OUTPUT
from .state import Part, State
from .take import Taking
from .told import Terms, Told, batches, open_submitted, settings_of, tally_of, told_cost

_ERRORS = "errors.jsonl"
_LONGEST_REASON = 200


async def collect(plan: Plan, out: str, formats: Sequence[str], terms: Terms) -> Told:
    """Take the answers of the batches that have ended, and read the reports that have all of theirs.

    Raises InputError where nothing was submitted or the run is another, EndpointError where the endpoint cannot be used or
    ran nothing of a batch: what was taken is kept.
    """
    with open_submitted(Path(out)) as state:
        async with open_client(settings_of(plan)) as client, open_run(plan, out) as (ledger, texts):
            collecting = _Collecting(state, client, plan, terms)
            await collecting.take_all()
            waiting = [part for part in state.parts() if part.state != "taken"]
            if waiting and not collecting.taken:
                return Told(None, (f"nothing new: {_waits(waiting)}",))
            state.forget_wanted()
            told = await read_deferred(
                plan, ledger, texts, client, state, lambda question, _: state.want(question.key), formats
            )
            if told.summary is None and not told.is_stopped:
                told = Told(None, tuple(_remaining(state, waiting)))
            if collecting.trouble and told.summary is None:
                for line in told.lines:
                    say(line)
                raise EndpointError("; ".join(collecting.trouble))
            return told


def _remaining(state: State, waiting: Sequence[Part]) -> Iterator[str]:
    if waiting:
        yield _waits(waiting)
    if wanted := state.wanted():
        yield f"{wanted:,} questions remain to be asked; --batch submit sends them"


def _waits(parts: Sequence[Part]) -> str:
    under_way = [part for part in parts if part.state == "sent"]
    unsent = len(parts) - len(under_way)
    rest = f"; {unsent} input files without an {OUTPUT}, which --batch submit sends" if unsent else ""
    return f"{sum(part.lines for part in under_way):,} questions are under way, in {batches(len(under_way))}{rest}"


class _Collecting:
    """Takes what has come of each part. taken: how many parts. trouble: what is wrong with the endpoint."""

    def __init__(self, state: State, client: Client, plan: Plan, terms: Terms) -> None:
        self._state, self._client, self._plan, self._terms = state, client, plan, terms
        self._endpoint = Endpoint(client)
        self.taken = 0
        self.trouble: list[str] = []

    async def take_all(self) -> None:
        for part in self._state.parts():
            folder = self._state.folder_of(part.number)
            if part.state == "sent" and part.batch:
                await self._fetch(part, await self._endpoint.look(part.batch), folder)
            elif part.state == "written" and (folder / OUTPUT).exists():
                await self._take(part, [folder / OUTPUT])

    async def _fetch(self, part: Part, batch: Batch, folder: Path) -> None:
        if batch.status not in ENDED:
            return
        if batch.status != "completed":
            said = f"{part.name}: batch {batch.id} is {batch.status}{self._reason(batch)}"
            say(said)
            if batch.status == "failed":
                self.trouble.append(printable(said))
        files = []
        for file, name in ((batch.output_file_id, OUTPUT), (batch.error_file_id, _ERRORS)):
            if file:
                await self._endpoint.fetch(file, folder / name)
                files.append(folder / name)
        await self._take(part, files, was_run=batch.status == "completed")

    async def _take(self, part: Part, files: Sequence[Path], *, was_run: bool = True) -> None:
        assert self._client.cache is not None
        taking = Taking(part, self._state, self._client.cache, self._client.settings)
        taken = await asyncio.to_thread(partial(taking.take, files, was_run=was_run))
        self.taken += 1
        cost = told_cost(self._plan, taken.tokens, self._terms)
        say(f"{part.name}: {tally_of(taken)}; {taken.tokens[0]:,} tokens in, {taken.tokens[1]:,} out, {cost}")
        if taking.refuses_all:
            statuses = ", ".join(f"{count:,} × status {status}" for status, count in sorted(taking.statuses.items()))
            self.trouble.append(
                f"{part.name}: every question was refused ({statuses});"
                f" check NIANBAO_MODEL ({self._client.settings.model}) and --mode; another of these needs --start-over"
            )

    def _reason(self, batch: Batch) -> str:
        """Why a batch was not run, as the endpoint says, but never the key."""
        errors = getattr(batch.errors, "data", None)
        told = errors[:3] if isinstance(errors, list) else []
        said = "; ".join(f"{getattr(e, 'code', '')}: {getattr(e, 'message', '')}" for e in told)
        key = self._client.settings.api_key
        if key is not None:
            said = said.replace(key.get_secret_value(), "[key]")
        return f" ({printable(said)[:_LONGEST_REASON]})" if said else ""
