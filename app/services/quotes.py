"""What an answer would take in tokens and cost, before it is asked for."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

import gevent

from app.accounts import Account
from app.errors import ProviderError
from app.events import Usage
from app.metering.bounds import clamp
from app.metering.prices import Prices
from app.providers.base import ModelRequest
from app.services.composing import capable, compose
from app.services.images import Images
from app.services.models import Candidate, Model, Models, permitted
from app.services.settlement import bound_of
from app.services.turns import Ask, supposed
from app.storage.database import Database

# Seconds that a provider's count is waited for.
_PATIENCE = 3.0

Counted = Literal["provider", "tokenizer", "bound"]


@dataclass(frozen=True)
class Quote:
    """`least` is the price of the input as it was counted, `most` that of the input's bound with
    the longest answer, in US dollars; None where nobody knows the price.
    """

    model: str
    input_tokens: int
    counted: Counted
    max_output_tokens: int
    least: Decimal | None
    most: Decimal | None


class Quotes:
    """Stores nothing, and asks no model."""

    def __init__(self, database: Database, models: Models, images: Images, prices: Prices) -> None:
        self._database = database
        self._models = models
        self._images = images
        self._prices = prices

    def quote(self, account: Account, ask: Ask) -> Quote:
        """For the first model that would be asked. Raises what asking it would."""
        candidate, request = self._request(account, ask)
        model, bound = candidate.model, bound_of(request, candidate.model.id)
        tokens, counted = count(model, request, bound)
        longest = model.profile.max_output_tokens or model.profile.context_window
        output = clamp(ask.max_output_tokens, longest, account.max_output_tokens, longest)
        names = model.provider.name, model.name
        return Quote(
            model=model.id,
            input_tokens=tokens,
            counted=counted,
            max_output_tokens=output,
            least=self._prices.cost(*names, Usage(input_tokens=tokens)),
            most=self._prices.worst(*names, max(bound, tokens), output),
        )

    def _request(self, account: Account, ask: Ask) -> tuple[Candidate, ModelRequest]:
        chain = permitted(account, self._models.resolve(ask.model))
        images = self._images.load(ask.images)
        turn = self._database.read(lambda tx: supposed(tx, account.owner, ask, images))
        candidate = capable(account, chain, turn, ask)[0]
        return candidate, compose(account, turn, ask, candidate)


def count(model: Model, request: ModelRequest, bound: int) -> tuple[int, Counted]:
    """By the provider, if it counts, and does so soon."""
    with suppress(ProviderError), gevent.Timeout(_PATIENCE, False):  # type: ignore[arg-type]
        counted = model.provider.count(request)
        if counted is not None:
            return counted, "provider"
    return bound, "bound"
