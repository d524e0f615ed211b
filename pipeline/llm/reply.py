"""What comes of a question, and what of it is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Generic

from .answer import M, Tokens
from .cache import Entry


@dataclass(frozen=True, slots=True)
class Usage:
    """Of one request: its tokens, and US dollars; cost is None where no price is known."""

    tokens: Tokens
    cost: Decimal | None


@dataclass(frozen=True, slots=True)
class Reply(Generic[M]):
    """What came of a question. answer: None where it failed; failure says why.

    usages: one for each request that was paid for it; kept: those of a cached answer, when it was asked.
    """

    answer: M | None
    raw: str
    is_cached: bool
    usages: tuple[Usage, ...] = ()
    failure: str = ""
    requests: int = 0
    """Requests sent, those that failed too."""
    kept: tuple[Usage, ...] = ()


def entry(raw: str, usages: Sequence[Usage]) -> Entry:
    """What is kept of an answer."""
    return Entry(raw=raw, usages=tuple(usage.tokens for usage in usages))
