"""What an answer cost. Prices are genai-prices', which come in its wheel."""

from __future__ import annotations

from decimal import Decimal

import genai_prices

from app.events import Usage

# What runs on one's own machine sends no bill.
_FREE = {"demo", "ollama"}


def cost(provider: str, model: str, usage: Usage) -> Decimal | None:
    """In US dollars, exact; None where nobody knows the model's price."""
    if provider in _FREE:
        return Decimal(0)
    counted = genai_prices.Usage(
        input_tokens=usage.input_tokens,
        cache_read_tokens=usage.cached_input_tokens,
        cache_write_tokens=usage.cache_write_tokens,
        output_tokens=usage.output_tokens,
    )
    try:
        return genai_prices.calc_price(counted, model, provider_id=provider).total_price
    except LookupError:
        return None
