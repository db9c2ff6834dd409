"""Work in a thread of its own: what it returns, how it is ended, and what it holds up."""

from __future__ import annotations

import socket
import time

import gevent
import pytest

from app.services.agents import isolation
from app.services.agents.isolation import Crowded, isolated
from tests.blueprints.talk import eventually


@pytest.fixture(autouse=True)
def nothing_is_left() -> None:
    """Each test begins when the threads of the one before have ended."""
    with gevent.Timeout(30):
        eventually(lambda: not isolation._working)


def test_a_value_and_an_error_come_back() -> None:
    """What the work returns is returned, and what it raises is raised."""

    def broken() -> None:
        raise LookupError("not here")

    assert isolated(lambda: 42) == 42
    with pytest.raises(LookupError, match="not here"):
        isolated(broken)


def test_what_waits_is_ended_at_once() -> None:
    """A sleep and a read from a socket end with the greenlet that waits for them."""
    ended = []
    ours, theirs = socket.socketpair()

    def sleep() -> None:
        try:
            time.sleep(100)
        finally:
            ended.append("sleep")

    def read() -> None:
        try:
            ours.recv(1)
        finally:
            ended.append("read")

    with ours, theirs:
        waiting = [gevent.spawn(isolated, work) for work in (sleep, read)]
        gevent.sleep(0.05)
        gevent.killall(waiting)
        with gevent.Timeout(5):
            eventually(lambda: len(ended) == 2)


def test_what_computes_holds_up_nobody() -> None:
    """While a thread counts for ever the loop goes on, and afterwards the thread is gone."""

    def count() -> None:
        n = 0
        while True:
            n += 1

    began = time.monotonic()
    with gevent.Timeout(0.3, False):  # type: ignore[arg-type]  # the block just ends
        isolated(count)
    assert time.monotonic() - began < 5
    with gevent.Timeout(10):
        eventually(lambda: not isolation._working)


def test_who_is_killed_before_it_began() -> None:
    """Work whose caller leaves at once is ended as well."""
    waiting = gevent.spawn(isolated, lambda: time.sleep(100))
    gevent.sleep(0)
    waiting.kill()
    with gevent.Timeout(5):
        eventually(lambda: not isolation._working)


def test_there_are_so_many_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where threads never end, further calls are refused instead of piling up."""
    monkeypatch.setattr(isolation, "_MOST", 2)
    waiting = [gevent.spawn(isolated, lambda: time.sleep(100)) for _ in range(2)]
    gevent.sleep(0)
    with pytest.raises(Crowded):
        isolated(lambda: 1)
    gevent.killall(waiting)
