"""One run's calls, as money sees them: each is entered before it is made and settled once.

The first is entered in the transaction that stores the question, and the last one settled in the
one that stores the answer, so that metering costs a run no transaction of its own. A call that
fails in between is settled together with the entry of the next.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import msgspec

from app import tracing
from app.accounts import Account
from app.errors import UnpricedModel
from app.ids import new_id, now
from app.metering import figures
from app.metering.budgets import Alert, Held, Purchase
from app.metering.figures import Ended as Ended
from app.metering.ledger import Bill, Ledger
from app.metering.money import units
from app.metering.prices import Prices
from app.storage.calls import StoredCall
from app.storage.database import Database, Transaction
from app.tracing import Span

# What a provider may claim: more is a fault of its own, and more than a column holds.
_TOKENS, _MONEY = 2**31 - 1, 2**53
# Tokens of output that are set aside where the caller names no limit and a budget is in force.
_OUTPUT = 4_096


@dataclass(frozen=True)
class Planned:
    """A call that is about to be made. `bound` counts its input, at most."""

    provider: str
    model: str
    bound: Callable[[], int]
    wanted_output: int | None


@dataclass(frozen=True)
class _Entered:
    """A call that is in the ledger, and the tokens of output that there is money for."""

    call: StoredCall
    output: int | None


class Meter:
    """Of one run. `first_token` is to be called when it comes."""

    def __init__(
        self,
        ledger: Ledger,
        database: Database,
        account: Account,
        conversation_id: str,
        run_id: str,
        prompt: str | None = None,
    ) -> None:
        self._ledger = ledger
        self._database = database
        self._account = account
        self._names = {"conversation_id": conversation_id, "run_id": run_id, "prompt": prompt}
        self._attempt = 0
        self._open: StoredCall | None = None
        self._unmade: tuple[str, ...] = ()  # calls that may stand in the ledger all the same
        self._ended: Ended | None = None
        self._made = False
        self._first_token: int | None = None
        self._span: Span | None = None
        self._above = tracing.current()  # for a greenlet that was told of no span
        self._allowed = 0  # of the account's allowance, what the call holds

    @property
    def prices(self) -> Prices:
        return self._ledger.prices

    @property
    def may_wait(self) -> bool:
        """Whether entering a call can take a wait, which is not for a transaction: use `next`."""
        return self._account.allowance is not None

    def begin(self, tx: Transaction, planned: Planned) -> int | None:
        """Enter the first call. Returns as `next`, and raises as it does."""
        assert not self.may_wait
        return self._go_on(self._entered(tx, planned, new_id("call"), 1))

    def check(self, tx: Transaction, planned: Planned) -> None:
        """Raises BudgetSpent, UnpricedModel where a call could not be begun now; enters nothing."""
        held = self._held(tx, planned)
        if held is not None:
            self._ledger.budgets.settle(tx, held.amount, held.holds, 0)

    def next(self, planned: Planned) -> int | None:
        """Enter another call and settle the one before.

        Returns:
            How many tokens of output there is money for; None where nothing limits it.

        Raises:
            BudgetSpent: there is no money for it.
            UnpricedModel: a budget is in force, and nobody knows the price.
        """
        bill, call_id, attempt = self.bill(), new_id("call"), self._attempt + 1
        planned = self._allow(planned)

        def work(tx: Transaction) -> tuple[list[Alert], _Entered]:
            return self._ledger.book(tx, bill), self._entered(tx, planned, call_id, attempt)

        try:
            alerts, entered = self._database.write(work)
        except BaseException:  # a stop, too
            # It was taken back, as far as anybody knows. What is booked twice is booked once.
            self._unmade += (call_id,)
            self._spend(0)
            raise
        self._ledger.tell(alerts)
        self._unmade = ()
        return self._go_on(entered)

    def calling(self) -> None:
        """The call that was entered is about to be made; until it has ended it is the span."""
        above, call = tracing.current() or self._above, self._open
        if above is not None and call is not None:
            self._above, self._span = above, figures.begun(above, call)
            tracing.enter(self._span)

    def first_token(self) -> None:
        self._first_token = now()

    def ended(self, ended: Ended) -> None:
        """Note how the call ended; the next transaction writes it. Only the first word counts."""
        if self._ended is None:
            self._ended = ended
            self._spend(self._allowed if ended.cost is None else units(ended.cost))
            self._tell(ended)

    def _tell(self, ended: Ended) -> None:
        call = self._open
        if call is not None and (self._made or ended.code):
            figures.count(self._ledger.metrics, call, ended, self._first_token)
        if self._span is not None:
            figures.tell(self._span, ended)
            self._span = None
            tracing.enter(self._above)

    def made(self) -> None:
        """The call is being made. Without this word it is struck out again."""
        self._made = True

    def bill(self) -> Bill:
        """What is left to be written, of the call that was entered last above all."""
        call = self._open
        if call is None:
            return Bill((), self._unmade)
        if not self._made:
            return Bill((), (*self._unmade, call.id))
        return Bill((self._settled(call),), self._unmade)

    def _entered(self, tx: Transaction, planned: Planned, call_id: str, attempt: int) -> _Entered:
        held = self._held(tx, planned)
        place = {**self._names, "id": call_id, "attempt": attempt}
        names = {"provider": planned.provider, "model": planned.model}
        call = self._ledger.open(tx, self._account, {**place, **names}, held)
        return _Entered(call, held.output if held else planned.wanted_output)

    def _go_on(self, entered: _Entered) -> int | None:
        """From now on it is about this call."""
        self._open, self._attempt = entered.call, entered.call.attempt
        self._ended, self._made, self._first_token = None, False, None
        return entered.output

    def _allow(self, planned: Planned) -> Planned:
        """Set the worst aside in the account's allowance; the output is bounded where it has one.

        Raises BudgetSpent, UnpricedModel.
        """
        allowance = self._account.allowance
        if allowance is None:
            return planned
        self._spend(self._allowed if self._made else 0)
        purchase = self._purchase(planned)
        worst = purchase.worst(purchase.wanted_output)
        allowance.hold(worst)
        self._allowed = worst
        return replace(planned, wanted_output=purchase.wanted_output)

    def _spend(self, amount: int) -> None:
        """So much of what the call holds of the allowance."""
        allowance, held = self._account.allowance, self._allowed
        self._allowed = 0
        if allowance is not None and held:
            allowance.settle(held, amount)

    def _held(self, tx: Transaction, planned: Planned) -> Held | None:
        limiting = self._ledger.budgets.of(tx, self._account)
        if not limiting:
            return None
        return self._ledger.budgets.hold(tx, limiting, self._purchase(planned))

    def _purchase(self, planned: Planned) -> Purchase:
        bound = planned.bound()

        def worst(output: int) -> int:
            cost = self.prices.worst(planned.provider, planned.model, bound, output)
            if cost is None:
                raise _unpriced(planned)
            return units(cost)

        return Purchase(planned.wanted_output or _OUTPUT, worst)

    def _settled(self, call: StoredCall) -> StoredCall:
        ended = self._ended
        assert ended is not None, "a call that was made has an end"
        return msgspec.structs.replace(
            call,
            state=ended.state,
            input_tokens=_sane(ended.usage.input_tokens, _TOKENS),
            cached_input_tokens=_sane(ended.usage.cached_input_tokens, _TOKENS),
            cache_write_tokens=_sane(ended.usage.cache_write_tokens, _TOKENS),
            output_tokens=_sane(ended.usage.output_tokens, _TOKENS),
            reasoning_tokens=_sane(ended.usage.reasoning_tokens, _TOKENS),
            estimated=ended.usage.estimated,
            cost=None if ended.cost is None else _sane(units(ended.cost), _MONEY),
            price_version=self.prices.version(call.provider, call.model),
            finish_reason=ended.finish_reason,
            code=ended.code,
            latency_ms=now() - call.created_at,
            first_token_ms=self._first_token and self._first_token - call.created_at,
        )


def _unpriced(planned: Planned) -> UnpricedModel:
    name = f"{planned.provider}/{planned.model}"
    said = (
        f"Nobody knows what {name} costs, and a budget is in force. Whoever runs the server can "
        f'give it a price: MODEL_PRICES={{"{name}": {{"input": "0.15", "output": "0.60"}}}}, in '
        "US dollars for a million tokens."
    )
    return UnpricedModel(said, errors={"model": [said]})


def _sane(figure: int, most: int) -> int:
    return min(max(figure, 0), most)
