"""From a turn to the request that each model of a chain would get, and to who answers it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from app.accounts import Account
from app.errors import BadInput
from app.messages import spoken, unfolded
from app.metering.ledger import Ledger
from app.metering.meter import Meter
from app.metrics import Metrics
from app.providers.base import Breakers, ModelRequest, Tool
from app.services.answers import Answers, Cached, key_of
from app.services.attempts import Attempts, Composed, RetryBudget
from app.services.capabilities import check
from app.services.context import fit
from app.services.endings import Endings
from app.services.models import Candidate
from app.services.moderation import Moderation
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
    moderation: Moderation

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
        request = whole(turn, settings, account)
        place = turn.conversation_id, run_id, turn.prompt
        meter = Meter(self.ledger, self.database, account, *place)
        attempts = Attempts(
            chain,
            lambda candidate: _composed(request, candidate),
            self.breakers,
            self.budget,
            meter,
            self.metrics,
            deadline=time.monotonic() + self.seconds,
        )
        if not settings.cache:
            attempts.enter(tx)
            return attempts, meter
        requests = [(c.model.id, _composed(request, c).request) for c in chain]
        key = key_of(account.owner, requests, self.moderation.mark)
        return Cached(attempts, self.answers, key), meter


def capable(
    account: Account, chain: Sequence[Candidate], turn: Turn, settings: Settings
) -> Sequence[Candidate]:
    """Those of the chain that can do what is asked.

    Raises:
        BadInput: none can; it names the field that the first one cannot serve.
    """
    request = whole(turn, settings, account)
    return able(chain, lambda _: request)


def able(
    chain: Sequence[Candidate], request: Callable[[Candidate], ModelRequest]
) -> Sequence[Candidate]:
    """Those of the chain that can do what each would be asked. Raises as `capable`."""
    found, problems = [], []
    for candidate in chain:
        try:
            check(request(candidate), candidate.model.profile)
            found.append(candidate)
        except BadInput as problem:
            problems.append(problem)
    if not found:
        raise problems[0]
    return found


def compose(account: Account, turn: Turn, settings: Settings, candidate: Candidate) -> ModelRequest:
    """What one model would be asked."""
    return _composed(whole(turn, settings, account), candidate).request


def whole(
    turn: Turn, settings: Settings, account: Account, tools: tuple[Tool, ...] = ()
) -> ModelRequest:
    """The whole conversation, for no model yet. What is not a model's own word is left out.

    Calls of tools and their results are only for who has tools: vendors refuse them otherwise.
    """
    said = [said.message for said in turn.branch if said.source != "canned"]
    return ModelRequest(
        model="",
        messages=tuple(part for m in said for part in (unfolded(m) if tools else [spoken(m)])),
        system=turn.system,
        temperature=settings.temperature,
        max_output_tokens=least(settings.max_output_tokens, account.max_output_tokens),
        reasoning_effort=settings.reasoning_effort,
        stop=settings.stop,
        top_p=settings.top_p,
        seed=settings.seed,
        tools=tools,
    )


def _composed(request: ModelRequest, candidate: Candidate) -> Composed:
    """As much of the conversation as the model can hold."""
    window = candidate.model.profile.context_window
    kept, cut = fit(request.messages, request.system, window, request.max_output_tokens)
    asked = msgspec.structs.replace(
        request, model=candidate.model.name, messages=kept, patience=candidate.patience
    )
    return Composed(asked, cut)


def least(*limits: int | None) -> int | None:
    return min((limit for limit in limits if limit is not None), default=None)
