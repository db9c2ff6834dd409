"""How much a model may write, so that neither tokens nor money can go over their limit.

Before a step so much is set aside that a last answer is always to be had.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from app.errors import BudgetSpent
from app.events import StopReason
from app.metering.money import units
from app.metering.prices import Prices
from app.metering.tokens import estimate
from app.providers.base import ModelRequest
from app.services.agents.limits import Limits, Tally
from app.services.agents.shortening import size
from app.services.models import Candidate
from app.services.settlement import bound_of

# Tokens of output: where nobody names a limit; of the answer that is set aside; and what is too
# little to begin with.
_OUTPUT, _ANSWER, _LEAST = 8_192, 512, 16
# Tokens that a step may add to the input of the answer that follows it.
_STEP = 2_048


class NoRoom(Exception):
    """There is not enough left for another call."""

    def __init__(self, reason: StopReason) -> None:
        super().__init__(reason)
        self.reason = reason


class Pocket:
    """The money of one run, in 10^-12 US dollars: an allowance that nobody waits for."""

    def __init__(self, amount: Decimal) -> None:
        self.free = units(amount)

    def hold(self, worst: int) -> None:
        if worst > self.free:
            raise BudgetSpent("This would cost more than is left of the run's max_cost_usd.")
        self.free -= worst

    def settle(self, held: int, spent: int) -> None:
        self.free += held - spent


class Room:
    """`pocket` is None where no limit on money is in force."""

    def __init__(self, limits: Limits, tally: Tally, pocket: Pocket | None, prices: Prices) -> None:
        self._limits = limits
        self._tally = tally
        self._pocket = pocket
        self._prices = prices

    def output(self, candidate: Candidate, request: ModelRequest, *, last: bool) -> int:
        """Tokens that the model may write. The `last` answer takes what was set aside.

        Raises NoRoom.
        """
        profile = candidate.model.profile
        wanted = request.max_output_tokens or min(profile.max_output_tokens or _OUTPUT, _OUTPUT)
        by_tokens = min(wanted, self._by_tokens(request, last=last))
        if by_tokens < _LEAST:
            raise NoRoom("max_tokens")
        affordable = self._by_money(candidate, request, by_tokens, last=last)
        if affordable < _LEAST:
            raise NoRoom("max_cost")
        return affordable

    def _by_tokens(self, request: ModelRequest, *, last: bool) -> int:
        tools = estimate(msgspec.json.encode(request.tools).decode()) if request.tools else 0
        asked = size(request.messages) + estimate(request.system or "") + tools
        aside = 0 if last else asked + _STEP + _ANSWER
        return self._limits.tokens - self._tally.tokens - asked - aside

    def _by_money(
        self, candidate: Candidate, request: ModelRequest, wanted: int, *, last: bool
    ) -> int:
        if self._pocket is None:
            return wanted
        bound = bound_of(request, candidate.model.id)
        aside = 0 if last else self._worst(candidate, bound + _STEP, _ANSWER)
        room = self._pocket.free - aside
        low, high = 0, wanted + 1  # `low` can be paid for, `high` cannot, or is not wanted
        while high - low > 1:
            middle = (low + high) // 2
            fits = self._worst(candidate, bound, middle) <= room
            low, high = (middle, high) if fits else (low, middle)
        return low

    def _worst(self, candidate: Candidate, bound: int, output: int) -> int:
        """Of a model whose price nobody knows it is nothing here: the meter refuses it."""
        model = candidate.model
        worst = self._prices.worst(model.provider.name, model.name, bound, output)
        return units(worst or Decimal(0))
