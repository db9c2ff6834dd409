"""The ledger: every call to a provider is a row from before it is made until after it ended.

While a call is open its row carries a lease, which its process renews. Where a lease runs out the
process is gone; what it did not tell is booked at what was set aside, so that nothing is spent
twice and nobody is blocked for ever.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    ) -> None:
        self.budgets = budgets
        self.prices = prices or Prices()
        self._database = database
        self._metrics = metrics
        self._news = news
        self._lease = lease
        self._process = new_id("proc")
        self._watching: gevent.Greenlet[[], None] | None = None

    def open(
        self,
        tx: Transaction,
        account: Account,
        place: Mapping[str, Any],
        held: Held | None,
    ) -> StoredCall:
        """Enter a call. `place` is its conversation, run, attempt, provider and model."""
        moment = now()
        call = StoredCall(
            id=new_id("call"),
            created_at=moment,
            owner=account.owner,
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

    def forget(self, tx: Transaction, call: StoredCall) -> None:
        """Of a call that was never made: release what was held, and strike it out."""
        calls.remove(tx, call.id)
        self.budgets.settle(tx, call.held, call.holds, 0)

    def sweep(self) -> int:
        """Book what processes that are gone have left open. How many calls that were."""
        left = self._database.read(lambda tx: calls.expired(tx, now()))
        for call in left:
            # One transaction each: two processes that sweep must not wait for each other's rows.
            self.tell(self._database.write(lambda tx, call=call: self._abandon(tx, call)))  # type: ignore[misc]
        return len(left)

    def _abandon(self, tx: Transaction, call: StoredCall) -> list[Alert]:
        cost = call.held if call.holds else None
        runs.interrupt(tx, call.run_id)
        gone = msgspec.structs.replace(call, state="abandoned", cost=cost, estimated=True)
        return self.settle(tx, gone)

    def tell(self, alerts: Sequence[Alert]) -> None:
        """Once the transaction is through: to the log, the figures, and whoever wants to hear."""
        for alert in alerts:
            said = {"budget": alert.budget_id, "period": alert.period, "percent": alert.level}
            log.warning("budget_alert", **said)
            self._metrics.budget_alerts.labels(str(alert.level)).inc()
            self._news.post("budget_alert", said)

    def watch(self) -> None:
        """Renew our leases and sweep others', until `close`."""
        self._watching = gevent.spawn(self._watch)

    def close(self) -> None:
        if self._watching is not None:
            self._watching.kill()

    def _until(self) -> int:
        return now() + int(self._lease * 1000)

    def _watch(self) -> None:
        while True:
            try:
                self._database.write(lambda tx: calls.renew(tx, self._process, self._until()))
                if swept := self.sweep():
                    log.warning("calls_abandoned", calls=swept)
            except ParleyError as error:
                log.warning("ledger_not_watched", reason=error.detail)
            gevent.sleep(self._lease / 4)
