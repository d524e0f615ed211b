"""What was spent, and whether more may be."""

from dataclasses import dataclass, fields
from decimal import Decimal

from ..errors import BudgetError
from .reply import Usage
from .settings import Settings


@dataclass(slots=True)
class Spent:
    """What a client has spent so far."""

    requests: int = 0
    cached: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_input_tokens: int = 0
    cost: Decimal = Decimal(0)
    unpriced: int = 0
    """Requests for which no price is known."""

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    def add(self, usage: Usage) -> None:
        """What a request cost."""
        self.input_tokens += usage.tokens.input
        self.output_tokens += usage.tokens.output
        self.cached_input_tokens += usage.tokens.cached
        self.cost += usage.cost or 0
        self.unpriced += usage.cost is None


def check_budget(limits: Settings, spent: Spent) -> None:
    """Raises BudgetError where nothing more may be spent."""
    tokens = spent.input_tokens + spent.output_tokens
    if limits.max_tokens is not None and tokens >= limits.max_tokens:
        raise BudgetError(f"--max-tokens {limits.max_tokens:,} reached: {tokens:,} spent; what was read is kept")
    if limits.max_cost is not None and spent.cost >= limits.max_cost:
        raise BudgetError(
            f"--max-cost {limits.max_cost} reached: {spent.cost:.4f} US dollars spent; what was read is kept"
        )
    if limits.max_cost is not None and spent.unpriced:
        raise BudgetError(
            f"--max-cost: no price is known for model {limits.model}; set --input-price and --output-price"
        )
