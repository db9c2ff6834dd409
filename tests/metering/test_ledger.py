"""Every call is in the ledger once, and what a dead process left open is booked."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from app.accounts import Account
from app.ids import new_id
from app.metering.budgets import Held, Purchase
from app.metering.ledger import Ledger
from app.metering.money import dollars, units
from app.storage import calls
from app.storage.calls import StoredCall
from app.storage.database import Database
from tests.metering.money_at_work import News, account, budget, costing, held_and_spent, ledger

_PLACE = {"attempt": 1, "provider": "openai", "model": "gpt-\0x"}


def enter(
    database: Database, book: Ledger, who: Account, purchase: Purchase, run: str
) -> StoredCall:
    def work(tx: Any) -> StoredCall:
        limiting = book.budgets.of(tx, who)
        held: Held | None = book.budgets.hold(tx, limiting, purchase) if limiting else None
        return book.open(
            tx,
            who,
            {**_PLACE, "id": new_id("call"), "run_id": run, "conversation_id": "conv_1"},
            held,
        )

    return database.write(work)


def ended(call: StoredCall, cost: int | None, **said: Any) -> StoredCall:
    return msgspec.structs.replace(call, state="ok", cost=cost, **said)


def test_a_call_is_entered_and_settled(database: Database) -> None:
    """Its row is there before it is made, and carries the truth afterwards."""
    book, who = ledger(database), account()
    cap = budget(database, "key", who.key_id, "day", 100)
    call = enter(database, book, who, costing(30), "run_a")
    assert database.read(lambda tx: calls.find(tx, call.id)) == call
    assert held_and_spent(database, cap) == (30, 0)
    done = ended(call, 12, output_tokens=3, finish_reason="stop")
    database.write(lambda tx: book.settle(tx, done))
    found = database.read(lambda tx: calls.find(tx, call.id))
    assert found == msgspec.structs.replace(done, lease_until=0)
    assert held_and_spent(database, cap) == (0, 12)


def test_settling_twice_changes_nothing(database: Database) -> None:
    """Whoever comes second finds it settled."""
    book, who = ledger(database), account()
    cap = budget(database, "key", who.key_id, "day", 100)
    call = enter(database, book, who, costing(30), "run_b")
    for cost in (12, 25):
        database.write(lambda tx, cost=cost: book.settle(tx, ended(call, cost)))  # type: ignore[misc]
    assert held_and_spent(database, cap) == (0, 12)


def test_a_call_that_was_not_made(database: Database) -> None:
    """It leaves neither a row nor a hold."""
    book, who = ledger(database), account()
    cap = budget(database, "key", who.key_id, "day", 100)
    call = enter(database, book, who, costing(30), "run_c")
    database.write(lambda tx: book.forget(tx, call.id))
    assert database.read(lambda tx: calls.find(tx, call.id)) is None
    assert held_and_spent(database, cap) == (0, 0)


def test_who_lives_is_not_swept(database: Database) -> None:
    """A lease that ran out because the database was too busy costs a living process nothing."""
    book, other, who = ledger(database, lease=-1), ledger(database), account()
    call = enter(database, book, who, costing(30), "run_live")
    heard: list[str] = []

    def lives(process: str) -> bool:
        heard.append(process)
        return False

    other.watch(lives)
    assert other.sweep() == 0
    assert heard == [call.process]
    found = database.read(lambda tx: calls.find(tx, call.id))
    assert found is not None
    assert found.state == "open"
    other.close()
    assert ledger(database).sweep() == 1


def test_what_a_dead_process_left_is_booked(database: Database) -> None:
    """After its lease a call is abandoned at what was set aside; a late word puts it right."""
    book, other, who = ledger(database, lease=-1), ledger(database), account()
    cap = budget(database, "key", who.key_id, "day", 100)
    call = enter(database, book, who, costing(30), "run_d")
    assert other.sweep() >= 1
    assert other.sweep() == 0
    left = database.read(lambda tx: calls.find(tx, call.id))
    assert left is not None
    assert (left.state, left.cost, left.estimated) == ("abandoned", 30, True)
    assert held_and_spent(database, cap) == (0, 30)
    database.write(lambda tx: book.settle(tx, ended(call, 12)))
    assert held_and_spent(database, cap) == (0, 12)
    right = database.read(lambda tx: calls.find(tx, call.id))
    assert right is not None
    assert (right.state, right.cost) == ("ok", 12)


def test_a_live_process_is_left_alone(database: Database) -> None:
    """While its lease is renewed nobody sweeps its calls."""
    book, who = ledger(database), account()
    call = enter(database, book, who, costing(1), "run_e")
    database.write(lambda tx: calls.renew(tx, call.process, call.lease_until + 1_000, 0))
    assert ledger(database).sweep() == 0
    found = database.read(lambda tx: calls.find(tx, call.id))
    assert found is not None
    assert (found.state, found.lease_until) == ("open", call.lease_until + 1_000)
    database.write(lambda tx: book.forget(tx, call.id))


def test_an_installation_has_a_budget_too(database: Database) -> None:
    """The configuration's budget holds for everybody, and is news when it is spent."""
    news, who = News(), account()
    book = ledger(database, news, month="0.0000000001")
    call = enter(database, book, who, costing(60), "run_f")
    book.tell(database.write(lambda tx: book.settle(tx, ended(call, 60))))
    assert [said["percent"] for said in news.posted][-1:] in ([50], [80], [100])


@pytest.mark.parametrize("amount", ["3.00", "0.054399", "0.000000000001", "9000000"])
def test_money_is_exact(amount: str) -> None:
    """There and back nothing is lost, and a fraction of a unit is rounded up."""
    assert dollars(units(Decimal(amount))) == Decimal(amount)
    assert units(Decimal(amount) + Decimal("1e-13")) == units(Decimal(amount)) + 1
