"""Calls from other threads into the loop's."""

from __future__ import annotations

from collections.abc import Iterator

import gevent
import pytest
from gevent.monkey import get_original
from gevent.threadpool import ThreadPool

from app.services.agents.isolation import isolated
from app.services.crossing import at_home

_ident = get_original("threading", "get_ident")


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """What hangs fails."""
    with gevent.Timeout(30):
        yield


@pytest.fixture
def threads() -> Iterator[ThreadPool]:
    pool = ThreadPool(3)
    yield pool
    pool.kill()


def _slowly(number: int) -> tuple[int, int]:
    gevent.sleep(0.01)
    return _ident(), number


def test_the_work_is_done_at_home(threads: ThreadPool) -> None:
    """Whoever calls, it is this thread that works; and several may wait at a time."""
    both = at_home(_slowly)
    waiting = [threads.spawn(both, number) for number in range(9)]
    assert [each.get() for each in waiting] == [(_ident(), number) for number in range(9)]
    assert both(5) == (_ident(), 5)


def test_errors_come_back(threads: ThreadPool) -> None:
    """What is raised at home is raised to who called."""

    def broken() -> None:
        raise KeyError("why")

    with pytest.raises(KeyError, match="why"):
        threads.apply(at_home(broken))


def test_who_leaves_ends_the_work() -> None:
    """A caller in another thread that is killed takes its work with it, and nothing is left."""
    ended: list[str] = []

    def slow() -> None:
        try:
            ended.append("begun")
            gevent.sleep(60)
        finally:
            ended.append("ended")

    work = at_home(slow)
    caller = gevent.spawn(isolated, work)
    while ended != ["begun"]:
        gevent.sleep(0.01)
    caller.kill()
    while ended != ["begun", "ended"]:
        gevent.sleep(0.01)


def test_a_caller_that_leaves_at_any_moment() -> None:
    """Before the work, in it, or with its answer on the way: nobody is harmed."""
    work = at_home(lambda: gevent.sleep(0.002))
    for number in range(60):
        caller = gevent.spawn(isolated, work)
        gevent.sleep(number * 0.0001)
        caller.kill()
