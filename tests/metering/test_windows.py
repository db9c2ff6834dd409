"""The counters of a sliding minute, and of places."""

from __future__ import annotations

import gevent
from hypothesis import given
from hypothesis import strategies as st

from app.metering.windows import MINUTE, MemoryCounters
from tests.metering.clock import standing
from tests.properties import examples

_pauses = st.floats(0, 90)
_costs = st.integers(0, 12)
_LIMIT = 10


@examples(150)
@given(st.lists(st.tuples(_pauses, _costs), max_size=30))
def test_no_clock_minute_has_more_than_the_limit(hits: list[tuple[float, int]]) -> None:
    """Whatever is asked for and when, what passes is within the limit, and a 0 always passes."""
    with standing() as clock:
        counters, passed = MemoryCounters(), dict[int, int]()
        for pause, cost in hits:
            clock.now += pause
            if counters.take("a", _LIMIT, cost):
                minute = int(clock.now // MINUTE)
                passed[minute] = passed.get(minute, 0) + cost
            else:
                assert cost > 0
        assert all(count <= _LIMIT for count in passed.values())


@examples(150)
@given(st.lists(st.tuples(_pauses, _costs), max_size=20), st.integers(1, _LIMIT))
def test_the_wait_is_right(hits: list[tuple[float, int]], cost: int) -> None:
    """Whoever waits as long as is said gets through, and whoever waits a second less does not."""
    with standing() as clock:
        counters = MemoryCounters()
        for pause, taken in hits:
            clock.now += pause
            counters.take("a", _LIMIT, taken)
        wait, begun = counters.wait("a", _LIMIT, cost), clock.now
        if wait > 1:
            clock.now = begun + wait - 1
            assert not counters.take("a", _LIMIT, cost)
        clock.now = begun + wait + (0.001 if wait else 0)
        assert 0 <= wait <= 2 * MINUTE
        assert counters.take("a", _LIMIT, cost)


@examples(100)
@given(_pauses, _pauses, st.integers(1, _LIMIT))
def test_what_is_given_back_is_there_again(before: float, later: float, cost: int) -> None:
    """At once or after minutes: never less is left than before, and never more than the limit."""
    with standing() as clock:
        counters = MemoryCounters()
        clock.now += before
        moment = clock.now
        assert counters.take("a", _LIMIT, cost)
        clock.now += later
        counters.correct("a", _LIMIT, -cost, moment)
        assert counters.window("a", _LIMIT).left == _LIMIT
        counters.correct("a", _LIMIT, -cost, moment)
        assert counters.window("a", _LIMIT).left == _LIMIT
        assert not counters.take("a", _LIMIT, _LIMIT + 1)


def test_more_than_was_taken_is_added() -> None:
    """A correction upwards counts now, also beyond the limit, and goes by like all else."""
    with standing() as clock:
        counters = MemoryCounters()
        counters.take("a", _LIMIT, 5)
        counters.correct("a", _LIMIT, 30, clock.now)
        assert counters.window("a", _LIMIT).left == 0
        assert not counters.take("a", _LIMIT, 1)
        clock.now += 2 * MINUTE
        assert counters.window("a", _LIMIT).left == _LIMIT


def test_names_are_apart() -> None:
    """One name's count is nothing to another's."""
    counters = MemoryCounters()
    assert counters.take("a", _LIMIT, _LIMIT)
    assert counters.take("b", _LIMIT, _LIMIT)
    assert counters.occupy("a", 1)
    assert counters.occupy("b", 1)


def test_what_is_over_is_forgotten() -> None:
    """A counter that nobody asks for any more takes no memory after a few minutes."""
    with standing() as clock:
        counters = MemoryCounters()
        for number in range(1000):
            counters.take(f"key-{number}", _LIMIT, 1)
        clock.now += 4 * MINUTE
        counters.take("another", _LIMIT, 1)
        assert len(counters._storage.storage) == len(counters._storage.expirations) == 1
        counters.correct("key-1", _LIMIT, -1, clock.now - 4 * MINUTE)
        assert len(counters._storage.storage) == 1


def test_places() -> None:
    """So many at once, and one that is freed is free, however often it is."""
    counters = MemoryCounters()
    assert [counters.occupy("a", 2) for _ in range(3)] == [True, True, False]
    counters.vacate("a")
    assert [counters.occupy("a", 2) for _ in range(2)] == [True, False]
    for _ in range(5):
        counters.vacate("a")
    assert [counters.occupy("a", 2) for _ in range(3)] == [True, True, False]


def test_nobody_gets_in_between() -> None:
    """Two hundred greenlets, a limit for fifty: fifty get through, and no hit lets others run."""
    counters, order = MemoryCounters(), list[str]()

    def ask() -> bool:
        order.append("begins")
        taken = counters.take("a", 50, 1)
        order.append("ends")
        return taken

    jobs = [gevent.spawn(ask) for _ in range(200)]
    gevent.joinall(jobs, raise_error=True)
    assert [job.value for job in jobs].count(True) == 50
    assert order == ["begins", "ends"] * 200
