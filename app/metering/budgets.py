"""Budgets in money: nothing is bought that a budget could not pay for, whoever else buys.

Before a call its worst case is set aside in every budget that it concerns, all or none; after it
the hold is replaced by the true cost. Both happen inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from app.accounts import Account
from app.errors import BudgetSpent
from app.ids import now
from app.metering.money import dollars, units
from app.metering.periods import name_of
from app.storage import budgets
from app.storage.budgets import Budget
from app.storage.calls import Hold
from app.storage.database import Transaction

_LEVELS = (50, 80, 100)  # per cent, at which somebody is told

_WHOSE = {
    "installation": "This installation's",
    "team": "The team's",
    "key": "This key's",
    "user": "This user's",
}


@dataclass(frozen=True)
class Alert:
    """A budget has reached a level, in per cent."""

    budget_id: str
    period: str
    level: int


@dataclass(frozen=True)
class Purchase:
    """A call as money sees it: `worst` is its worst cost in units for so many tokens of output."""

    wanted_output: int
    worst: Callable[[int], int]


@dataclass(frozen=True)
class Held:
    """What was set aside: for so many tokens of output, an amount in units, in these budgets."""

    output: int
    amount: int
    holds: tuple[Hold, ...]


def installation(**amounts: Decimal | None) -> list[Budget]:
    """The configuration's budgets, in dollars for each period that has one."""
    return _configured("installation:", amounts)


def of_users(**amounts: Decimal | None) -> list[Budget]:
    """What each user has whose key has nothing for its users."""
    return _configured("user:", amounts)


def _configured(whose: str, amounts: Mapping[str, Decimal | None]) -> list[Budget]:
    return [
        Budget(f"{whose}:{period}", period, units(amount))
        for period, amount in amounts.items()
        if amount is not None
    ]


class Budgets:
    """`installation` are the configuration's own, and `users` for each user whose key has none for
    its users; those of keys, their users and teams are in the database.
    """

    def __init__(
        self, installation: Sequence[Budget], zone: str, users: Sequence[Budget] = ()
    ) -> None:
        self._installation = installation
        self._zone = zone
        self._users = users

    def of(self, tx: Transaction, account: Account) -> Sequence[Budget]:
        """What limits this account, in the order in which it is asked."""
        subjects = [("key", account.key_id or "")] if account.key_id else []
        subjects += [("team", account.team)] if account.team else []
        own = budgets.of(tx, subjects) if subjects else []
        own += self._of_user(tx, account)
        return sorted([*self._installation, *own], key=lambda budget: budget.id)

    def _of_user(self, tx: Transaction, account: Account) -> list[Budget]:
        """As much as each of the key's users has, but spent by this one alone."""
        if account.user is None:
            return []
        each = budgets.of(tx, [("user", account.key_id or "")])
        return [
            Budget(f"user:{account.owner}:{budget.period}", budget.period, budget.amount)
            for budget in each or self._users
        ]

    def hold(self, tx: Transaction, limiting: Sequence[Budget], purchase: Purchase) -> Held:
        """Set the worst case aside, with as much output as there is money for.

        Raises:
            BudgetSpent: there is not enough for a single token; nothing is set aside.
        """
        moment = now()
        lasting = [b for b in limiting if b.period != "request"]
        holds = tuple((b.id, name_of(b.period, moment, self._zone), b.amount) for b in lasting)
        if held := _held_last(tx, limiting, holds, purchase):
            return held
        rooms = {b.id: b.amount for b in limiting}
        for budget_id, period, amount in holds:
            rooms[budget_id] = amount - budgets.used(tx, budget_id, period)
        tightest = min(limiting, key=lambda budget: rooms[budget.id])
        output = _affordable(purchase, rooms[tightest.id])
        if output < 1:
            raise _spent(tightest, moment, self._zone)
        worst = purchase.worst(output)
        for budget, hold in zip(lasting, holds, strict=True):
            if not budgets.hold(tx, hold[0], hold[1], worst, hold[2]):
                raise _spent(budget, moment, self._zone)
        return Held(output, worst, holds)

    def settle(self, tx: Transaction, held: int, holds: Sequence[Hold], spent: int) -> list[Alert]:
        """Replace what was held by what was spent. Whom to tell of what it has come to."""
        alerts = []
        for budget_id, period, amount in sorted(holds):
            total, told = budgets.settle(tx, budget_id, period, held, spent)
            reached = [level for level in _LEVELS if told < level and total * 100 >= level * amount]
            if reached and budgets.alert(tx, budget_id, period, reached[-1]):
                alerts.append(Alert(budget_id, period, reached[-1]))
        return alerts


def _held_last(
    tx: Transaction, limiting: Sequence[Budget], holds: Sequence[Hold], purchase: Purchase
) -> Held | None:
    """The whole of what is wanted, set aside when the transaction commits; it is done anew if there
    is not enough then. None: that is not to be tried.
    """
    worst = purchase.worst(purchase.wanted_output)
    if not holds or any(worst > budget.amount for budget in limiting):
        return None
    done = [budgets.hold_last(tx, name, period, worst, amount) for name, period, amount in holds]
    return Held(purchase.wanted_output, worst, tuple(holds)) if all(done) else None


def _affordable(purchase: Purchase, room: int) -> int:
    """The most tokens of output that the room pays for; the cost grows with their number."""
    if purchase.worst(purchase.wanted_output) <= room:
        return purchase.wanted_output
    low, high = 0, purchase.wanted_output  # `high` is too much, `low` may be
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if purchase.worst(middle) <= room else (low, middle)
    return low


def _spent(budget: Budget, moment: int, zone: str) -> BudgetSpent:
    whose = _WHOSE[budget.id.partition(":")[0]]
    limit = f"{dollars(budget.amount).normalize():f}"
    if budget.period == "request":
        return BudgetSpent(f"This would cost more than the {limit} US dollars that one call may.")
    return BudgetSpent(
        f"{whose} budget of {limit} US dollars for the {budget.period} is spent, or set aside "
        f"for calls that are under way ({name_of(budget.period, moment, zone)}, {zone})."
    )
