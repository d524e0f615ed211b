"""What tokens cost."""

from decimal import Decimal

from .answer import Tokens
from .settings import Settings

_PROVIDERS = {"anthropic": "anthropic", "google": "google"}
"""Of the price table; an endpoint that speaks OpenAI's protocol may be anybody's."""


def price(settings: Settings, tokens: Tokens) -> Decimal | None:
    """US dollars for so many tokens: by the settings, else by the table of genai-prices, which may have a lower price for those that
    the endpoint had read before; None where neither knows.
    """
    if settings.input_price is not None or settings.output_price is not None:
        per_token = ((settings.input_price or 0) * tokens.input, (settings.output_price or 0) * tokens.output)
        return Decimal(sum(per_token)) / 1_000_000
    from genai_prices import Usage as Used
    from genai_prices import calc_price

    try:
        used = Used(input_tokens=tokens.input, output_tokens=tokens.output, cache_read_tokens=tokens.cached)
        return calc_price(used, model_ref=settings.name, provider_id=_PROVIDERS.get(settings.protocol)).total_price
    except LookupError:
        return None
