"""What an answer cost. Prices are genai-prices', which come in its wheel."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

from genai_prices import Usage as Counted
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import ModelInfo, Provider

from app.events import Usage

# What runs on one's own machine sends no bill.
_FREE = {"demo", "ollama"}


def cost(provider: str, model: str, usage: Usage) -> Decimal | None:
    """In US dollars, exact; None where nobody knows it: the model, or a sum that makes no sense."""
    if provider in _FREE:
        return Decimal(0)
    found = _find(provider, model)
    if found is None:
        return None
    try:
        counted = Counted(
            input_tokens=usage.input_tokens,
            cache_read_tokens=usage.cached_input_tokens,
            cache_write_tokens=usage.cache_write_tokens,
            output_tokens=usage.output_tokens,
        )
        return found[1].calc_price(counted, found[0]).total_price
    except ValueError:  # less than nothing, or more read from a cache than there was
        return None


@lru_cache(maxsize=1024)
def _find(provider: str, model: str) -> tuple[Provider, ModelInfo] | None:
    """Looking for a model that is not there costs as much as a whole price."""
    try:
        return get_snapshot().find_provider_model(model, None, provider, None)
    except LookupError:
        return None
