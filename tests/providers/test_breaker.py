"""The circuit breaker: it opens, waits, admits one probe, and closes or waits longer."""

from __future__ import annotations

from collections.abc import Callable

import gevent
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Overloaded, Paused, ProviderError, ProviderRefused, ProviderTimeout
from app.providers.breaker import MemoryBreakers, Threshold
from tests.properties import examples

_THRESHOLD = Threshold(window=30, calls=4, rate=0.5, pause=5, longest_pause=15)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breakers(clock: Clock) -> MemoryBreakers:
    return MemoryBreakers(_THRESHOLD, clock)


def failing() -> ProviderError:
    return Overloaded("Busy.", provider="p")


def ask(
    breakers: MemoryBreakers, outcome: Callable[[], ProviderError] | None = None, model: str = "m"
) -> str:
    """One call: what became of it."""
    try:
        with breakers.call("p", model) as call:
            if outcome is not None:
                raise outcome()
            call.heard()
    except Paused:
        return "refused"
    except ProviderError:
        return "failed"
    return "answered"


def state(breakers: MemoryBreakers) -> str:
    return breakers.states()["p", "m"]


def opened(breakers: MemoryBreakers) -> None:
    for _ in range(_THRESHOLD.calls):
        ask(breakers, failing)
    assert state(breakers) == "open"


def test_it_opens_on_the_rate(breakers: MemoryBreakers) -> None:
    """Half of the calls failing is too many, a lone failure among answers is not."""
    assert [ask(breakers, failing if n % 3 == 2 else None) for n in range(9)].count("refused") == 0
    assert state(breakers) == "closed"
    outcomes = [ask(breakers, failing) for _ in range(10)]
    assert "refused" in outcomes
    assert outcomes[-1] == "refused"


def test_few_calls_say_nothing(breakers: MemoryBreakers) -> None:
    """Under the least number of calls no rate counts."""
    for _ in range(_THRESHOLD.calls - 1):
        ask(breakers, failing)
    assert state(breakers) == "closed"


def test_old_failures_are_forgotten(breakers: MemoryBreakers, clock: Clock) -> None:
    """Only what happened within the window counts."""
    for _ in range(20):
        ask(breakers, failing)
        clock.now += 11
    assert ask(breakers) == "answered"


def test_exactly_one_probe(breakers: MemoryBreakers, clock: Clock) -> None:
    """After the pause one call goes through; while it is under way all others are refused."""
    opened(breakers)
    assert [ask(breakers) for _ in range(200)] == ["refused"] * 200
    clock.now += _THRESHOLD.pause
    assert state(breakers) == "half_open"
    with breakers.call("p", "m") as probe:
        assert [ask(breakers) for _ in range(200)] == ["refused"] * 200
        probe.heard()
        assert ask(breakers) == "answered"
    assert state(breakers) == "closed"


def test_a_failed_probe_doubles_the_pause(breakers: MemoryBreakers, clock: Clock) -> None:
    """Each probe that fails makes the next pause twice as long, up to the longest."""
    opened(breakers)
    for pause in (5, 10, 15, 15):
        clock.now += pause - 0.1
        assert ask(breakers) == "refused"
        clock.now += 0.1
        assert ask(breakers, failing) == "failed"
    clock.now += 15
    assert ask(breakers) == "answered"


def test_a_probe_that_ends_without_a_word(breakers: MemoryBreakers, clock: Clock) -> None:
    """A caller that leaves during its probe leaves the place to the next one."""
    opened(breakers)
    clock.now += _THRESHOLD.pause

    def left() -> None:
        with breakers.call("p", "m"):
            gevent.sleep(60)

    probe = gevent.spawn(left)
    gevent.sleep(0)
    assert ask(breakers) == "refused"
    probe.kill()
    assert ask(breakers) == "answered"


@pytest.mark.parametrize(
    "error",
    [
        ProviderRefused("No.", provider="p"),
        ProviderTimeout("Late.", limit="deadline", provider="p"),
    ],
)
def test_what_is_not_the_models_fault(breakers: MemoryBreakers, error: ProviderError) -> None:
    """A request that was wrong, and our own deadline, are not counted against a model."""
    assert [ask(breakers, lambda: error) for _ in range(50)] == ["failed"] * 50
    assert state(breakers) == "closed"


def test_a_refusal_is_a_sign_of_life(breakers: MemoryBreakers, clock: Clock) -> None:
    """A probe that is answered with a refusal of the request closes the circuit."""
    opened(breakers)
    clock.now += _THRESHOLD.pause
    ask(breakers, lambda: ProviderRefused("No.", provider="p"))
    assert state(breakers) == "closed"


def test_models_have_circuits_of_their_own(breakers: MemoryBreakers) -> None:
    """One model that fails leaves the others alone, and their number is bounded."""
    opened(breakers)
    assert ask(breakers, model="other") == "answered"
    for n in range(1_200):
        ask(breakers, model=f"m{n}")
    assert len(breakers.states()) <= 1_000


@examples(100)
@given(st.lists(st.tuples(st.sampled_from(["ok", "bad", "leave"]), st.floats(0, 20)), max_size=60))
def test_it_never_locks_for_good(steps: list[tuple[str, float]]) -> None:
    """Whatever happened, after the longest pause a call that succeeds closes the circuit."""
    clock = Clock()
    breakers = MemoryBreakers(_THRESHOLD, clock)
    for outcome, seconds in steps:
        clock.now += seconds
        if outcome == "leave":
            try:
                with breakers.call("p", "m"):
                    raise GeneratorExit
            except (GeneratorExit, Paused):
                pass
        else:
            ask(breakers, failing if outcome == "bad" else None)
    clock.now += _THRESHOLD.longest_pause
    assert ask(breakers) == "answered"
    assert breakers.states()["p", "m"] == "closed"
