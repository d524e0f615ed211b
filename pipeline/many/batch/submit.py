"""The questions of a run → input files, and these → batches at the endpoint."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from ...cli.console import say
from ...errors import BudgetError
from ...llm.client import Client, open_client
from ...llm.settings import Settings
from ..bulk import Plan, open_run
from .deferred import read_deferred
from .endpoint import Endpoint
from .parts import INPUT, OUTPUT, Parts
from .state import Part, State, has_state, open_state
from .told import Terms, Told, batches, cost_of, settings_of, total


async def submit(plan: Plan, out: str, formats: Sequence[str], terms: Terms, *, start_over: bool = False) -> Told:
    """Write every question without an answer into input files, and send those that are not sent.

    Raises InputError where the sources or the folder cannot be used, EndpointError where the endpoint cannot, BudgetError
    before more is sent than may be spent; what is sent is written down.
    """
    if start_over:
        _say_what_is_forgotten(Path(out))
    async with open_client(settings_of(plan)) as client, open_run(plan, out, start_over=start_over) as (ledger, texts):
        with open_state(ledger.home) as state:
            parts = Parts(state, terms.limits)
            try:
                told = await read_deferred(plan, ledger, texts, client, state, parts.add, formats)
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
            say(f"{part.name}: {part.lines:,} questions sent as {sent.batch}")


def _check_budget(state: State, part: Part, settings: Settings, terms: Terms) -> None:
    """Raises BudgetError where a part, with what was spent and is under way, may cost more than the run may."""
    parts = [p for p in state.parts() if p.state in ("sent", "taken", "sending")] + [part]
    tokens = total(parts)
    cost = cost_of(settings, tokens, terms)
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
    yield f"{written:,} questions written; {questions:,} are under way, in {batches(len(under_way))}"
    if under_way:
        yield "--batch status says how they stand, --batch collect takes their answers"


def _how_to_run(state: State, plan: Plan) -> Iterator[str]:
    """What to do with files that are not sent."""
    for part in state.parts():
        folder = state.folder_of(part.number)
        if part.state == "written" and not (folder / OUTPUT).exists():
            model = plan.settings.model if plan.settings else ""
            yield f"not sent: vllm run-batch --model {model} -i {folder / INPUT} -o {folder / OUTPUT}"
