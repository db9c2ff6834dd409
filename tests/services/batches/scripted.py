"""An extraction that does with each text what the text says."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import gevent
import msgspec

from app.accounts import Account
from app.errors import ExtractionFailed, ShuttingDown, TooMany
from app.events import Usage
from app.metering.money import units
from app.services.extraction.request import Request
from app.services.extraction.result import Result
from tests.services.batches.test_columns import outcome

WORST = Decimal("0.10")


class Scripted:
    """Words of a text, one for each time that it is asked about: what becomes of it.

    `spend-3` has cost 3 cents of the 10 that were set aside; `fail-3` too, and came to nothing.
    `begun` are the texts in the order of their beginning, `most` how many there were at once.
    """

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.open = self.most = 0

    def extract(
        self, account: Account, request: Request, _: Callable[[Any], None] | None = None
    ) -> Result:
        self.begun.append(request.text)
        words = request.text.split()
        word = words[min(self.begun.count(request.text), len(words)) - 1]
        self.open += 1
        self.most = max(self.most, self.open)
        try:
            return self._made(account, *word.split("-"))
        finally:
            self.open -= 1

    def _made(self, account: Account, kind: str, cents: str = "0") -> Result:
        match kind:
            case "hang":
                gevent.sleep(3600)
            case "wait":
                raise TooMany("Too many.", retry_after=0.01)
            case "down":
                raise ShuttingDown("Going down.")
            case "bug":
                raise ZeroDivisionError
        return self._bought(account, Decimal(cents) / 100, failing=kind == "fail")

    def _bought(self, account: Account, cost: Decimal, *, failing: bool) -> Result:
        if account.allowance is not None:
            account.allowance.hold(units(WORST))
            gevent.sleep(0)
            account.allowance.settle(units(WORST), units(cost))
        if failing:
            error = ExtractionFailed("Nothing came of it.")
            error.members = {"attempts": [1], "usage": Usage(5), "cost_usd": cost}
            raise error
        found = outcome({}).result
        assert found
        return msgspec.structs.replace(found, cost_usd=cost)
