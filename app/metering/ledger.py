"""The ledger: every call to a provider is a row from before it is made until after it ended.

While a call is open its row carries a lease, which its process renews. Where a lease runs out the
process is gone; what it did not tell is booked at what was set aside, so that nothing is spent
twice and nobody is blocked for ever. After a time without a database everybody's leases have run
out, and nobody is swept until all have had the time to renew theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import gevent
import msgspec
import structlog

from app.accounts import Account
from app.errors import ParleyError
from app.ids import new_id, now
from app.metering.budgets import Alert, Budgets, Held
from app.metering.prices import Prices
from app.metrics import Metrics
from app.storage import calls, runs
from app.storage.calls import StoredCall
from app.storage.database import Database, Transaction
from app.webhooks import Webhook

log = structlog.get_logger()


# Seconds that a call may be open at most; where nobody says, it is longer than any run may last.
_LONGEST = 90_000.0


class Bill(msgspec.Struct, frozen=True):
    """What is to be written of a run's calls: those that ended, and ids of those never made."""

    ended: tuple[StoredCall, ...] = ()
    unmade: tuple[str, ...] = ()


class Ledger:
    """Of one process, which is the holder of its leases; each holds for `lease` seconds."""

    def __init__(
        self,
        database: Database,
        budgets: Budgets,
        metrics: Metrics,
        news: Webhook,
        lease: float = 60.0,
        prices: Prices | None = None,
        process: str | None = None,
        longest: float = _LONGEST,
    ) -> None:
        self.budgets = budgets
        self.prices = prices or Prices()
        self._database = database
        self.metrics = metrics
        self._news = news
        self._lease = lease
        self._process = process or new_id("proc")
        self._longest = longest
        self._away = 0  # when the database was last out of reach, in milliseconds
        self._on_gone: Callable[[str], bool] | None = None
        self._watching: gevent.Greenlet[[], None] | None = None

    def open(
        self,
        tx: Transaction,
        account: Account,
        place: Mapping[str, Any],
        held: Held | None,
    ) -> StoredCall:
        """Enter a call. `place` is its id, conversation, run, attempt, provider and model."""
        moment = now()
        call = StoredCall(
            created_at=moment,
            owner=account.payer,
            user_id=account.user,
            key_id=account.key_id,
            team=account.team,
            held=held.amount if held else 0,
            holds=held.holds if held else (),
            process=self._process,
            lease_until=self._until(),
            **place,
        )
        calls.add(tx, call)
        return call

    def book(self, tx: Transaction, bill: Bill) -> list[Alert]:
        """Write all that is on it. Doing so again changes nothing."""
        for call_id in bill.unmade:
            self.forget(tx, call_id)
        return [alert for call in bill.ended for alert in self.settle(tx, call)]

    def settle(self, tx: Transaction, call: StoredCall) -> list[Alert]:
        """Write how a call ended, and replace what was held for it by what it cost."""
        if calls.end(tx, call):
            return self.budgets.settle(tx, call.held, call.holds, call.cost or 0)
        # Its lease ran out while the process slept, and it was booked as abandoned: put it right.
        booked = calls.find(tx, call.id)
        if booked is None or booked.state != "abandoned":
            return []
        calls.end(tx, call, was="abandoned")
        return self.budgets.settle(tx, 0, call.holds, (call.cost or 0) - (booked.cost or 0))

    def forget(self, tx: Transaction, call_id: str) -> None:
        """Of a call that was never made: release what was held, and strike it out."""
        call = calls.find(tx, call_id)
        if call is not None and calls.remove(tx, call_id):
            self.budgets.settle(tx, call.held, call.holds, 0)

    def sweep(self) -> int:
        """Book what processes that are gone have left open. How many calls that were."""
        left = self._database.read(lambda tx: calls.expired(tx, now()))
        # A call that is too old says nothing of its process: nobody renews it any more.
        silent = {call.process for call in left if call.created_at > self._oldest()}
        alive = {process for process in silent if not self._gone(process)}
        left = [call for call in left if call.process not in alive]
        for call in left:
            # One transaction each: two processes that sweep must not wait for each other's rows.
            self.tell(self._database.write(lambda tx, call=call: self._sweep(tx, call)))  # type: ignore[misc]
        return len(left)

    def abandon(self, tx: Transaction, run_id: str) -> list[Alert]:
        """Book the open calls of a run whose process is gone at what was set aside for them."""
        left = [call for call in calls.of_run(tx, run_id) if call.state == "open"]
        return [alert for call in left for alert in self.settle(tx, _abandoned(call))]

    def _sweep(self, tx: Transaction, call: StoredCall) -> list[Alert]:
        found = calls.find(tx, call.id)
        if found is None or found.state != "open" or found.lease_until >= now():
            return []  # it has ended since, or its process is back
        runs.interrupt(tx, call.run_id)
        return self.settle(tx, _abandoned(found))

    def tell(self, alerts: Sequence[Alert]) -> None:
        """Once the transaction is through: to the log, the figures, and whoever wants to hear."""
        for alert in alerts:
            said = {"budget": alert.budget_id, "period": alert.period, "percent": alert.level}
            log.warning("budget_alert", **said)
            self.metrics.budget_alerts.labels(str(alert.level)).inc()
            self._news.post("budget_alert", said)

    def watch(self, on_gone: Callable[[str], bool] | None = None) -> None:
        """Renew our leases and sweep others', until `close`.

        `on_gone` hears of a process that seems gone before its calls are booked. False: it lives,
        and is only too busy, or the database is, to say so there.
        """
        self._on_gone = on_gone
        self._watching = gevent.spawn(self._watch)

    def close(self) -> None:
        if self._watching is not None:
            self._watching.kill()

    def _gone(self, process: str) -> bool:
        if self._on_gone is None:
            return True
        try:
            return self._on_gone(process)
        except ParleyError as error:
            log.warning("runs_not_ended", process=process, reason=error.detail)
            return True

    def _until(self) -> int:
        return now() + int(self._lease * 1000)

    def _oldest(self) -> int:
        return now() - int(self._longest * 1000)

    def _watch(self) -> None:
        while True:
            try:
                self._look_after()
            except ParleyError as error:
                self._away = now()
                log.warning("ledger_not_watched", reason=error.detail)
            gevent.sleep(self._lease / 4)

    def _look_after(self) -> None:
        asked, until, oldest = now(), self._until(), self._oldest()
        self._database.write(lambda tx: calls.renew(tx, self._process, until, oldest))
        if now() - asked > self._lease * 500:  # so slow that what was renewed is as good as over
            self._away = now()
        if now() - self._away < self._lease * 1000:
            return
        if swept := self.sweep():
            log.warning("calls_abandoned", calls=swept)


def _abandoned(call: StoredCall) -> StoredCall:
    cost = call.held if call.holds else None
    return msgspec.structs.replace(call, state="abandoned", cost=cost, estimated=True)
