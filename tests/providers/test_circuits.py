"""Circuits that several workers share by a real Redis."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import gevent
import pytest

from app.cluster.bus import Bus
from app.cluster.connection import Connection
from app.errors import Overloaded, Paused, ProviderError
from app.providers.base import CircuitState
from app.providers.breaker import MemoryBreakers, Threshold
from app.providers.circuits import SharedCircuits
from tests.cluster.connected import Connect
from tests.cluster.redis_server import RedisServer

_THRESHOLD = Threshold(window=30, calls=4, rate=0.5, pause=1.5, longest_pause=5)


@dataclass
class Worker:
    connection: Connection
    bus: Bus
    circuits: SharedCircuits
    breakers: MemoryBreakers

    @property
    def state(self) -> CircuitState:
        return self.breakers.states().get(("p", "m"), "closed")

    def ask(self, *, well: bool, seconds: float = 0.0) -> str:
        """One call, which is answered or fails after so many seconds: what became of it."""
        try:
            with self.breakers.call("p", "m") as call:
                gevent.sleep(seconds)
                if not well:
                    raise Overloaded("Busy.", provider="p")
                call.heard()
        except Paused:
            return "refused"
        except ProviderError:
            return "failed"
        return "answered"

    def open(self) -> None:
        for _ in range(_THRESHOLD.calls):
            self.ask(well=False)
        assert self.state == "open"


Hire = Callable[[str], Worker]


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """What hangs fails."""
    with gevent.Timeout(30):
        yield


@pytest.fixture
def hire(connect: Connect) -> Iterator[Hire]:
    """Makes a worker that listens."""
    with ExitStack() as stack:

        def hired(name: str) -> Worker:
            connection = connect()
            bus = Bus(connection, name)
            circuits, breakers = SharedCircuits(connection, bus), MemoryBreakers(_THRESHOLD)
            breakers.share(circuits)
            bus.start()
            stack.callback(bus.close)
            stack.callback(circuits.close)
            # It hears what is said after it has asked for the last word.
            until(lambda: bus._news in bus._read)
            return Worker(connection, bus, circuits, breakers)

        yield hired


def until(true: Callable[[], object]) -> float:
    """Returns after how many seconds it was."""
    begun = time.monotonic()
    while not true():
        gevent.sleep(0.01)
    return time.monotonic() - begun


def test_all_learn_of_it(hire: Hire) -> None:
    """A circuit that one worker opens, and another one closes, is so at all within a second."""
    workers = [hire(f"w{n}") for n in range(3)]
    workers[0].open()
    assert until(lambda: all(worker.state == "open" for worker in workers)) < 1
    assert workers[2].ask(well=True) == "refused"
    until(lambda: all(worker.state == "half_open" for worker in workers))
    assert workers[1].ask(well=True) == "answered"
    assert until(lambda: all(worker.state == "closed" for worker in workers)) < 1


@pytest.mark.parametrize("well", [True, False])
def test_one_probe_over_all_workers(hire: Hire, well: bool) -> None:
    """Of sixty calls at three workers one goes through; what comes of it counts for all."""
    workers = [hire(f"w{n}") for n in range(3)]
    workers[0].open()
    until(lambda: all(worker.state == "half_open" for worker in workers))
    jobs = [gevent.spawn(workers[n % 3].ask, well=well, seconds=0.3) for n in range(60)]
    gevent.joinall(jobs, raise_error=True)
    outcome, state = ("answered", "closed") if well else ("failed", "open")
    assert [job.get() for job in jobs].count("refused") == 59
    assert [job.get() for job in jobs].count(outcome) == 1
    until(lambda: all(worker.state == state for worker in workers))


def test_a_probe_that_ends_without_a_word(hire: Hire) -> None:
    """It leaves its place to any worker at once."""
    one, other = hire("one"), hire("other")
    one.open()
    until(lambda: one.state == other.state == "half_open")
    probe = gevent.spawn(one.ask, well=True, seconds=60)
    gevent.sleep(0.05)
    assert other.ask(well=True) == "refused"
    probe.kill()
    assert other.ask(well=True) == "answered"


def test_a_long_answer_is_no_probe_any_more(hire: Hire) -> None:
    """A probe that was heard has closed the circuit; if it opens again, another may try."""
    one, other = hire("one"), hire("other")
    one.open()
    until(lambda: one.state == other.state == "half_open")
    with one.breakers.call("p", "m") as call:
        call.heard()
        until(lambda: other.state == "closed")
        other.open()
        until(lambda: one.state == other.state == "half_open")
        assert other.ask(well=True) == "answered"


def test_a_closed_circuit_asks_nobody(hire: Hire, redis_server: RedisServer) -> None:
    """While all is well a call sends nothing to Redis."""
    one = hire("one")
    one.ask(well=True)
    with redis_server.client() as client:
        before = client.info("commandstats")
        for _ in range(200):
            one.ask(well=True)
        after = client.info("commandstats")
    for command in ("cmdstat_set", "cmdstat_xadd", "cmdstat_evalsha", "cmdstat_get"):
        assert before.get(command) == after.get(command)


@pytest.mark.parametrize("how", ["freeze", "stop"])
def test_without_redis_each_goes_by_what_it_sees(
    hire: Hire, redis_server: RedisServer, how: str
) -> None:
    """One probe at each worker, nothing takes a second, and later they share again."""
    one, other = hire("one"), hire("other")
    getattr(redis_server, how)()
    begun = time.monotonic()
    one.open()
    assert time.monotonic() - begun < 1
    assert other.state == "closed"
    other.open()
    until(lambda: one.state == other.state == "half_open")
    jobs = [gevent.spawn(worker.ask, well=True, seconds=0.1) for worker in (one, other) * 5]
    begun = time.monotonic()
    gevent.joinall(jobs, raise_error=True)
    assert time.monotonic() - begun < 1
    assert [job.get() for job in jobs].count("answered") == 2
    redis_server.thaw() if how == "freeze" else redis_server.start()
    one.connection.wait()
    other.connection.wait()
    one.open()
    assert until(lambda: other.state == "open") < 2


def test_a_dead_workers_probe_is_not_waited_for(
    hire: Hire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its claim runs out; that of a living one is kept up, however long the probe takes."""
    monkeypatch.setattr("app.cluster.claims._RENEW", 100)
    monkeypatch.setattr("app.cluster.claims._LASTS", 500)
    one, other = hire("one"), hire("other")
    one.open()
    until(lambda: one.state == other.state == "half_open")
    probe = gevent.spawn(one.ask, well=True, seconds=60)
    gevent.sleep(1.2)
    assert other.ask(well=True) == "refused"
    for _, renewing in one.circuits._claims._renewing.values():
        renewing.kill()
    until(lambda: other.ask(well=True) == "answered")
    probe.kill()
