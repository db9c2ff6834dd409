"""How many tokens a whole request has, before it is sent."""

from __future__ import annotations

from app.accounts import Account
from app.services import quotes
from app.services.completions.completion import Completion
from app.services.completions.completions import Completions
from app.services.completions.requests import fitted
from app.services.settlement import bound_of


def count(completions: Completions, account: Account, asked: Completion) -> int:
    """By the first model's provider, if it counts; else a bound that is not exceeded.

    Raises what starting it would, but for limits and budgets.
    """
    request, chain = completions.request(account, asked)
    model = chain[0].model
    composed = fitted(request, chain[0])
    return quotes.count(model, composed, bound_of(composed, model.id))[0]
