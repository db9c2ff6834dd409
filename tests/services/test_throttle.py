"""Wrong keys, counted by address."""

from __future__ import annotations

import time

import gevent
import pytest

from app.services import throttle
from app.services.throttle import SharedThrottle, Throttle
from tests.cluster.connected import Connect
from tests.cluster.redis_server import RedisServer


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that it is, to be set."""
    moment = [1_000.0]
    monkeypatch.setattr(throttle, "monotonic", lambda: moment[0])
    return moment


def test_the_minute_slides(clock: list[float]) -> None:
    """In no 60 seconds are more wrong keys let through than may be, however they are spread."""
    slow = Throttle()
    passed: list[float] = []
    for step in range(600):
        clock[0] = 1_000.0 + step / 2
        if slow.wait("a") == 0:
            slow.wrong("a")
            passed.append(clock[0])
    assert len(passed) > throttle._WRONG
    for first in passed:
        assert sum(first <= at < first + 60 for at in passed) <= throttle._WRONG


def test_the_wait_is_true(clock: list[float]) -> None:
    """Who waits as long as it was told is let through, and not a moment before."""
    slow = Throttle()
    for _ in range(throttle._WRONG):
        slow.wrong("a")
        clock[0] += 1
    wait = slow.wait("a")
    assert wait == 60 - throttle._WRONG
    clock[0] += wait - 0.01
    assert slow.wait("a") > 0
    clock[0] += 0.01
    assert slow.wait("a") == 0


def test_its_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many addresses there are, those that were wrong last are known."""
    monkeypatch.setattr(throttle, "_ADDRESSES", 100)
    slow = Throttle()
    for _ in range(throttle._WRONG):
        for number in range(1_000):
            slow.wrong(f"{number}")
    for _ in range(throttle._WRONG):
        slow.wrong("a")
    assert len(slow._wrong) == 100
    assert slow.wait("a") > 0


def test_wrong_keys_count_at_all_workers(connect: Connect) -> None:
    """However an address spreads its guesses over workers, it has as many as at one."""
    workers = [SharedThrottle(connect()) for _ in range(3)]
    for number in range(throttle._WRONG):
        assert [worker.wait("a") for worker in workers] == [0, 0, 0]
        workers[number % 3].wrong("a")
    for worker in workers:
        assert throttle._SECONDS - 10 < worker.wait("a") <= throttle._SECONDS
        assert worker.wait("b") == 0


def test_their_minute_slides(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits as long as it was told is let through, and not before."""
    monkeypatch.setattr(throttle, "_SECONDS", 0.6)
    one, other = SharedThrottle(connect()), SharedThrottle(connect())
    one.wrong("a")
    gevent.sleep(0.2)
    for _ in range(throttle._WRONG - 1):
        one.wrong("a")
    wait = other.wait("a")
    assert 0 < wait < 0.41
    gevent.sleep(wait + 0.01)
    assert other.wait("a") == 0
    other.wrong("a")
    assert one.wait("a") > 0


@pytest.mark.parametrize("how", ["freeze", "stop"])
def test_without_redis_each_counts(connect: Connect, redis_server: RedisServer, how: str) -> None:
    """Each worker by what it sees, with what it had seen before; nothing takes a second."""
    one, other = SharedThrottle(connect()), SharedThrottle(connect())
    for _ in range(throttle._WRONG - 1):
        one.wrong("a")
    getattr(redis_server, how)()
    begun = time.monotonic()
    one.wrong("a")
    assert one.wait("a") > 0
    assert other.wait("a") == 0
    assert time.monotonic() - begun < 1.5  # two workers, each of which finds it out
    redis_server.thaw() if how == "freeze" else redis_server.start()
