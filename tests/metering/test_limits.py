"""Rate limits of key, team and installation, all or nothing."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import suppress
from time import perf_counter

import gevent
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.accounts import Account, Limits
from app.errors import BadInput, TooMany
from app.metering.admission import Admission
from app.metering.limits import Gate
from app.metering.windows import MemoryCounters
from tests.metering.clock import Clock, standing
from tests.properties import examples

_NONE = Limits()
_WHOSE = ["key", "team", "all"]
_WHAT = ["requests_per_minute", "tokens_per_minute", "streams"]


def gate(team: Limits = _NONE, installation: Limits = _NONE) -> Gate:
    return Gate(MemoryCounters(), team, installation)


def limited(whose: str, what: str, amount: int) -> tuple[Gate, Account]:
    """A gate and an account of which one limit is in force."""
    limits = Limits(**{what: amount})
    account = Account(owner="ada", key_id="key_1", team="red")
    if whose == "key":
        account = Account(owner="ada", key_id="key_1", team="red", **{what: amount})  # type: ignore[arg-type]
    own = limits if whose == "team" else _NONE
    return gate(own, limits if whose == "all" else _NONE), account


@pytest.fixture
def clock() -> Iterator[Clock]:
    with standing() as made:
        yield made


@pytest.mark.parametrize("what", _WHAT)
@pytest.mark.parametrize("whose", _WHOSE)
@pytest.mark.usefixtures("clock")
def test_a_limit_holds(whose: str, what: str) -> None:
    """Each limit of each subject lets so many through and refuses the next, with a wait."""
    entry, account = limited(whose, what, 3)
    admitted = [entry.admit(account, 1, stream=True) for _ in range(3)]
    with pytest.raises(TooMany) as caught:
        entry.admit(account, 1, stream=True)
    assert caught.value.retry_after is not None
    assert 1 <= caught.value.retry_after <= 121
    assert "3" in caught.value.detail
    assert len(admitted) == 3


@pytest.mark.parametrize("what", ["requests_per_minute", "tokens_per_minute"])
def test_whoever_waits_gets_in(clock: Clock, what: str) -> None:
    """After the seconds of Retry-After, and not before them."""
    entry, account = limited("key", what, 5)
    clock.now += 17.3
    for _ in range(5):
        entry.admit(account, 1, stream=False)
    with pytest.raises(TooMany) as caught:
        entry.admit(account, 1, stream=False)
    wait = caught.value.retry_after or 0
    clock.now += wait - 1.01
    with pytest.raises(TooMany):
        entry.admit(account, 1, stream=False)
    clock.now += 1.01
    entry.admit(account, 1, stream=False)


@pytest.mark.parametrize("what", _WHAT)
@pytest.mark.parametrize("whose", _WHOSE)
@pytest.mark.usefixtures("clock")
def test_a_denied_request_costs_nothing(whose: str, what: str) -> None:
    """Whichever limit stands in the way, all others are as they were before."""
    amounts = dict.fromkeys(_WHAT, 100)
    limits = {name: Limits(**amounts) for name in _WHOSE}
    limits[whose] = Limits(**{**amounts, what: 1})
    entry = gate(limits["team"], limits["all"])
    account = Account(owner="ada", team="red", **vars(limits["key"]))
    kept = entry.admit(account, 1, stream=True)
    counters = entry._counters
    assert isinstance(counters, MemoryCounters)
    before = _counted(counters), dict(counters._places)
    for _ in range(50):
        with pytest.raises(TooMany):
            entry.admit(account, 1, stream=True)
    assert (_counted(counters), dict(counters._places)) == before
    kept.cancel()
    assert not _counted(counters)
    assert not counters._places


def _counted(counters: MemoryCounters) -> dict[str, int]:
    return {name: count for name, count in counters._storage.storage.items() if count}


@pytest.mark.usefixtures("clock")
def test_what_can_never_pass_is_not_told_to_wait() -> None:
    """More tokens than a minute has are the caller's to mend, and cost nothing."""
    entry, account = limited("key", "tokens_per_minute", 10)
    with pytest.raises(BadInput) as caught:
        entry.admit(account, 11, stream=True)
    assert not caught.value.retryable
    assert entry.quotas(account)[0].left == 10
    entry.admit(account, 10, stream=True)


@examples(100)
@given(st.integers(0, 100), st.integers(0, 200), st.booleans())
def test_the_truth_takes_the_estimates_place(estimate: int, truth: int, late: bool) -> None:
    """Once, however often it is told, and long after the minute it does no harm."""
    entry, account = limited("key", "tokens_per_minute", 100)
    with standing() as clock:
        admission = entry.admit(account, estimate, stream=True)
        assert entry.quotas(account)[0].left == 100 - estimate
        clock.now += 600 if late else 0
        for _ in range(3):
            admission.settle(truth)
            admission.release()
        owed = max(0, truth - estimate) if late else truth
        assert entry.quotas(account)[0].left == max(0, 100 - owed)


@pytest.mark.usefixtures("clock")
def test_the_tightest_quota_is_shown() -> None:
    """Of requests and of tokens one each, from whichever limit leaves the least."""
    entry = gate(installation=Limits(requests_per_minute=5, tokens_per_minute=1_000))
    account = Account(owner="ada", requests_per_minute=9, tokens_per_minute=50)
    entry.admit(account, 20, stream=True)
    shown = [(q.kind, q.limit, q.left) for q in entry.quotas(account)]
    assert shown == [("requests", 5, 4), ("tokens", 50, 30)]
    assert not gate().quotas(Account(owner="ada", streams=3))


@pytest.mark.usefixtures("clock")
def test_a_teams_own_limits_come_first() -> None:
    """The configuration's are for teams that have none, and teams don't count for one another."""
    entry = gate(team=Limits(requests_per_minute=1))
    own = Account(owner="ada", team="red", team_limits=Limits(requests_per_minute=2))
    usual = Account(owner="bob", team="blue")
    entry.admit(own, 1, stream=False)
    entry.admit(own, 1, stream=False)
    entry.admit(usual, 1, stream=False)
    entry.admit(Account(owner="eve"), 1, stream=False)
    for account in (own, usual):
        with pytest.raises(TooMany):
            entry.admit(account, 1, stream=False)


def _settled(admission: Admission) -> None:
    admission.settle(1)
    admission.release()


def _broken(admission: Admission) -> None:
    raise RuntimeError


def _waiting(admission: Admission) -> None:
    gevent.sleep(60)


@pytest.mark.parametrize("ending", [_settled, _broken, _waiting, Admission.cancel])
def test_no_place_leaks(ending: Callable[[Admission], None]) -> None:
    """Whoever breaks or is killed without a word to the gate has his place taken from him."""
    entry = gate(installation=Limits(streams=20))
    account = Account(owner="ada", streams=20)

    def run() -> None:
        ending(entry.admit(account, 1, stream=True))

    def guarded() -> None:
        with suppress(RuntimeError):
            run()

    for _ in range(5):
        jobs = [gevent.spawn(guarded) for _ in range(20)]
        gevent.sleep(0)
        gevent.killall(jobs)
        del jobs
        gevent.sleep(0.001)  # the hub lets go of their timers
        gc.collect()  # a killed greenlet and its traceback hold each other
    assert not entry._counters._places  # type: ignore[attr-defined]


def test_without_limits_it_is_next_to_free() -> None:
    """What most requests pay is some microseconds, and nothing is counted."""
    entry, account = gate(), Account(owner="ada", key_id="key_1", team="red")
    times = []
    for _ in range(5):
        begun = perf_counter()
        for _ in range(1_000):
            admission = entry.admit(account, 100, stream=True)
            admission.settle(50)
            admission.release()
        times.append((perf_counter() - begun) / 1_000)
    assert min(times) < 20e-6  # 0.5 on a quiet machine
    assert not entry._counters._storage.storage  # type: ignore[attr-defined]
