"""Wrong keys, counted by address."""

from __future__ import annotations

import pytest

from app.services import throttle
from app.services.throttle import Throttle


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
