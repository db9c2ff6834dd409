"""On whose account something is done, as a value that every room may know."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Protocol

SCOPES = ("chat", "extract", "agent", "users", "admin")


@dataclass(frozen=True, kw_only=True)
class Limits:
    """In a minute, at once, or of one answer; None means that there is none."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    streams: int | None = None
    max_output_tokens: int | None = None


class Allowance(Protocol):
    """Money for one task alone, in 10^-12 US dollars, besides all budgets."""

    def hold(self, worst: int) -> None:
        """Set aside what a call may cost, which can take a wait. Raises BudgetSpent."""
        ...

    def settle(self, held: int, spent: int) -> None:
        """Replace what was held by what was spent."""
        ...


@dataclass(frozen=True, kw_only=True)
class Account(Limits):
    """Whoever sent a request, with the limits of the key. What is stored belongs to `owner`.

    `models` are patterns as `openai/*`; None means all. The limits of the team are shared by all
    its keys; `max_output_tokens` is the lowest of the key's, the team's and the user's.

    A key may serve many people. Of one of them `user` is the name that the key's holder gave, and
    `tenant` the key's owner; `user_limits` are for each of them.
    """

    owner: str
    user: str | None = None
    tenant: str | None = None
    key_id: str | None = None
    team: str | None = None
    scopes: tuple[str, ...] = SCOPES
    models: tuple[str, ...] | None = None
    team_limits: Limits = Limits()
    user_limits: Limits = Limits()
    allowance: Allowance | None = field(default=None, compare=False, repr=False)

    @property
    def payer(self) -> str:
        """The key's owner, who answers for what its users do."""
        return self.tenant or self.owner


def allowed(account: Account, model_id: str) -> bool:
    """Whether the account may ask a model, by its `provider/name`."""
    return account.models is None or any(fnmatchcase(model_id, name) for name in account.models)
