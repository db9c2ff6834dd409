"""The counters of a sliding minute, and of places: what holds in memory and on Redis."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import gevent
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.metering.counters import MINUTE, Counters, Taken, Want
from app.metering.shared_windows import SharedCounters
from app.metering.windows import MemoryCounters
from tests.cluster.connected import Connect
from tests.metering.clock import Clock, standing
from tests.properties import examples

_pauses = st.floats(0, 90)
_costs = st.integers(0, 12)
_LIMIT = 10
# Each example counts anew.
_names = (f"name-{number}" for number in count())

Make = Callable[[Clock], Counters]


@pytest.fixture(params=["memory", "redis"])
def make(request: pytest.FixtureRequest) -> Make:
    """Makes counters that go by a clock. On Redis all share the counts."""
    if request.param == "memory":
        return lambda _clock: MemoryCounters()
    connection = request.getfixturevalue("connect")()

    def shared(clock: Clock) -> SharedCounters:
        counters = SharedCounters(connection, "one", refuse=True, clock=clock)
        counters._held.say()  # as its greenlet does, which is not running here
        return counters

    return shared


def minute(name: str, cost: int, limit: int = _LIMIT) -> list[Want]:
    return [Want(name, limit, cost)]


def take(counters: Counters, name: str, cost: int) -> bool:
    return isinstance(counters.take(minute(name, cost)), Taken)


def taken(counters: Counters, *wants: Want) -> Taken:
    answer = counters.take(wants)
    assert isinstance(answer, Taken)
    return answer


def left(counters: Counters, name: str) -> int:
    return counters.windows(minute(name, 0))[0].left


def correct(counters: Counters, before: Taken, cost: int) -> None:
    counters.correct(before, {before.wants[0].name: cost})
    if isinstance(counters, SharedCounters):
        counters._held.say()


def free(counters: Counters, before: Taken) -> None:
    counters.vacate(before)
    if isinstance(counters, SharedCounters):
        counters._held.say()


@examples(100)
@given(st.lists(st.tuples(_pauses, _costs), max_size=30))
def test_no_clock_minute_has_more_than_the_limit(make: Make, hits: list[tuple[float, int]]) -> None:
    """Whatever is asked for and when, what passes is within the limit, and a 0 always passes."""
    with standing() as clock:
        counters, passed, name = make(clock), dict[int, int](), next(_names)
        for pause, cost in hits:
            clock.now += pause
            if take(counters, name, cost):
                minute = int(clock.now // MINUTE)
                passed[minute] = passed.get(minute, 0) + cost
            else:
                assert cost > 0
        assert all(count <= _LIMIT for count in passed.values())


@examples(100)
@given(st.lists(st.tuples(_pauses, _costs), max_size=20), st.integers(1, _LIMIT))
def test_the_wait_is_right(make: Make, hits: list[tuple[float, int]], cost: int) -> None:
    """Whoever waits as long as is said gets through, and whoever waits a second less does not."""
    with standing() as clock:
        counters, name = make(clock), next(_names)
        for pause, some in hits:
            clock.now += pause
            take(counters, name, some)
        answer, begun = counters.take(minute(name, cost)), clock.now
        if isinstance(answer, Taken):
            return
        if answer.seconds > 1:
            clock.now = begun + answer.seconds - 1
            assert not take(counters, name, cost)
        clock.now = begun + answer.seconds + 0.002
        assert 0 < answer.seconds <= 2 * MINUTE
        assert take(counters, name, cost)


@examples(60)
@given(_pauses, _pauses, st.integers(1, _LIMIT))
def test_what_is_given_back_is_there_again(
    make: Make, before: float, later: float, cost: int
) -> None:
    """At once or after minutes: never less is left than before, and never more than the limit."""
    with standing() as clock:
        counters, name = make(clock), next(_names)
        clock.now += before
        held = taken(counters, *minute(name, cost))
        clock.now += later
        correct(counters, held, -cost)
        assert left(counters, name) == _LIMIT
        correct(counters, held, -cost)
        assert left(counters, name) == _LIMIT
        assert not take(counters, name, _LIMIT + 1)


def test_more_than_was_taken_is_added(make: Make) -> None:
    """A correction upwards counts now, also beyond the limit, and goes by like all else."""
    with standing() as clock:
        counters = make(clock)
        correct(counters, taken(counters, *minute("a", 5)), 30)
        assert left(counters, "a") == 0
        assert not take(counters, "a", 1)
        clock.now += 2 * MINUTE
        assert left(counters, "a") == _LIMIT


def test_what_is_refused_has_cost_nothing(make: Make) -> None:
    """Where one of several limits is reached none of them has counted."""
    with standing() as clock:
        counters = make(clock)
        wants = [Want("a", 10, 2), Want("b", 10, 11), Want("c", 5, place=True)]
        for order in (wants, wants[::-1]):
            answer = counters.take(order)
            assert not isinstance(answer, Taken)
            assert answer.want.name == "b"
        assert left(counters, "a") == left(counters, "b") == 10
        assert [place(counters, "c", 5) is not None for _ in range(6)] == [True] * 5 + [False]


def test_names_are_apart(make: Make) -> None:
    """One name's count is nothing to another's."""
    with standing() as clock:
        counters = make(clock)
        for name in ("a", "b", "a:b"):
            assert take(counters, name, _LIMIT)
            assert place(counters, name, 1)


def place(counters: Counters, name: str, limit: int) -> Taken | None:
    answer = counters.take([Want(name, limit, place=True)])
    return answer if isinstance(answer, Taken) else None


def test_places(make: Make) -> None:
    """So many at once, and one that is freed is free."""
    with standing() as clock:
        counters = make(clock)
        first, second, third = (place(counters, "a", 2) for _ in range(3))
        assert first
        assert second
        assert not third
        free(counters, first)
        third = place(counters, "a", 2)
        assert third
        assert not place(counters, "a", 2)
        for held in (second, third):
            free(counters, held)
        assert [bool(place(counters, "a", 2)) for _ in range(3)] == [True, True, False]


def test_what_is_over_is_forgotten() -> None:
    """A counter that nobody asks for any more takes no memory after a few minutes."""
    with standing() as clock:
        counters = MemoryCounters()
        held = [taken(counters, *minute(f"key-{number}", 1)) for number in range(1000)]
        clock.now += 4 * MINUTE
        take(counters, "another", 1)
        assert len(counters._storage.storage) == len(counters._storage.expirations) == 1
        correct(counters, held[1], -1)
        assert len(counters._storage.storage) == 1


def test_nobody_gets_in_between() -> None:
    """Two hundred greenlets, a limit for fifty: fifty get through, and no hit lets others run."""
    counters, order = MemoryCounters(), list[str]()

    def ask() -> bool:
        order.append("begins")
        passed = isinstance(counters.take([Want("a", 50)]), Taken)
        order.append("ends")
        return passed

    jobs = [gevent.spawn(ask) for _ in range(200)]
    gevent.joinall(jobs, raise_error=True)
    assert [job.value for job in jobs].count(True) == 50
    assert order == ["begins", "ends"] * 200


@examples(40)
@given(st.lists(st.tuples(st.floats(0, 40), _costs, st.integers(0, 2), st.booleans()), max_size=20))
def test_workers_share_a_minute(connect: Connect, hits: list[tuple[float, int, int, bool]]) -> None:
    """Over three workers, with refunds in between, what counts in a minute is within the limit."""
    with standing() as clock:
        connection, name = connect(), next(_names)
        workers = [SharedCounters(connection, f"w{n}", refuse=True, clock=clock) for n in range(3)]
        counts = dict[int, int]()
        for pause, cost, worker, refund in hits:
            clock.now += pause
            answer = workers[worker].take(minute(name, cost))
            if isinstance(answer, Taken):
                at = int(clock.now // MINUTE)
                if refund:
                    correct(workers[worker], answer, -cost)
                else:
                    counts[at] = counts.get(at, 0) + cost
                assert counts.get(at, 0) <= _LIMIT
