"""Vectors for texts, passed through from a provider: limited, held and booked like any answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from gevent import Timeout

from app.accounts import Account
from app.errors import BadInput, ParleyError, ProviderError, ProviderTimeout, ShuttingDown
from app.events import Usage
from app.ids import new_id
from app.metering import bounds
from app.metering.meter import Ended, Meter, Planned
from app.metering.tokens import estimate
from app.providers.base import Embedder, EmbeddingRequest
from app.services.models import Model, permitted
from app.services.premises import Premises


@dataclass(frozen=True, kw_only=True)
class Vectors:
    """`data` is JSON as the provider wrote it."""

    model: str
    data: msgspec.Raw
    input_tokens: int


def wanted(body: Mapping[str, Any]) -> EmbeddingRequest:
    """From a body as it was loaded. Its model is still the caller's word for it."""
    return EmbeddingRequest(**body)


class Embeddings:
    """One call each: vectors of another model would mean something else, so nobody stands in."""

    def __init__(self, premises: Premises) -> None:
        self._premises = premises

    def embed(self, account: Account, request: EmbeddingRequest) -> Vectors:
        """To kill the greenlet that waits is to stop it.

        Raises:
            BadInput, UnknownModel, NotAllowed: it cannot be carried out.
            BudgetSpent, TooMany, Unavailable: it may not be, now.
            ProviderError: the provider failed.
        """
        model = permitted(account, self._premises.models.resolve(request.model))[0].model
        if not isinstance(model.provider, Embedder):
            said = f"{model.provider.name} has no embeddings. Ask a model of another provider."
            raise BadInput(said, errors={"model": [said]})
        if self._premises.live.closing:
            raise ShuttingDown("This server is going down for a restart.", retry_after=2)
        texts = tuple(map(self._premises.composer.moderation.question, request.texts))
        request = msgspec.structs.replace(request, model=model.name, texts=texts)
        estimated = sum(map(estimate, request.texts))
        admission = self._premises.gate.admit(account, estimated, stream=True)
        try:
            vectors = self._metered(account, model, model.provider, request)
            admission.settle(vectors.input_tokens)
        except BaseException:
            admission.cancel()
            raise
        finally:
            admission.release()
        return vectors

    def _metered(
        self, account: Account, model: Model, embedder: Embedder, request: EmbeddingRequest
    ) -> Vectors:
        run_id, composer = new_id("run"), self._premises.composer
        meter = Meter(composer.ledger, composer.database, account, "", run_id)
        name, provider = model.name, model.provider.name
        try:
            with (
                composer.breakers.call(provider, name) as call,
                Timeout(composer.seconds, _too_late(model, composer.seconds)),
            ):
                meter.next(Planned(provider, name, lambda: _bound(request), 1))
                meter.made()
                embedded = embedder.embed(request)
                call.heard()
            counted = embedded.input_tokens
            tokens = sum(map(estimate, request.texts)) if counted is None else counted
            usage = Usage(input_tokens=tokens, estimated=counted is None)
            cost = meter.prices.cost(provider, name, usage)
            meter.ended(Ended("ok", usage, cost, "stop"))
        except BaseException as error:  # a kill, too: what was asked may be billed
            meter.ended(_failed(error, meter, model, request))
            raise
        finally:
            composer.endings.settle(run_id, [meter.bill()])
        return Vectors(model=model.id, data=embedded.data, input_tokens=tokens)


def _failed(error: BaseException, meter: Meter, model: Model, request: EmbeddingRequest) -> Ended:
    """A refusal has cost nothing; of what was cut off nobody knows, and it counts as done."""
    if isinstance(error, ProviderError) and error.upstream_status is not None:
        usage = Usage()
    else:
        usage = Usage(input_tokens=sum(map(estimate, request.texts)), estimated=True)
    cost = meter.prices.cost(model.provider.name, model.name, usage)
    code = error.code if isinstance(error, ParleyError) else None
    return Ended("failed" if code else "stopped", usage, cost, code=code)


def _bound(request: EmbeddingRequest) -> int:
    return bounds.bound(request.texts, messages=len(request.texts))


def _too_late(model: Model, seconds: float) -> ProviderTimeout:
    return ProviderTimeout(
        f"The vectors took longer than the {seconds:g} seconds that one answer may take.",
        limit="deadline",
        provider=model.provider.name,
        model=model.name,
    )
