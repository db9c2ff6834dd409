"""What an answer costs: as the configuration has it, or else the public list."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache

from app.events import Usage
from app.metering import price_list
from app.tariffs import Tariff, Tariffs, fitting

# What runs on one's own machine sends no bill.
_FREE = Tariff(input=Decimal(0), output=Decimal(0))
_OWN = {"demo", "ollama"}


class Prices:
    """`tariffs` are the configuration's. All sums are in US dollars, and exact."""

    def __init__(self, tariffs: Tariffs | None = None) -> None:
        self._tariffs = tariffs or {}
        self._known = lru_cache(maxsize=1024)(self._fitting)

    def cost(self, provider: str, model: str, usage: Usage) -> Decimal | None:
        """None where nobody knows it: the model, or figures that make no sense."""
        if tariff := self._known(provider, model):
            return tariff.cost(usage)
        return price_list.cost(provider, model, usage, datetime.now(UTC))

    def worst(
        self, provider: str, model: str, input_tokens: int, output_tokens: int
    ) -> Decimal | None:
        """The most that so many tokens can cost: input that is written to a cache may be dearer
        than plain input, and some vendors have other prices at other hours.
        """
        usages = [
            Usage(input_tokens, read, written, output_tokens)
            for read, written in ((0, 0), (input_tokens, 0), (0, input_tokens))
        ]
        if tariff := self._known(provider, model):
            costs = [tariff.cost(usage) for usage in usages]
        else:
            moments = price_list.moments(provider, model)
            costs = [price_list.cost(provider, model, u, m) for u in usages for m in moments]
        return max((cost for cost in costs if cost is not None), default=None)

    def per_million(self, provider: str, model: str) -> tuple[Decimal, Decimal] | None:
        """For a million tokens of input and of output, where a call is not a large one."""
        of_input = self.cost(provider, model, Usage(input_tokens=1000))
        of_output = self.cost(provider, model, Usage(output_tokens=1000))
        if of_input is None or of_output is None:
            return None
        return of_input * 1000, of_output * 1000

    def version(self, provider: str, model: str) -> str:
        """Where the price of a model comes from."""
        tariff = self._known(provider, model)
        if tariff is None:
            return price_list.VERSION
        return "free" if tariff is _FREE else "configured"

    def _fitting(self, provider: str, model: str) -> Tariff | None:
        own = fitting(self._tariffs, f"{provider}/{model}")
        return own or (_FREE if provider in _OWN else None)
