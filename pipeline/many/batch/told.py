"""On what terms batches are made, and how what comes of them is told."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from ...errors import EndpointError, InputError, SettingsError
from ...llm.answer import Tokens
from ...llm.prices import price
from ...llm.settings import Settings
from ..bulk import Plan
from ..summary import Summary
from .parts import Limits
from .state import Part, State, has_state, open_state
from .take import KINDS


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


def settings_of(plan: Plan) -> Settings:
    """The settings of the model; raises EndpointError where none is configured, SettingsError where several are."""
    if plan.settings is None:
        raise EndpointError(
            "--batch: no model is configured; set NIANBAO_MODEL (and NIANBAO_BASE_URL, NIANBAO_API_KEY)"
        )
    if plan.settings.then:
        names = ", ".join(str(one.model) for one in plan.settings.models)
        raise SettingsError(
            f"--batch: one model can be asked, and {len(plan.settings.models)} are set: {names}; name the first alone with --model;"
            " then read with all of them into another folder without --batch, where its answers come from the cache"
        )
    if plan.settings.protocol != "openai":
        raise EndpointError(f"--batch: model {plan.settings.model}: only batches of OpenAI's protocol can be made")
    return plan.settings


def open_submitted(home: Path) -> State:
    """The state of a run's batches; raises InputError where there is none."""
    if not has_state(home):
        raise InputError(f"{home}: nothing was submitted; --batch submit sends the questions of the run")
    return open_state(home)


def tally_of(part: Part) -> str:
    """What came back for a part, in words."""
    counts = [f"{part.tally[kind]:,} {says}" for kind, says in KINDS.items() if part.tally.get(kind)]
    return ", ".join(counts) or "nothing"


def batches(count: int) -> str:
    return f"{count:,} {'batch' if count == 1 else 'batches'}"


def total(parts: Iterable[Part]) -> Tokens:
    """The tokens of some parts."""
    counts: Counter[str] = Counter()
    for part in parts:
        counts.update({"in": part.tokens[0], "out": part.tokens[1]})
    return Tokens(counts["in"], counts["out"])


def cost_of(settings: Settings, tokens: Tokens, terms: Terms) -> Decimal | None:
    """In US dollars, at the price of a batch; None where no price is known."""
    whole = price(settings, tokens)
    return None if whole is None else whole * terms.price


def told_cost(plan: Plan, tokens: Tokens, terms: Terms) -> str:
    cost = cost_of(settings_of(plan), tokens, terms)
    return "no price is known" if cost is None else f"{cost:.4f} US dollars at {terms.price} of the price"
