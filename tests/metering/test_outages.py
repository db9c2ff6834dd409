"""The ledger while its database comes and goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

import gevent
import pytest

from app.accounts import Account
from app.errors import Unavailable
from app.events import Usage
from app.ids import new_id, now
from app.metering.budgets import Budgets
from app.metering.ledger import Bill, Ledger
from app.metering.meter import Ended, Meter, Planned
from app.metrics import Metrics
from app.storage import calls
from app.storage.budgets import Budget
from app.storage.calls import StoredCall
from app.storage.database import Database, Transaction
from tests.metering.money_at_work import News, account, budget, costing, held_and_spent, ledger

_PLANNED = Planned("openai", "gpt-4o", lambda: 0, 3)
_FAILED = Ended("failed", Usage(output_tokens=1), Decimal("0.00000000001"), code="overloaded")


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    with gevent.Timeout(30):
        yield


class Doubtful:
    """A database that loses its answer to the next commits: `True` stands for one that was done.

    Before them it waits for so many seconds.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.engine = database.engine
        self.read, self.report, self.alone = database.read, database.report, database.alone
        self.losing: list[bool] = []
        self.waits: list[float] = []

    def write(self, work: Callable[[Transaction], object]) -> object:
        if self.waits:
            gevent.sleep(self.waits.pop(0))
        if not self.losing:
            return self._database.write(work)
        if self.losing.pop(0):
            self._database.write(work)
        raise Unavailable("The database does not answer.", retry_after=2)

    def close(self) -> None:
        pass


class Counted:
    """A meter whose first call was entered and made, and the budget that it works on."""

    def __init__(self, database: Database) -> None:
        self.who = account()
        self.run_id = new_id("run")
        self.cap = budget(database, "key", self.who.key_id, "day", 10**12)
        self.doubtful = Doubtful(database)
        self.ledger = ledger(self.doubtful)  # type: ignore[arg-type]
        self.meter = Meter(self.ledger, self.doubtful, self.who, "conv_1", self.run_id)  # type: ignore[arg-type]
        database.write(lambda tx: self.meter.begin(tx, _PLANNED))
        self.meter.made()


@pytest.fixture
def counted(database: Database) -> Counted:
    return Counted(database)


def of_run(database: Database, run_id: str) -> list[StoredCall]:
    return list(database.read(lambda tx: calls.of_run(tx, run_id)))


@pytest.mark.parametrize("losing", [[False], [True], [False, True], [True, True, False]])
def test_the_next_call_in_doubt(database: Database, counted: Counted, losing: list[bool]) -> None:
    """Whether or not it was entered: the one before is booked once, and nothing is left open."""
    counted.meter.ended(_FAILED)
    counted.doubtful.losing = losing
    for _ in list(losing):
        with pytest.raises(Unavailable):
            counted.meter.next(_PLANNED)
    counted.meter.ended(Ended("ok", Usage(), Decimal(1)))  # only the first word counts
    bill = counted.meter.bill()
    for _ in range(2):
        database.write(lambda tx: counted.ledger.book(tx, bill))
    (booked,) = of_run(database, counted.run_id)
    assert (booked.state, booked.code, booked.cost) == ("failed", "overloaded", 10)
    assert held_and_spent(database, counted.cap) == (0, 10)


def test_a_stop_while_the_next_is_entered(database: Database, counted: Counted) -> None:
    """A greenlet that is killed in the middle leaves neither a call nor a hold."""
    counted.meter.ended(_FAILED)
    for _ in range(10):
        job = gevent.spawn(counted.meter.next, _PLANNED)
        gevent.sleep(0)
        job.kill()
    bill = counted.meter.bill()
    database.write(lambda tx: counted.ledger.book(tx, bill))
    assert {call.state for call in of_run(database, counted.run_id)} == {"failed"}
    assert held_and_spent(database, counted.cap)[0] == 0


def test_after_the_doubt(database: Database, counted: Counted) -> None:
    """A call that is entered in the end is settled as any other."""
    counted.meter.ended(_FAILED)
    counted.doubtful.losing = [True]
    with pytest.raises(Unavailable):
        counted.meter.next(_PLANNED)
    assert counted.meter.next(_PLANNED) == 3
    counted.meter.made()
    counted.meter.ended(Ended("ok", Usage(output_tokens=3), Decimal("0.000000000005")))
    bill = counted.meter.bill()
    database.write(lambda tx: counted.ledger.book(tx, bill))
    found = of_run(database, counted.run_id)
    assert [(call.attempt, call.state) for call in found] == [(1, "failed"), (2, "ok")]
    assert held_and_spent(database, counted.cap) == (0, 15)


def test_a_run_is_abandoned(database: Database, counted: Counted) -> None:
    """Its open call is booked at what was set aside; the truth, if it comes, puts it right."""
    held = held_and_spent(database, counted.cap)[0]
    assert held > 10
    database.write(lambda tx: counted.ledger.abandon(tx, counted.run_id))
    database.write(lambda tx: counted.ledger.abandon(tx, counted.run_id))
    assert held_and_spent(database, counted.cap) == (0, held)
    assert [call.state for call in of_run(database, counted.run_id)] == ["abandoned"]
    counted.meter.ended(_FAILED)
    bill = counted.meter.bill()
    database.write(lambda tx: counted.ledger.book(tx, bill))
    assert held_and_spent(database, counted.cap) == (0, 10)


def test_nothing_on_the_bill(database: Database, counted: Counted) -> None:
    """A call that is not there can be struck out."""
    assert database.write(lambda tx: counted.ledger.book(tx, Bill((), ("call_none",)))) == []


def opened(database: Database, book: Ledger, who: Account, cap: Budget) -> StoredCall:
    place = {"id": new_id("call"), "conversation_id": "conv_1", "run_id": new_id("run")}
    model = {"attempt": 1, "provider": "openai", "model": "gpt-4o"}

    def work(tx: Transaction) -> StoredCall:
        held = book.budgets.hold(tx, [cap], costing(30))
        return book.open(tx, who, {**place, **model}, held)

    return database.write(work)


def test_back_after_a_long_time(database: Database) -> None:
    """A process that could not renew its lease renews it late, and is not taken for dead."""
    who = account()
    cap = budget(database, "key", who.key_id, "day", 100)
    book = ledger(database, lease=0.2)
    call = opened(database, book, who, cap)
    gevent.sleep(0.3)
    later = now() + 60_000
    database.write(lambda tx: calls.renew(tx, call.process, later, 0))
    ledger(database).sweep()
    (found,) = of_run(database, call.run_id)
    assert (found.state, found.lease_until) == ("open", later)
    database.write(lambda tx: book.forget(tx, call.id))


def test_renewed_while_somebody_sweeps(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is back between the look at the leases and the booking is left alone."""
    who = account()
    cap = budget(database, "key", who.key_id, "day", 100)
    book = ledger(database, lease=-1)
    call = opened(database, book, who, cap)
    expired = calls.expired

    def then_renewed(tx: Transaction, moment: int) -> object:
        found = expired(tx, moment)
        calls.renew(tx, call.process, now() + 60_000, 0)
        return found

    monkeypatch.setattr(calls, "expired", then_renewed)
    monkeypatch.setattr(database, "read", database.write)
    ledger(database).sweep()
    assert [found.state for found in of_run(database, call.run_id)] == ["open"]
    database.write(lambda tx: book.forget(tx, call.id))


def test_nothing_is_open_for_ever(database: Database) -> None:
    """The lease of a call that no run can still be waiting for is not renewed, and it is swept."""
    who = account()
    cap = budget(database, "key", who.key_id, "day", 100)
    book = Ledger(database, Budgets([], "UTC"), Metrics(), News(), 0.2, longest=0.1)
    call, gone = opened(database, book, who, cap), list[str]()

    def hear(process: str) -> bool:
        gone.append(process)
        return True

    book.watch(hear)
    while of_run(database, call.run_id)[0].state == "open":
        gevent.sleep(0.02)
    book.close()
    assert held_and_spent(database, cap) == (0, 30)
    assert call.process not in gone  # which has other runs, and goes on with them


def test_everybody_gets_time_after_an_outage(database: Database) -> None:
    """Where the database was away nobody is swept until all may have renewed their leases."""
    who = account()
    cap = budget(database, "key", who.key_id, "day", 100)
    gone = opened(database, ledger(database, lease=-1), who, cap)
    doubtful = Doubtful(database)
    doubtful.losing = [False]
    book = ledger(doubtful, lease=0.8)  # type: ignore[arg-type]
    book.watch()
    gevent.sleep(0.5)
    assert [call.state for call in of_run(database, gone.run_id)] == ["open"]
    while of_run(database, gone.run_id)[0].state == "open":
        gevent.sleep(0.02)
    book.close()


def test_a_renewal_that_comes_too_late(database: Database) -> None:
    """A process that was let wait for its renewal until it was worth nothing sweeps nobody."""
    who = account()
    cap = budget(database, "key", who.key_id, "day", 100)
    slow = Doubtful(database)
    slow.waits = [0.5]
    book = ledger(slow, lease=0.4)  # type: ignore[arg-type]
    call = opened(database, book, who, cap)
    book.watch()
    gevent.sleep(1.2)
    assert [found.state for found in of_run(database, call.run_id)] == ["open"]
    book.close()
    database.write(lambda tx: book.forget(tx, call.id))
