"""Nothing is bought that a budget could not pay for, whoever else buys at the same time."""

from __future__ import annotations

from collections.abc import Callable

import gevent
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.accounts import Account
from app.errors import BudgetSpent
from app.metering.budgets import Alert, Budgets, Held, Purchase
from app.storage import allowances
from app.storage.database import Database
from tests.metering.money_at_work import account, budget, costing, held_and_spent
from tests.properties import examples

_NONE = Budgets([], "UTC")


def hold(database: Database, who: Account, purchase: Purchase) -> Held:
    return database.write(lambda tx: _NONE.hold(tx, _NONE.of(tx, who), purchase))


def settle(database: Database, held: Held, spent: int) -> list[Alert]:
    return database.write(lambda tx: _NONE.settle(tx, held.amount, held.holds, spent))


def test_what_is_held_cannot_be_held_again(database: Database) -> None:
    """A cap of ten pays for ten at once and not for an eleventh; what is settled makes room."""
    who = account()
    cap = budget(database, "key", who.key_id, "day", 100)
    held = [hold(database, who, costing(10)) for _ in range(10)]
    with pytest.raises(BudgetSpent):
        hold(database, who, costing(10))
    assert held_and_spent(database, cap) == (100, 0)
    settle(database, held[0], 4)
    with pytest.raises(BudgetSpent):
        hold(database, who, costing(10))
    assert hold(database, who, costing(6)).amount == 6
    assert held_and_spent(database, cap) == (96, 4)


def test_all_or_none(database: Database) -> None:
    """Where one of the budgets has no room, none of them is touched."""
    who = account(team="red" + account().owner + str(id(database)))
    mine = budget(database, "key", who.key_id, "day", 1_000)
    ours = budget(database, "team", who.team, "month", 50)
    with pytest.raises(BudgetSpent, match=r"The team's budget of 0.00000000005 US dollars"):
        hold(database, who, costing(60))
    assert held_and_spent(database, mine) == held_and_spent(database, ours) == (0, 0)
    settle(database, hold(database, who, costing(40)), 40)
    assert held_and_spent(database, mine) == held_and_spent(database, ours) == (0, 40)


def test_as_much_output_as_there_is_money_for(database: Database) -> None:
    """The answer's limit is cut to the room that is left, and what is held is just that."""
    who = account()
    budget(database, "key", who.key_id, "day", 1_005)
    held = hold(database, who, Purchase(4_096, lambda output: 5 + 10 * output))
    assert (held.output, held.amount) == (100, 1_005)
    with pytest.raises(BudgetSpent):
        hold(database, who, costing(1))


def test_one_call_has_its_own_limit(database: Database) -> None:
    """A budget for each request bounds it, and remembers nothing."""
    who = account()
    budget(database, "key", who.key_id, "request", 50)
    assert [hold(database, who, costing(10, tokens=99)).output for _ in range(3)] == [5, 5, 5]
    with pytest.raises(BudgetSpent, match="one call"):
        hold(database, who, costing(51))


def test_somebody_is_told_once(database: Database) -> None:
    """At 50, 80 and 100 per cent, each once, and only the highest where several are passed."""
    who = account()
    cap = budget(database, "key", who.key_id, "day", 100)
    told = []
    for spent in (49, 1, 1, 35, 0, 14):
        told.append(
            [alert.level for alert in settle(database, hold(database, who, costing(spent)), spent)]
        )
    assert told == [[], [50], [], [80], [], [100]]
    assert held_and_spent(database, cap) == (0, 100)


def test_another_amount_has_other_levels(database: Database) -> None:
    """After a budget was raised somebody is told again; the same amount again changes nothing."""
    who = account()
    budget(database, "key", who.key_id, "day", 100)
    told = []

    def change(amount: int) -> None:
        day = {"day": amount}
        database.write(lambda tx: allowances.change(tx, "key", str(who.key_id), day))

    for amount, cost in ((100, 50), (100, 30), (200, 30)):
        change(amount)
        held = hold(database, who, costing(cost))
        told.append([alert.level for alert in settle(database, held, held.amount)])
    assert told == [[50], [80], [50]]


def test_many_at_once(database: Database) -> None:
    """Forty callers, money for ten, for a key that nobody has seen before: ten get through."""
    for _ in range(5):
        who = account()
        cap = budget(database, "key", who.key_id, "day", 100)
        jobs = [gevent.spawn(hold, database, who, costing(10)) for _ in range(40)]
        gevent.joinall(jobs)
        assert [job.successful() for job in jobs].count(True) == 10
        assert held_and_spent(database, cap) == (100, 0)


_steps = st.lists(st.tuples(st.integers(1, 60), st.integers(0, 100), st.booleans()), max_size=30)


@examples(40)
@given(steps=_steps)
def test_never_over(
    sqlite_for_all: Callable[[], Database], steps: list[tuple[int, int, bool]]
) -> None:
    """Whatever is held and settled in whatever order, held and spent stay within the budget."""
    database, who = sqlite_for_all(), account()
    cap = budget(database, "key", who.key_id, "day", 200)
    open_: list[Held] = []
    spent = 0
    for size, share, later in steps:
        try:
            open_.append(hold(database, who, costing(size)))
        except BudgetSpent:
            assert held_and_spent(database, cap)[0] + spent + size > 200
        if open_ and not later:
            done = open_.pop(0)
            cost = done.amount * share // 100
            settle(database, done, cost)
            spent += cost
        assert held_and_spent(database, cap) == (sum(h.amount for h in open_), spent)
        assert sum(held_and_spent(database, cap)) <= 200


@pytest.fixture
def sqlite_for_all(sqlite: Database) -> Callable[[], Database]:
    """One file for all examples: each has a key of its own."""
    return lambda: sqlite
