"""Answers that are given again."""

from __future__ import annotations

import time

import gevent
import pytest

from app.cluster.connection import Connection
from app.cluster.shelf import Shelf
from app.errors import ProviderError
from app.events import Finish, ModelEvent, ReasoningDelta, TextDelta, Usage, UsageReport
from app.messages import user
from app.providers.base import ModelRequest
from app.services.answers import Answers, Cached, key_of
from app.services.attempts import RetryBudget
from tests.cluster.connected import Connect
from tests.cluster.redis_server import RedisServer
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


def sharing(connection: Connection, seconds: float = 60.0) -> Answers:
    """Those of a worker."""
    return Answers(seconds, shelf=Shelf(connection, "answer"))


def test_another_workers_answer(connect: Connect) -> None:
    """What one worker kept another one gives, with the model that said it, without a call."""
    one, other = sharing(connect()), sharing(connect())
    said(Cached(attempts(Scripted("b", busy()), Scripted("a", "hello")), one, _KEY))
    model = Scripted("a", "again")
    hit = Cached(attempts(Scripted("b"), model), other, _KEY)
    assert said(hit) == "hello"
    assert (hit.cached, hit.answering.model.id, model.calls) == (True, "a/m", [])
    assert ask(other, model) == ("hello", True)
    assert ask(other, model, key=b"another") == ("again", False)


def test_it_is_the_same_there(connect: Connect) -> None:
    """Reasoning stays reasoning, and no piece of the text is lost or joined to another."""
    one, other = sharing(connect()), sharing(connect())
    events: list[ModelEvent] = [
        ReasoningDelta("hm"),
        TextDelta("a"),
        TextDelta("\u2028\0ß"),
        ReasoningDelta(""),
    ]
    one.keep(_KEY, attempts(Scripted("a")).answering, [*events, Finish("stop")])
    found = other.fetch(_KEY)
    assert found is not None
    assert list(found.said) == events


def test_it_is_forgotten_everywhere_at_once(connect: Connect) -> None:
    """A copy lasts no longer than what it was copied from."""
    one, other = sharing(connect(), 0.4), sharing(connect(), 60)
    ask(one, Scripted("a", "hello"))
    gevent.sleep(0.2)
    assert ask(other, Scripted("a", "again")) == ("hello", True)
    gevent.sleep(0.3)
    assert ask(other, Scripted("a", "again")) == ("again", False)


def test_what_is_too_long_is_not_shared(connect: Connect, redis_server: RedisServer) -> None:
    """A very long answer stays with the worker that had it."""
    one, other = sharing(connect()), sharing(connect())
    long = "x" * 300_000
    ask(one, Scripted("a", long))
    assert ask(one, Scripted("a")) == (long, True)
    assert ask(other, Scripted("a", "again")) == ("again", False)


def test_what_cannot_be_read_is_not_there(connect: Connect) -> None:
    """An entry that another version left is asked for anew, and replaced."""
    connection = connect()
    Shelf(connection, "answer").put(_KEY.hex(), b"\x93\x01\x02\x03", 60)
    assert ask(sharing(connection), Scripted("a", "hello")) == ("hello", False)
    assert ask(sharing(connection), Scripted("a")) == ("hello", True)


@pytest.mark.parametrize("how", ["freeze", "stop"])
def test_without_redis_it_is_a_miss(connect: Connect, redis_server: RedisServer, how: str) -> None:
    """Never an error, nothing takes a second, and each worker has what it kept itself."""
    connection = connect()
    one, model = sharing(connection), Scripted("a", "hello")
    getattr(redis_server, how)()
    begun = time.monotonic()
    assert ask(one, model) == ("hello", False)
    assert ask(one, model) == ("hello", True)
    assert time.monotonic() - begun < 1
    redis_server.thaw() if how == "freeze" else redis_server.start()
    connection.wait()
    ask(one, model, key=b"later")
    assert ask(sharing(connect()), model, key=b"later")[1] is True
