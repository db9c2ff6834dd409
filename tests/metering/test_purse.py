"""A batch's own budget: never exceeded, and nobody waits for what cannot come."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import gevent
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import BudgetSpent
from app.metering.purse import Purse, Share

_CENT = 10**10


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    with gevent.Timeout(30):
        yield


@given(st.lists(st.tuples(st.integers(1, 40), st.floats(0, 1)), min_size=1, max_size=30))
def test_it_is_never_exceeded(calls: list[tuple[int, float]]) -> None:
    """However many draw on it at once, what they spend is within it, and each ends."""
    purse, spent = Purse(Decimal(100) * _CENT / 10**12), []

    def call(worst: int, part: float) -> None:
        share = Share(purse)
        try:
            share.hold(worst * _CENT)
        except BudgetSpent:
            return
        gevent.sleep(0)
        cost = int(worst * part) * _CENT
        spent.append(cost)
        share.settle(worst * _CENT, cost)

    gevent.joinall([gevent.spawn(call, *each) for each in calls], raise_error=True)
    assert sum(spent) <= 100 * _CENT


def test_who_may_yet_get_it_waits() -> None:
    """What others hold and do not spend is there for who waits."""
    purse = Purse(Decimal("0.10"))
    first, second = Share(purse), Share(purse)
    first.hold(8 * _CENT)
    waiting = gevent.spawn(second.hold, 5 * _CENT)
    gevent.sleep(0)
    assert not waiting.ready()
    first.settle(8 * _CENT, 5 * _CENT)
    waiting.get()
    assert (second.calls, second.refused) == (1, False)


def test_what_cannot_come_is_refused_at_once() -> None:
    """More than there would be if the others spent nothing is not waited for."""
    purse = Purse(Decimal("0.10"))
    first, second = Share(purse), Share(purse)
    first.hold(8 * _CENT)
    first.settle(8 * _CENT, 6 * _CENT)
    first.hold(2 * _CENT)
    with pytest.raises(BudgetSpent, match=r"0\.1 US dollars at most 0\.04 are left.*cost 0\.05"):
        second.hold(5 * _CENT)
    assert (second.calls, second.refused) == (0, True)


def test_who_waits_is_told_when_it_is_spent() -> None:
    """When those that were waited for have spent it, the wait ends with a word."""
    purse = Purse(Decimal("0.10"))
    first = Share(purse)
    first.hold(8 * _CENT)
    waiting = gevent.spawn(Share(purse).hold, 5 * _CENT)
    gevent.sleep(0)
    first.settle(8 * _CENT, 8 * _CENT)
    gevent.sleep(0)
    assert isinstance(waiting.exception, BudgetSpent)


def test_what_nobody_told_the_end_of_counts_as_spent() -> None:
    """A share that closes with a call under way has spent that call's worst, once."""
    purse = Purse(Decimal("0.10"))
    first = Share(purse)
    first.hold(8 * _CENT)
    first.close()
    first.settle(8 * _CENT, 0)
    with pytest.raises(BudgetSpent):
        Share(purse).hold(3 * _CENT)
    Share(purse).hold(2 * _CENT)
