"""Limits that hold over all workers, whatever becomes of one of them or of Redis."""

from __future__ import annotations

import gc
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress

import gevent
import pytest

from app.accounts import Account, Limits
from app.cluster import counting
from app.errors import TooMany, Unavailable
from app.metering import held as held_places
from app.metering.counters import Taken, Want
from app.metering.limits import Gate
from app.metering.shared_windows import SharedCounters
from tests.cluster.connected import Connect
from tests.cluster.redis_server import RedisServer
from tests.server.process import ROOT

Hire = Callable[..., SharedCounters]

_STREAM = [Want("places", 2, place=True)]


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """What hangs fails."""
    with gevent.Timeout(60):
        yield


@pytest.fixture
def hire(connect: Connect) -> Iterator[Hire]:
    """Makes a worker's counters, on a connection of its own."""
    with ExitStack() as stack:

        def hired(name: str, *, refuse: bool = True) -> SharedCounters:
            counters = SharedCounters(connect(), name, refuse=refuse)
            counters.start()
            stack.callback(counters.close)
            return counters

        yield hired


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Places are renewed and run out in tenths of the time."""
    monkeypatch.setattr(counting, "_LEASE", 800)
    monkeypatch.setattr(held_places, "_RENEW", 0.1)


def take(counters: SharedCounters, wants: Sequence[Want] = _STREAM) -> Taken | None:
    answer = counters.take(wants)
    return answer if isinstance(answer, Taken) else None


def until(true: Callable[[], object]) -> float:
    """Returns after how many seconds it was."""
    begun = time.monotonic()
    while not true():
        gevent.sleep(0.02)
    return time.monotonic() - begun


def die(counters: SharedCounters) -> None:
    """Without a word, as by SIGKILL."""
    assert counters._held._keeping is not None
    counters._held._keeping.kill()
    counters._held._keeping = None


@contextmanager
def process(url: str, name: str, *words: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.metering.taking", url, name, *words]
    made = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        yield made
    finally:
        made.kill()
        made.communicate()


def said(made: subprocess.Popen[str]) -> int:
    assert made.stdout is not None
    return int(made.stdout.readline())


def test_processes_share_a_limit(redis_server: RedisServer) -> None:
    """Two processes that ask forty times each get fifty requests and fifty places together."""
    with ExitStack() as stack:
        words = ("50", "40")
        made = [stack.enter_context(process(redis_server.url, f"p{n}", *words)) for n in range(2)]
        assert [sum(said(one) for one in made) for _ in range(2)] == [50, 50]


def test_no_more_places_than_there_are(hire: Hire) -> None:
    """Four workers that take and free at random never hold more than the limit together, and when
    they have ended all is free at once.
    """
    workers, open_now, most = [hire(f"w{n}") for n in range(4)], [0], [0]
    want = [Want("places", 7, place=True), Want("requests", 1_000_000)]
    chance = random.Random(7)

    def stream(counters: SharedCounters) -> None:
        for _ in range(25):
            if held := take(counters, want):
                open_now[0] += 1
                most[0] = max(most[0], open_now[0])
                gevent.sleep(chance.random() / 200)
                open_now[0] -= 1
                counters.vacate(held)
            else:
                gevent.sleep(chance.random() / 200)

    gevent.joinall([gevent.spawn(stream, workers[n % 4]) for n in range(40)], raise_error=True)
    assert most[0] <= 7
    until(lambda: all(not counters._held._untold for counters in workers))
    assert [bool(take(workers[n % 4], want)) for n in range(8)] == [True] * 7 + [False]


def test_a_place_is_free_for_others_at_once(hire: Hire) -> None:
    """What one worker vacates another one gets, well before the next renewal."""
    one, other = hire("one"), hire("other")
    held = [take(one), take(other)]
    assert all(held)
    assert take(other) is None
    assert held[0]
    one.vacate(held[0])
    assert until(lambda: take(other)) < 0.5


def test_what_a_gate_lets_in_is_given_back(hire: Hire) -> None:
    """A request that was cancelled here has cost nothing there, nor has one that was forgotten."""
    limits = Limits(requests_per_minute=5, tokens_per_minute=100, streams=1)
    one, other = (Gate(hire(name), Limits(), limits) for name in ("one", "other"))
    account = Account(owner="ada")
    admission = one.admit(account, 60, stream=True)
    with pytest.raises(TooMany):
        other.admit(account, 1, stream=True)
    assert [quota.left for quota in other.quotas(account)] == [4, 40]
    admission.settle(10)
    admission.release()
    until(lambda: [quota.left for quota in other.quotas(account)] == [4, 90])
    other.admit(account, 60, stream=True).cancel()
    until(lambda: [quota.left for quota in one.quotas(account)] == [4, 90])
    one.admit(account, 1, stream=True)
    gc.collect()
    until(lambda: take(other._counters, [Want("all::streams", 1, place=True)]))  # type: ignore[arg-type]


def test_who_is_killed_while_asking_holds_nothing(hire: Hire, redis_server: RedisServer) -> None:
    """A request that ends before Redis has answered leaves no place behind."""
    one, other = hire("one"), hire("other")
    redis_server.freeze()
    asking = gevent.spawn(one.take, _STREAM)
    gevent.sleep(0.05)
    asking.kill()
    redis_server.thaw()
    assert not one._held._places
    until(lambda: take(other))
    until(lambda: take(other))


@pytest.mark.usefixtures("quick")
def test_a_dead_workers_places_are_free_again(hire: Hire) -> None:
    """Once its lease has run out, and not before; a living worker keeps its own."""
    dead, living, third = hire("dead"), hire("living"), hire("third")
    assert take(dead)
    assert take(living)
    die(dead)
    assert take(third) is None
    assert until(lambda: take(third)) > 0.3
    gevent.sleep(1.2)
    assert take(third) is None


@pytest.mark.prove
def test_a_killed_process_frees_its_places_in_time(hire: Hire, redis_server: RedisServer) -> None:
    """Within 15 s of a SIGKILL."""
    other = hire("other")
    with process(redis_server.url, "dead", "2", "2") as dead:
        assert [said(dead), said(dead)] == [2, 2]
        assert take(other) is None
        dead.kill()
        assert until(lambda: take(other)) < 15


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("how", ["restart", "flush"])
def test_places_outlive_what_redis_forgets(hire: Hire, redis_server: RedisServer, how: str) -> None:
    """When Redis has lost everything nobody gets in beside those who are in, not for a moment."""
    one, other = hire("one"), hire("other")
    held = [take(one), take(one)]
    assert all(held)
    if how == "flush":
        redis_server.flush()
    else:
        redis_server.stop()
        redis_server.start()
    ends = time.monotonic() + 2
    while time.monotonic() < ends:
        with suppress(Unavailable):  # it is not sure yet
            assert take(other) is None
        gevent.sleep(0.01)
    assert held[0]
    one.vacate(held[0])
    until(lambda: take(other))


def test_places_outlive_a_frozen_redis(connect: Connect) -> None:
    """However long it was: who is in stays in, and until all had the time to say so nobody else
    gets in.
    """
    now = [1_800_000_000.0]
    one, other = (
        SharedCounters(connect(), name, refuse=True, clock=lambda: now[0])
        for name in ("one", "other")
    )
    one._held.say()
    other._held.say()
    assert take(one)
    assert take(one)
    now[0] += 20
    with pytest.raises(Unavailable):
        take(other)
    one._held.tell(["places"])
    one._held.say()
    with pytest.raises(Unavailable):
        take(other)
    now[0] += 2
    assert take(other) is None
    now[0] += 60
    one._held.tell(["places"])
    one._held.say()
    with pytest.raises(Unavailable):
        take(other)
    now[0] += 2
    assert take(other) is None


@pytest.mark.parametrize("how", ["freeze", "stop"])
def test_without_redis_nothing_passes(hire: Hire, redis_server: RedisServer, how: str) -> None:
    """Where that is wished: within a second, then at once, with a time to come back; who has no
    limit does not notice, and when Redis is back there is nothing to be restarted.
    """
    gate = Gate(hire("one"), Limits(), Limits())
    limited, free = Account(owner="ada", requests_per_minute=5), Account(owner="eve")
    getattr(redis_server, how)()
    for patience in (1.0, 0.05, 0.05):
        begun = time.monotonic()
        with pytest.raises(Unavailable) as caught:
            gate.admit(limited, 1, stream=True)
        assert time.monotonic() - begun < patience
        assert caught.value.status == 503
        assert caught.value.retry_after
        assert list(gate.quotas(limited)) == []
    gate.admit(free, 1, stream=True)
    redis_server.thaw() if how == "freeze" else redis_server.start()
    until(lambda: gate.quotas(limited))
    gate.admit(limited, 1, stream=True)


@pytest.mark.parametrize("how", ["freeze", "stop"])
def test_without_redis_each_counts_for_itself(
    hire: Hire, redis_server: RedisServer, how: str
) -> None:
    """Each worker has a limit still, for minutes and for places, with what it held before."""
    one, other = hire("one", refuse=False), hire("other", refuse=False)
    wants = [Want("requests", 3), Want("places", 2, place=True)]
    before = take(one, wants)
    assert before
    getattr(redis_server, how)()
    begun = time.monotonic()
    assert take(one, wants)
    assert time.monotonic() - begun < 1
    assert take(one, wants) is None  # two places
    alone = [take(other, wants) for _ in range(3)]
    assert [bool(held) for held in alone] == [True, True, False]
    one.vacate(before)
    again = take(one, wants)
    assert again
    assert not again.shared
    one.correct(again, {"requests": -1})
    one.vacate(again)
    assert one.windows(wants[:1])[0].left == 2
    redis_server.thaw() if how == "freeze" else redis_server.start()
    probe = [Want("probe", 1_000, place=True)]
    until(lambda: all((held := take(each, probe)) and held.shared for each in (one, other)))
    until(lambda: not one._held._untold and not other._held._untold)
    assert take(one, wants) is None  # one is here and two are there, still


def test_the_last_word_is_that_nothing_is_held(hire: Hire) -> None:
    """A worker that ends in order leaves its places to others at once."""
    one, other = hire("one"), hire("other")
    assert take(one)
    assert take(one)
    one.close()
    assert take(other)
