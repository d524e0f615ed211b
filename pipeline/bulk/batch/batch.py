"""A bulk run whose questions go out in batches: sent, looked at, and their answers taken, each with the same command."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from openai.types import Batch

from ...client import Client, open_client
from ...console import say
from ...errors import BudgetError, EndpointError, InputError
from ...inputs import printable
from ...prices import price
from ...settings import Settings
from ..bulk import Plan, open_run, read_on
from ..ledger import BATCH, Ledger
from ..pool import Pool
from ..summary import Summary
from ..texts import Texts
from .deferred import Deferred, DeferringRunner, Take, nowhere
from .endpoint import Endpoint
from .parts import INPUT, Limits, Parts
from .state import Part, State, Tokens, has_state, open_state
from .take import KINDS, Taking

OUTPUT, ERRORS = "output.jsonl", "errors.jsonl"
_ENDED = frozenset(("completed", "failed", "expired", "cancelled"))
_LONGEST_REASON = 200


@dataclass(frozen=True, slots=True)
class Terms:
    """How batches are made. price: what a token costs in one, beside its price in a direct request."""

    limits: Limits
    price: Decimal
    files_only: bool


@dataclass(frozen=True, slots=True)
class Told:
    """What came of a command: the summary where the run is complete; else lines that say how it stands.

    is_stopped: by a person.
    """

    summary: Summary | None
    lines: tuple[str, ...] = ()
    is_stopped: bool = False


# --- Sending ---------------------------------------------------------------------------------------------------------


async def submit(plan: Plan, out: str, formats: Sequence[str], terms: Terms, *, start_over: bool = False) -> Told:
    """Write every question without an answer into input files, and send those that are not sent.

    Raises InputError where the sources or the folder cannot be used, EndpointError where the endpoint cannot, BudgetError
    before more is sent than may be spent; what is sent is written down.
    """
    if start_over:
        _say_what_is_forgotten(Path(out))
    async with open_client(_settings(plan)) as client, open_run(plan, out, start_over=start_over) as (ledger, texts):
        with open_state(ledger.home) as state:
            parts = Parts(state, terms.limits)
            try:
                told = await _read(plan, ledger, texts, client, state, parts.add, formats)
                if told.summary is None and not told.is_stopped:
                    parts.close()
            finally:
                parts.abandon()
            if told.summary is not None or told.is_stopped:
                return told
            if not terms.files_only:
                await _send(state, client, terms)
            return Told(None, (*_submitted(state, parts.written), *_how_to_run(state, plan)))


def _say_what_is_forgotten(home: Path) -> None:
    if has_state(home):
        with open_state(home) as state:
            for part in state.parts():
                if part.state == "sent":
                    say(
                        f"--start-over: {part.batch} is forgotten, {part.lines:,} questions; the endpoint may still run it"
                    )


async def _send(state: State, client: Client, terms: Terms) -> None:
    endpoint = Endpoint(client)
    for part in state.parts():
        if part.state in ("written", "sending") and not (state.folder_of(part.number) / OUTPUT).exists():
            if part.state == "written":
                _check_budget(state, part, client.settings, terms)
            sent = await endpoint.send(part, state)
            say(f"{BATCH}/{part.number:03d}: {part.lines:,} questions sent as {sent.batch}")


def _check_budget(state: State, part: Part, settings: Settings, terms: Terms) -> None:
    """Raises BudgetError where a part, with what was spent and is under way, may cost more than the run may."""
    parts = [p for p in state.parts() if p.state in ("sent", "taken", "sending")] + [part]
    tokens = _sum(parts)
    cost = _cost(settings, tokens, terms)
    so_far = "spent, under way and to be sent, about; nothing more is sent, what was sent is kept"
    if settings.max_tokens is not None and sum(tokens) > settings.max_tokens:
        raise BudgetError(f"--max-tokens {settings.max_tokens:,}: {sum(tokens):,} tokens {so_far}")
    if settings.max_cost is not None and cost is None:
        raise BudgetError(
            f"--max-cost: no price is known for model {settings.model}; set --input-price and --output-price"
        )
    if settings.max_cost is not None and cost is not None and cost > settings.max_cost:
        raise BudgetError(f"--max-cost {settings.max_cost}: {cost:.4f} US dollars {so_far}")


def _submitted(state: State, written: int) -> Iterator[str]:
    under_way = [part for part in state.parts() if part.state == "sent"]
    questions = sum(part.lines for part in under_way)
    yield f"{written:,} questions written; {questions:,} are under way, in {_batches(len(under_way))}"
    if under_way:
        yield "--batch status says how they stand, --batch collect takes their answers"


def _how_to_run(state: State, plan: Plan) -> Iterator[str]:
    """What to do with files that are not sent."""
    for part in state.parts():
        folder = state.folder_of(part.number)
        if part.state == "written" and not (folder / OUTPUT).exists():
            model = plan.settings.model if plan.settings else ""
            yield f"not sent: vllm run-batch --model {model} -i {folder / INPUT} -o {folder / OUTPUT}"


# --- Looking ---------------------------------------------------------------------------------------------------------


async def status(plan: Plan, out: str, terms: Terms) -> Told:
    """How the batches of a run stand, a line each. Raises InputError where nothing was submitted."""
    with _state(Path(out)) as state:
        parts, lines = state.parts(), []
        async with open_client(_settings(plan)) as client:
            endpoint = Endpoint(client)
            for part in parts:
                batch = await endpoint.look(part.batch) if part.state == "sent" and part.batch else None
                lines.append(f"{BATCH}/{part.number:03d}  {_stands(part, batch)}")
        counts = state.count()
    names = {
        "answered": "answered",
        "sent": "under way or not sent",
        "again": "to be asked again",
        "failed": "given up",
    }
    lines.append("questions: " + ", ".join(f"{counts[name]:,} {says}" for name, says in names.items() if counts[name]))
    taken = _sum(part for part in parts if part.state == "taken")
    lines.append(f"paid so far: {taken[0]:,} tokens in, {taken[1]:,} out, {_told_cost(plan, taken, terms)}")
    return Told(None, tuple(lines))


def _stands(part: Part, batch: Batch | None) -> str:
    if part.state == "taken":
        return f"taken  {_tally(part)}"
    if batch is None:
        return f"{'being sent' if part.state == 'sending' else 'not sent'}  {part.lines:,} questions"
    counts = batch.request_counts
    done = f"{counts.completed or 0:,} of {part.lines:,} answered, {counts.failed or 0:,} failed" if counts else ""
    expires = f"; expires {_time(batch.expires_at)}" if batch.expires_at and batch.status not in _ENDED else ""
    return printable(f"{batch.status}  {done or f'{part.lines:,} questions'}{expires}  {batch.id}")


def _time(seconds: int) -> str:
    with suppress(OverflowError, ValueError, OSError, TypeError):
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return "at a time unknown"


# --- Taking ----------------------------------------------------------------------------------------------------------


async def collect(plan: Plan, out: str, formats: Sequence[str], terms: Terms) -> Told:
    """Take the answers of the batches that have ended, and read the reports that have all of theirs.

    Raises InputError where nothing was submitted or the run is another, EndpointError where the endpoint cannot be used or
    ran nothing of a batch: what was taken is kept.
    """
    with _state(Path(out)) as state:
        async with open_client(_settings(plan)) as client, open_run(plan, out) as (ledger, texts):
            collecting = _Collecting(state, client, plan, terms)
            await collecting.take_all()
            waiting = [part for part in state.parts() if part.state != "taken"]
            if waiting and not collecting.taken:
                return Told(None, (f"nothing new: {_waits(waiting)}",))
            state.forget_wanted()
            told = await _read(
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
    return f"{sum(part.lines for part in under_way):,} questions are under way, in {_batches(len(under_way))}{rest}"


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
        if batch.status not in _ENDED:
            return
        if batch.status != "completed":
            said = f"{BATCH}/{part.number:03d}: batch {batch.id} is {batch.status}{self._reason(batch)}"
            say(said)
            if batch.status == "failed":
                self.trouble.append(printable(said))
        files = []
        for file, name in ((batch.output_file_id, OUTPUT), (batch.error_file_id, ERRORS)):
            if file:
                await self._endpoint.fetch(file, folder / name)
                files.append(folder / name)
        await self._take(part, files, was_run=batch.status == "completed")

    async def _take(self, part: Part, files: Sequence[Path], *, was_run: bool = True) -> None:
        assert self._client.cache is not None
        taking = Taking(part, self._state, self._client.cache, self._client.settings)
        taken = await asyncio.to_thread(partial(taking.take, files, was_run=was_run))
        self.taken += 1
        cost = _told_cost(self._plan, taken.tokens, self._terms)
        say(
            f"{BATCH}/{part.number:03d}: {_tally(taken)}; {taken.tokens[0]:,} tokens in, {taken.tokens[1]:,} out, {cost}"
        )
        if taking.refuses_all:
            statuses = ", ".join(f"{count:,} × status {status}" for status, count in sorted(taking.statuses.items()))
            self.trouble.append(
                f"{BATCH}/{part.number:03d}: every question was refused ({statuses});"
                f" check NIANBAO_MODEL ({self._client.settings.model}) and --mode, then --batch submit"
            )

    def _reason(self, batch: Batch) -> str:
        """Why a batch was not run, as the endpoint says, but never the key."""
        errors = (batch.errors.data if batch.errors else None) or []
        said = "; ".join(f"{e.code}: {e.message}" for e in errors[:3])
        key = self._client.settings.api_key
        if key is not None:
            said = said.replace(key.get_secret_value(), "[key]")
        return f" ({printable(said)[:_LONGEST_REASON]})" if said else ""


# --- What they share -------------------------------------------------------------------------------------------------


async def _read(
    plan: Plan, ledger: Ledger, texts: Texts, client: Client, state: State, take: Take, formats: Sequence[str]
) -> Told:
    """Read on from the answers that are kept; take: what is done with a question without one."""
    runners: list[DeferringRunner] = []

    def runner(pool: Pool) -> DeferringRunner:
        runners.append(DeferringRunner(pool, plan.engine, _deferred(client, connection, state, take)))
        return runners[0]

    async with nowhere() as connection:
        summary = await read_on(plan, ledger, texts, runner, formats)
    return Told(summary, is_stopped=summary is None and any(runner.is_stopped for runner in runners))


def _deferred(client: Client, connection: Any, state: State, take: Take) -> Callable[[], Deferred]:
    shared: dict[Any, Any] = {}
    return partial(Deferred, client.settings, client.cache, connection, state=state, take=take, _askers=shared)


def _settings(plan: Plan) -> Settings:
    if plan.settings is None:
        raise EndpointError(
            "--batch: no model is configured; set NIANBAO_MODEL (and NIANBAO_BASE_URL, NIANBAO_API_KEY)"
        )
    return plan.settings


def _state(home: Path) -> State:
    if not has_state(home):
        raise InputError(f"{home}: nothing was submitted; --batch submit sends the questions of the run")
    return open_state(home)


def _tally(part: Part) -> str:
    return (
        ", ".join(f"{part.tally[kind]:,} {says}" for kind, says in KINDS.items() if part.tally.get(kind)) or "nothing"
    )


def _batches(count: int) -> str:
    return f"{count:,} {'batch' if count == 1 else 'batches'}"


def _sum(parts: Any) -> Tokens:
    counts: Counter[str] = Counter()
    for part in parts:
        counts.update({"in": part.tokens[0], "out": part.tokens[1]})
    return counts["in"], counts["out"]


def _cost(settings: Settings, tokens: Tokens, terms: Terms) -> Decimal | None:
    whole = price(settings, *tokens)
    return None if whole is None else whole * terms.price


def _told_cost(plan: Plan, tokens: Tokens, terms: Terms) -> str:
    cost = _cost(_settings(plan), tokens, terms)
    return "no price is known" if cost is None else f"{cost:.4f} US dollars at {terms.price} of the price"
