"""A budget of what is done together, as the documents of a batch: known to one process alone.

Like any budget it holds the worst case of a call until its true cost is known. Beside the budgets
of the database it needs no row; and who wants more than there is just now can wait for those that
hold it, because a call that is under way waits for no money itself.
"""

from __future__ import annotations

from decimal import Decimal

from gevent.event import Event

from app.errors import BudgetSpent
from app.metering.money import dollars, units


class Purse:
    """So many US dollars, for any number of shares."""

    def __init__(self, amount: Decimal) -> None:
        self._amount = units(amount)
        self._free = self._amount  # neither spent nor held
        self._held = 0
        self._changed = Event()

    def hold(self, worst: int) -> None:
        """Set so many units aside, once there are as many.

        Raises:
            BudgetSpent: there will not be, whatever the calls under way come to.
        """
        while worst > self._free:
            if worst > self._free + self._held:
                raise self._spent(worst)
            self._changed.clear()
            self._changed.wait()
        self._free -= worst
        self._held += worst

    def settle(self, held: int, spent: int) -> None:
        """Replace what was held by what was spent."""
        self._held -= held
        self._free += held - spent
        self._changed.set()

    def _spent(self, worst: int) -> BudgetSpent:
        return BudgetSpent(
            f"Of the batch's budget of {_said(self._amount)} US dollars at most "
            f"{_said(max(0, self._free + self._held))} are left, and the next call could cost "
            f"{_said(worst)}. Give budget_usd more, or set a lower max_output_tokens."
        )


class Share:
    """What one document takes of a purse, which is the allowance of its account.

    `calls` counts those that got their money; `refused`: one did not.
    """

    def __init__(self, purse: Purse) -> None:
        self.calls = 0
        self.refused = False
        self._purse = purse
        self._held = 0
        self._closed = False

    def hold(self, worst: int) -> None:
        try:
            self._purse.hold(worst)
        except BudgetSpent:
            self.refused = True
            raise
        self.calls += 1
        self._held += worst

    def settle(self, held: int, spent: int) -> None:
        if not self._closed:
            self._held -= held
            self._purse.settle(held, spent)

    def close(self) -> None:
        """Of calls whose end nobody told, the worst counts."""
        self.settle(self._held, self._held)
        self._closed = True


def _said(amount: int) -> str:
    return f"{dollars(amount).normalize():f}"
