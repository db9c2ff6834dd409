"""A run's owner is made and set to work: for a run that begins, and for one that goes on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from app.accounts import Account
from app.metering.admission import Admission
from app.metering.limits import Gate
from app.metering.meter import Meter, Planned
from app.runs.registry import Runs as Live
from app.runs.run import Run
from app.services.agents.closing import Closing
from app.services.agents.course import Course
from app.services.agents.journal import Journal
from app.services.agents.limits import Limits, Tally
from app.services.agents.means import Errand, Means, Surroundings
from app.services.agents.room import Pocket
from app.services.agents.work import Work
from app.services.settlement import bound_of
from app.services.turns import Turn
from app.storage.database import Database, Transaction


@dataclass(frozen=True, kw_only=True)
class House:
    """Times in seconds: `wait` has a person to decide about a call, and `grace` a run that
    continues without a reader. `priced`: a model without a price is refused, because somebody has
    set the limit on cost.
    """

    limits: Limits
    priced: bool
    wait: float
    grace: float
    process: str


class Making:
    """`on_answer` hears of each run that has ended."""

    def __init__(
        self,
        database: Database,
        live: Live,
        around: Surroundings,
        gate: Gate,
        house: House,
        on_answer: Callable[[Account, Turn, Run], None],
    ) -> None:
        self.database = database
        self.around = around
        self.house = house
        self._live = live
        self._gate = gate
        self._on_answer = on_answer

    @contextmanager
    def place(
        self, errand: Errand
    ) -> Iterator[Callable[[Run, Errand, Journal, Tally, Course], None]]:
        """A place for a run, given back at its end, or at once if it does not come to it.

        What is yielded sets the owner of a run to work. Raises TooMany, Unavailable.
        """
        account, task = errand.account, errand.task
        self.around.mark(b"")  # so that what it is made with is there when it is needed
        with self._live.place() as start:
            admission = self._gate.admit(account, task.estimated_tokens, stream=True)

            def begin(
                run: Run, errand: Errand, journal: Journal, tally: Tally, course: Course
            ) -> None:
                work = self._work(run, errand, journal, tally, course)
                start(run, self._owned(work, admission, tally.tokens, errand, run))

            try:
                yield begin
            except BaseException:
                admission.cancel()
                raise

    def check(self, tx: Transaction, run_id: str, errand: Errand) -> None:
        """Raises BudgetSpent, UnpricedModel: not even the first call could be made."""
        request, model, turn = errand.request(), errand.chain[0].model, errand.turn
        ledger = self.around.composer.ledger
        meter = Meter(ledger, self.database, errand.account, turn.conversation_id, run_id)
        planned = Planned(
            model.provider.name,
            model.name,
            lambda: bound_of(request, model.id),
            request.max_output_tokens,
        )
        meter.check(tx, planned)

    def _work(
        self, run: Run, errand: Errand, journal: Journal, tally: Tally, course: Course
    ) -> Work:
        limits = self.house.limits.lowered(errand.task)
        # Whoever has decided about a call is owed an answer, however little time was left.
        seconds = max(limits.seconds - tally.seconds, limits.answer_seconds)
        means = Means(
            around=self.around,
            errand=errand,
            limits=limits,
            run_id=run.id,
            deadline=time.monotonic() + seconds,
        )
        pocket = self._pocket(means, tally)
        account = replace(errand.account, allowance=pocket)
        ledger = means.composer.ledger
        meter = Meter(ledger, self.database, account, run.conversation_id, run.id)
        closing = Closing(run, means, journal, tally, meter, self.database, self.house.wait)
        return Work(run, means, journal, tally, meter, pocket, closing, course)

    def _pocket(self, means: Means, tally: Tally) -> Pocket | None:
        limit, prices = means.limits.cost_usd, means.composer.ledger.prices
        if limit is None:
            return None
        strict = self.house.priced or means.errand.task.max_cost_usd is not None
        models = [candidate.model for candidate in means.chain]
        known = all(prices.worst(m.provider.name, m.name, 1, 1) is not None for m in models)
        return Pocket(limit - (tally.cost_usd or 0)) if strict or known else None

    def _owned(
        self, work: Work, admission: Admission, before: int, errand: Errand, run: Run
    ) -> Callable[[], None]:
        """The limits get their truth, and their place back in any case; others hear of the end."""

        def owned() -> None:
            admission.cover(work, before)
            if not run.parked:
                self._on_answer(errand.account, errand.turn, run)

        return owned
