"""Answers that are given again."""

from __future__ import annotations

import gevent
import pytest

from app.errors import ProviderError
from app.events import Finish, Usage, UsageReport
from app.messages import user
from app.providers.base import ModelRequest
from app.services.answers import Answers, Cached, key_of
from app.services.attempts import RetryBudget
from tests.services.scripted import Scripted, attempts, busy, said, stream

_REQUEST = ModelRequest(model="m", messages=(user("Hi"),))
_KEY = key_of("ada", [("a/m", _REQUEST)])


def ask(answers: Answers, *chain: Scripted, key: bytes = _KEY) -> tuple[str, bool]:
    cached = Cached(attempts(*chain, budget=RetryBudget(1)), answers, key)
    return said(cached), cached.cached


def test_a_hit_costs_nothing() -> None:
    """The second time the same text comes without a call, with no tokens, and says so."""
    answers, model = Answers(60), Scripted("a", "hello")
    assert ask(answers, model) == ("hello", False)
    hit = Cached(attempts(model), answers, _KEY)
    events = [event for batch in stream(hit) for event in batch]
    assert events[1:] == [UsageReport(Usage()), Finish("stop")]
    assert (hit.cached, hit.answering.model.id, len(model.calls)) == (True, "a/m", 1)


@pytest.mark.parametrize(
    "other",
    [
        key_of("eve", [("a/m", _REQUEST)]),
        key_of("ada", [("b/m", _REQUEST)]),
        key_of("ada", [("a/m", ModelRequest(model="m", messages=(user("Hi!"),)))]),
        key_of("ada", [("a/m", ModelRequest(model="m", messages=(user("Hi"),), system="s"))]),
        key_of(
            "ada", [("a/m", ModelRequest(model="m", messages=(user("Hi"),), max_output_tokens=9))]
        ),
        key_of("ada", [("a/m", ModelRequest(model="m", messages=(user("Hi"),), temperature=0.0))]),
        key_of("ada", [("a/m", _REQUEST), ("b/m", _REQUEST)]),
    ],
)
def test_the_key_covers_everything(other: bytes) -> None:
    """Another tenant, model, text or setting is another question."""
    answers, model = Answers(60), Scripted("a", "hello")
    ask(answers, model)
    assert ask(answers, model, key=other) == ("ok", False)


def test_what_is_not_whole_is_not_kept() -> None:
    """A call that failed, before or after its first token, leaves nothing behind."""
    answers = Answers(60)
    for outcome in (busy(), ("half", busy())):
        with pytest.raises(ProviderError):
            ask(answers, Scripted("a", outcome))
        assert answers.get(_KEY) is None
        assert answers.under_way == {}


def test_identical_questions_make_one_call() -> None:
    """Twenty at once: one asks, the others wait for its answer."""
    answers, model = Answers(60), Scripted("a", "hello", pause=0.05)
    jobs = [gevent.spawn(ask, answers, model) for _ in range(20)]
    gevent.joinall(jobs, raise_error=True)
    answered = [job.get() for job in jobs]
    assert {text for text, _ in answered} == {"hello"}
    assert (sum(cached for _, cached in answered), len(model.calls)) == (19, 1)


def test_when_the_first_fails_the_next_asks() -> None:
    """Whoever waited for an answer that did not come asks for itself."""
    answers, model = Answers(60), Scripted("a", busy(), "hello", pause=0.05)
    jobs = [gevent.spawn(ask, answers, model) for _ in range(3)]
    gevent.joinall(jobs)
    assert [job.successful() for job in jobs] == [False, True, True]
    assert len(model.calls) == 2


def test_who_leaves_does_not_take_the_others_along() -> None:
    """If the caller who asked is killed, one of those who wait takes over."""
    answers, model = Answers(60), Scripted("a", "lost", "hello", pause=0.1)
    first = gevent.spawn(ask, answers, model)
    gevent.sleep(0.02)
    second = gevent.spawn(ask, answers, model)
    gevent.sleep(0.02)
    first.kill()
    assert second.get(timeout=5) == ("hello", False)


def test_answers_are_forgotten() -> None:
    """After their time, and the oldest where there are too many."""
    answers = Answers(0.02)
    ask(answers, Scripted("a", "hello"))
    gevent.sleep(0.03)
    assert answers.get(_KEY) is None
    small = Answers(60, size=100_000)
    for n in range(50):
        ask(small, Scripted("a", "x" * 1_000), key=str(n).encode())
    kept = [n for n in range(50) if small.get(str(n).encode())]
    assert kept == list(range(kept[0], 50))
    assert 0 < len(kept) < 30
