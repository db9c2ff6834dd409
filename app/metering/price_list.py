"""genai-prices: the vendors' public prices, which come in its wheel."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from importlib.metadata import version

from genai_prices import Usage as Counted
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import ModelInfo, ModelPrice, Provider, TieredPrices, TimeOfDateConstraint

from app.events import Usage
from app.tariffs import Tariff

VERSION = f"genai-prices {version('genai-prices')}"

_MOST = 1024  # models of which something is remembered; a caller may name any


def cost(provider: str, model: str, usage: Usage, moment: datetime) -> Decimal | None:
    """In US dollars; None where the list lacks the model, or the figures make no sense."""
    found = _find(provider, model)
    if found is None:
        return None
    tariff = _flat(found[1].get_prices(moment), usage.input_tokens)
    return tariff.cost(usage) if tariff else by_library(*found, usage, moment)


def moments(provider: str, model: str) -> Sequence[datetime]:
    """Now, and the hours of the day at which a model's price changes."""
    now = datetime.now(UTC)
    found = _find(provider, model)
    if found is None or isinstance(found[1].prices, ModelPrice):
        return [now]
    hours = [price.constraint for price in found[1].prices]
    changes = [(h.start_time, h.end_time) for h in hours if isinstance(h, TimeOfDateConstraint)]
    return [now, *(datetime.combine(now, hour) for pair in changes for hour in pair)]


def by_library(
    provider: Provider, model: ModelInfo, usage: Usage, moment: datetime
) -> Decimal | None:
    """The library's own sum, which knows fees as well, and takes 0.1 ms."""
    try:
        counted = Counted(
            input_tokens=usage.input_tokens,
            cache_read_tokens=usage.cached_input_tokens,
            cache_write_tokens=usage.cache_write_tokens,
            output_tokens=usage.output_tokens,
        )
        return model.calc_price(counted, provider, genai_request_timestamp=moment).total_price
    except ValueError:  # less than nothing, or more read from a cache than there was
        return None


def _flat(price: ModelPrice, tokens: int) -> Tariff | None:
    """The price where so many tokens go in; None if it has more to it than a price of tokens."""
    said = price.__dict__
    names = ("input_mtok", "output_mtok", "cache_read_mtok", "cache_write_mtok")
    of_input, of_output, of_read, of_written = (_step(said.get(name), tokens) for name in names)
    if of_input is None or of_output is None or said.get("requests_kcount") is not None:
        return None
    return Tariff(input=of_input, output=of_output, cached_input=of_read, cache_write=of_written)


def _step(price: Decimal | TieredPrices | None, tokens: int) -> Decimal | None:
    """Beyond the start of a step its price holds for all tokens."""
    if not isinstance(price, TieredPrices):
        return price
    reached = [step.price for step in price.tiers if tokens > step.start]
    return reached[-1] if reached else price.base


@lru_cache(maxsize=_MOST)
def _find(provider: str, model: str) -> tuple[Provider, ModelInfo] | None:
    """Looking for a model that is not there costs as much as a whole price."""
    try:
        return get_snapshot().find_provider_model(model, None, provider, None)
    except LookupError:
        return None
