"""Retries, fallbacks, the breaker and the budget over them."""

from __future__ import annotations

import time
from dataclasses import replace

import gevent
import pytest

from app.errors import (
    AuthenticationFailed,
    ContentRefused,
    ContextTooLong,
    CutOff,
    ModelNotFound,
    Paused,
    ProviderError,
    ProviderRefused,
    ProviderTimeout,
)
from app.events import Finish, TextDelta, UsageReport
from app.metrics import Metrics
from app.providers.breaker import MemoryBreakers, Threshold
from app.services.attempts import RetryBudget
from tests.services.scripted import Scripted, attempts, busy, candidate, said, stream


def test_a_passing_failure_is_tried_again() -> None:
    """A model that fails twice and then answers has answered, and its figures are the last's."""
    model = Scripted("a", busy(), busy(), "hello")
    batches = list(stream(attempts(model)))
    events = [event for batch in batches for event in batch]
    assert [type(e) for e in events] == [UsageReport, TextDelta, UsageReport, Finish]
    assert len(model.calls) == 3


def test_the_budget_is_one() -> None:
    """However many models a chain has, no more calls are made than the budget allows."""
    chain = [Scripted(name, *[busy()] * 10) for name in "abc"]
    with pytest.raises(ProviderError):
        list(stream(attempts(*chain, budget=RetryBudget(5, 5.0, 0.001))))
    assert [len(model.calls) for model in chain] == [2, 2, 1]


@pytest.mark.parametrize(
    "error",
    [
        busy(),
        busy(retry_after=4_294_967),
        AuthenticationFailed("Key.", provider="a"),
        ModelNotFound("Gone.", provider="a"),
        CutOff("Cut.", provider="a"),
    ],
)
def test_the_next_takes_over_at_once(error: ProviderError) -> None:
    """What another model may do better goes to it without a wait, and `answering` says so."""
    first, second = Scripted("a", error), Scripted("b", "from b")
    source = attempts(first, second, budget=RetryBudget(4, 0.0, 100.0))
    assert said(source) == "from b"
    assert source.answering.model.id == "b/m"


@pytest.mark.parametrize("error", [ProviderRefused, ContentRefused])
def test_a_wrong_request_is_wrong_everywhere(error: type[ProviderError]) -> None:
    """What a vendor refuses as invalid or forbidden is not carried from one to the next."""
    first, second = Scripted("a", error("No.", provider="a")), Scripted("b")
    with pytest.raises(error):
        list(stream(attempts(first, second)))
    assert (len(first.calls), len(second.calls)) == (1, 0)


def test_what_is_too_long_goes_where_the_chain_says() -> None:
    """Only a model that is marked for it gets what was too long for another."""
    too_long = ContextTooLong("Too long.", provider="a")
    first, second, third = Scripted("a", too_long), Scripted("b"), Scripted("c", "from c")
    chain = [candidate(first), candidate(second), candidate(third, longer=True)]
    assert said(attempts(*chain)) == "from c"
    assert second.calls == []
    with pytest.raises(ContextTooLong):
        list(stream(attempts(Scripted("a", too_long), second)))


def test_after_the_first_token_there_is_no_way_back() -> None:
    """What breaks in the middle is told, not repaired with other words."""
    first, second = Scripted("a", ("half", CutOff("Cut.", provider="a"))), Scripted("b")
    batches = stream(attempts(first, second))
    assert [e.text for e in next(batches) if isinstance(e, TextDelta)] == ["half"]
    with pytest.raises(CutOff):
        next(batches)
    assert (len(first.calls), second.calls) == (1, [])


@pytest.mark.parametrize("wait", [4_294_967.0, 6.0, 1e300])
def test_nobody_waits_for_ages(wait: float) -> None:
    """A Retry-After beyond the longest wait is an error at once, which carries it."""
    model, began = Scripted("a", busy(wait)), time.monotonic()
    with pytest.raises(ProviderError) as caught:
        list(stream(attempts(model)))
    assert (caught.value.retry_after, len(model.calls)) == (wait, 1)
    assert time.monotonic() - began < 1


def test_a_retry_after_is_honoured() -> None:
    """The next call does not come before it was asked for, and the wait is measured."""
    metrics, began = Metrics(), time.monotonic()
    assert said(attempts(Scripted("a", busy(0.3), "ok"), metrics=metrics)) == "ok"
    assert 0.3 <= time.monotonic() - began < 3
    figures = metrics.render().decode()
    assert "parley_retry_wait_seconds_count 1.0" in figures
    assert 'parley_failed_calls_total{code="provider_overloaded",provider="a"} 1.0' in figures


def test_no_wait_goes_past_the_deadline() -> None:
    """Where the next try would come too late, the error comes now."""
    source = attempts(Scripted("a", busy(2.0)))
    source._deadline = time.monotonic() + 1.0
    began = time.monotonic()
    with pytest.raises(ProviderError):
        list(stream(source))
    assert time.monotonic() - began < 0.5


def test_our_deadline_is_the_end() -> None:
    """The answer's own time limit, thrown in from outside, is no reason to ask another."""
    late = ProviderTimeout("Late.", limit="deadline", provider="a")
    first, second = Scripted("a", pause=5), Scripted("b")
    with pytest.raises(ProviderTimeout), gevent.Timeout(0.05, late):
        list(stream(attempts(first, second)))
    assert second.calls == []


def test_who_rests_is_not_called() -> None:
    """An open circuit costs no call: the next model answers, or the error comes at once."""
    breakers = MemoryBreakers(Threshold(calls=2, pause=60))
    dead = Scripted("a", *[busy()] * 100)
    with pytest.raises(ProviderError):
        list(stream(attempts(dead, breakers=breakers)))
    before = len(dead.calls)
    for _ in range(200):
        with pytest.raises(Paused):
            list(stream(attempts(dead, breakers=breakers)))
        assert said(attempts(dead, Scripted("b"), breakers=breakers)) == "ok"
    assert len(dead.calls) == before


def test_leaving_during_a_wait() -> None:
    """A greenlet that is killed while it waits is gone at once, and counts as waiting no more."""
    metrics = Metrics()
    source = attempts(Scripted("a", busy(4.0)), metrics=metrics)
    job = gevent.spawn(lambda: list(stream(source)))
    gevent.sleep(0.05)
    assert "parley_waiting_to_retry 1.0" in metrics.render().decode()
    began = time.monotonic()
    job.kill()
    assert time.monotonic() - began < 0.1
    assert "parley_waiting_to_retry 0.0" in metrics.render().decode()


def test_each_model_has_its_own_request() -> None:
    """A fallback gets the request as it was composed for it."""
    first, second = Scripted("a", busy()), Scripted("b")
    chain = [candidate(first), replace(candidate(second), model=candidate(second).model)]
    assert said(attempts(*chain)) == "ok"
    assert second.calls[0].model == "m"
