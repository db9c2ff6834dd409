"""What models cost, where whoever runs the server knows better than public lists.

    {"openai/my-model": {"input": "0.15", "output": "0.60", "cached_input": "0.075"}}

A key is `provider/model`, in which `*`, `?` and `[…]` mean what they mean in a shell. Of several
keys that fit a model the last one counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fnmatch import fnmatchcase

import msgspec

from app.events import Usage

_MILLION = 1_000_000
_MOST = 1_000_000  # US dollars
# Beyond these, sums of single tokens would not be whole in the units of the tables.
_DECIMALS = 6


class Tariff(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """US dollars for a million tokens. What is not said of a cache costs what input does."""

    input: Decimal
    output: Decimal
    cached_input: Decimal | None = None
    cache_write: Decimal | None = None

    def cost(self, usage: Usage) -> Decimal | None:
        """In US dollars, exact; None if there is more from a cache than in all, or less than 0."""
        read, written = usage.cached_input_tokens, usage.cache_write_tokens
        plain = usage.input_tokens - read - written
        if min(plain, read, written, usage.output_tokens) < 0:
            return None
        of_read = self.input if self.cached_input is None else self.cached_input
        of_written = self.input if self.cache_write is None else self.cache_write
        of_input = plain * self.input + read * of_read + written * of_written
        return (of_input + usage.output_tokens * self.output) / _MILLION


Tariffs = Mapping[str, Tariff]


def read(text: str) -> dict[str, Tariff]:
    """Read a table that is written in JSON. Raises ValueError with a sentence."""
    try:
        table = msgspec.json.decode(text, type=dict[str, Tariff])
    except msgspec.DecodeError as error:
        raise ValueError(f"Not a JSON object of prices: {error}.") from error
    for name, tariff in table.items():
        _check(name, tariff)
    return table


def fitting(table: Tariffs, name: str) -> Tariff | None:
    """What a table says of one model. `name` is `provider/model`."""
    return next((table[key] for key in reversed(list(table)) if fnmatchcase(name, key)), None)


def _check(name: str, tariff: Tariff) -> None:
    provider, _, model = name.partition("/")
    if not provider or not model:
        raise ValueError(f"{name!r} is not written provider/model.")
    for field in tariff.__struct_fields__:
        price = getattr(tariff, field)
        if price is not None and not _usable(price):
            raise ValueError(
                f"{name}: {field} must be from 0 to {_MOST}, with {_DECIMALS} decimals at most."
            )


def _usable(price: Decimal) -> bool:
    if not price.is_finite() or not 0 <= price <= _MOST:
        return False
    return price == round(price, _DECIMALS)
