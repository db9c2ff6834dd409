"""From a turn to the request that each model of a chain would get, and to who answers it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from app.accounts import Account
from app.errors import BadInput
from app.metering.ledger import Ledger
from app.metering.meter import Meter
from app.metrics import Metrics
from app.providers.base import Breakers, ModelRequest
from app.services.answers import Answers, Cached, key_of
from app.services.attempts import Attempts, Composed, RetryBudget
from app.services.capabilities import check
from app.services.context import fit
from app.services.endings import Endings
from app.services.models import Candidate
from app.services.relay import Origin
from app.services.turns import Settings, Turn
from app.storage.database import Database, Transaction


@dataclass(frozen=True)
class Composer:
    """`seconds` is what one answer may take on the wall clock, all calls together."""

    breakers: Breakers
    budget: RetryBudget
    answers: Answers
    ledger: Ledger
    database: Database
    metrics: Metrics
    seconds: float
    endings: Endings

    def origin(
        self,
        tx: Transaction,
        account: Account,
        run_id: str,
        chain: Sequence[Candidate],
        turn: Turn,
        settings: Settings,
    ) -> tuple[Origin, Meter]:
        """Who answers: the chain, whose first call is entered, or the answer that is there.

        Raises:
            BudgetSpent, UnpricedModel: the first call may not be made.
        """
        whole = _whole(turn, settings, account)
        place = turn.conversation_id, run_id, turn.prompt
        meter = Meter(self.ledger, self.database, account, *place)
        attempts = Attempts(
            chain,
            lambda candidate: _composed(whole, candidate),
            self.breakers,
            self.budget,
            meter,
            self.metrics,
            deadline=time.monotonic() + self.seconds,
        )
        if not settings.cache:
            attempts.enter(tx)
            return attempts, meter
        requests = [(c.model.id, _composed(whole, c).request) for c in chain]
        return Cached(attempts, self.answers, key_of(account.owner, requests)), meter


def capable(
    account: Account, chain: Sequence[Candidate], turn: Turn, settings: Settings
) -> Sequence[Candidate]:
    """Those of the chain that can do what is asked.

    Raises:
        BadInput: none can; it names the field that the first one cannot serve.
    """
    whole, able, problems = _whole(turn, settings, account), [], []
    for candidate in chain:
        try:
            check(whole, candidate.model.profile)
            able.append(candidate)
        except BadInput as problem:
            problems.append(problem)
    if not able:
        raise problems[0]
    return able


def compose(account: Account, turn: Turn, settings: Settings, candidate: Candidate) -> ModelRequest:
    """What one model would be asked."""
    return _composed(_whole(turn, settings, account), candidate).request


def _whole(turn: Turn, settings: Settings, account: Account) -> ModelRequest:
    """The whole conversation, for no model yet. What is not a model's own word is left out."""
    return ModelRequest(
        model="",
        messages=tuple(said.message for said in turn.branch if said.source != "canned"),
        system=turn.system,
        temperature=settings.temperature,
        max_output_tokens=_least(settings.max_output_tokens, account.max_output_tokens),
        reasoning_effort=settings.reasoning_effort,
    )


def _composed(whole: ModelRequest, candidate: Candidate) -> Composed:
    """As much of the conversation as the model can hold."""
    window = candidate.model.profile.context_window
    kept, cut = fit(whole.messages, whole.system, window, whole.max_output_tokens)
    request = msgspec.structs.replace(
        whole, model=candidate.model.name, messages=kept, patience=candidate.patience
    )
    return Composed(request, cut)


def _least(*limits: int | None) -> int | None:
    return min((limit for limit in limits if limit is not None), default=None)
