"""What every adapter does, against a real server that speaks its wire format."""

from __future__ import annotations

from collections.abc import Sequence

import gevent
import pytest

from app import errors
from app.events import Finish, ModelEvent, TextDelta, Usage, UsageReport
from app.messages import assistant, user
from app.providers.base import ModelRequest, Provider
from tests.upstream import Upstream


def ask(model: str, **kwargs: object) -> ModelRequest:
    return ModelRequest(model=model, messages=(user("hi"),), **kwargs)  # type: ignore[arg-type]


def events(adapter: Provider, model: str) -> list[ModelEvent]:
    return [event for batch in adapter.stream(ask(model)) for event in batch]


def text(events: Sequence[ModelEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


@pytest.mark.parametrize("kind", ["mock", "drip", "crlf", "plain", "bare"])
def test_text_arrives_whole_however_it_is_cut(adapter: Provider, kind: str) -> None:
    """However the bytes are framed and split, the text is the same and a Finish comes last."""
    got = events(adapter, f"{kind}-7")
    assert text(got) == "t0 t1 t2 t3 t4 t5 t6 "
    assert got[-1] == Finish("stop")


def test_usage_is_the_last_word_of_the_provider(adapter: Provider) -> None:
    """Input includes what was cached, output the reasoning, and nothing is added twice."""
    usage = [e.usage for e in events(adapter, "mock-7") if isinstance(e, UsageReport)][-1]
    reasoning = 0 if adapter.name == "anthropic" else 2
    assert usage == Usage(
        input_tokens=10, cached_input_tokens=4, output_tokens=9, reasoning_tokens=reasoning
    )


def test_halves_of_an_emoji_meet_again(adapter: Provider) -> None:
    """An emoji whose surrogates came in two frames is one character in the end."""
    assert text(events(adapter, "surrogates-0")) == "😀"


def test_conversation_reaches_the_provider_in_order(adapter: Provider, upstream: Upstream) -> None:
    """Messages, system prompt and limit are in the body as the vendor wants them."""
    said = (user("one"), assistant("two", "thought"), user("three"))
    request = ModelRequest(model="mock-1", messages=said, system="be kind", max_output_tokens=9)
    list(adapter.stream(request))
    body = upstream.requests[0]
    flat = [(m["role"], m["content"]) for m in body["messages"]]
    dialogue = [("user", "one"), ("assistant", "two"), ("user", "three")]
    if adapter.name == "anthropic":
        assert (flat, body["system"], body["max_tokens"]) == (dialogue, "be kind", 9)
    else:
        limit = "max_completion_tokens" if adapter.name == "openai" else "max_tokens"
        assert (flat, body[limit]) == ([("system", "be kind"), *dialogue], 9)


_FAULTS: list[tuple[str, type[errors.ProviderError]]] = [
    ("cut-3", errors.CutOff),
    ("reset-3", errors.CutOff),
    ("broken-3", errors.ProtocolBroken),
    ("error-3", errors.Overloaded),
    ("stall-3", errors.ProviderTimeout),
    ("silent-0", errors.ProviderTimeout),
    ("html-0", errors.ProtocolBroken),
    ("status-400", errors.ProviderRefused),
    ("status-401", errors.AuthenticationFailed),
    ("status-403", errors.PermissionDenied),
    ("status-404", errors.ModelNotFound),
    ("status-429", errors.RateLimited),
    ("status-500", errors.ProviderError),
    ("status-503", errors.Overloaded),
    ("status-529", errors.Overloaded),
]


@pytest.mark.parametrize(("model", "expected"), _FAULTS, ids=[f[0] for f in _FAULTS])
def test_a_fault_is_one_of_our_errors(
    adapter: Provider, upstream: Upstream, model: str, expected: type[errors.ProviderError]
) -> None:
    """Each fault ends in exactly its error after one call, and no key is in what it says."""
    with pytest.raises(expected) as caught:
        events(adapter, model)
    assert type(caught.value) is expected
    assert (caught.value.provider, caught.value.model) == (adapter.name, model)
    assert len(upstream.requests) == 1
    if model in ("status-401", "status-403"):
        assert "secret" not in caught.value.detail
    if model.startswith("status-"):
        assert caught.value.upstream_status == int(model.removeprefix("status-"))
        assert caught.value.upstream_request_id == "up-1"


def test_text_before_a_cut_is_delivered(adapter: Provider) -> None:
    """What arrived before the connection broke has been yielded."""
    got: list[ModelEvent] = []

    def read() -> None:
        for batch in adapter.stream(ask("cut-3")):
            got.extend(batch)

    with pytest.raises(errors.CutOff):
        read()
    assert text(got) == "t0 t1 t2 "


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7.0), ("soon", None), ("4294967", 4294967.0)]
)
def test_retry_after_is_passed_on(
    adapter: Provider, upstream: Upstream, header: str, seconds: float | None
) -> None:
    """A provider's Retry-After is data of the error, never a sleep in here."""
    upstream.retry_after = header
    with pytest.raises(errors.RateLimited) as caught, gevent.Timeout(2):
        events(adapter, "status-429")
    assert caught.value.retry_after == seconds


def test_an_address_where_nobody_listens(
    providers: dict[str, Provider], upstream: Upstream
) -> None:
    """A refused connection is an Unreachable."""
    upstream.__exit__()
    for name in ("openai", "anthropic", "ollama", "own"):
        with pytest.raises(errors.Unreachable):
            events(providers[name], "mock-1")


def test_closing_the_iterator_closes_upstream(adapter: Provider, upstream: Upstream) -> None:
    """A reader that leaves in the middle frees the connection at the other end."""
    stream = adapter.stream(ask("stall-2"))
    assert list(next(stream)) == []  # it has gone out
    next(stream)
    assert upstream.open == 1
    stream.close()  # type: ignore[attr-defined]  # it is a generator
    with gevent.Timeout(1):
        while upstream.open:
            gevent.sleep(0.01)


def test_killing_the_reader_closes_upstream(adapter: Provider, upstream: Upstream) -> None:
    """An exception thrown into a waiting reader frees the connection at the other end."""
    reader = gevent.spawn(events, adapter, "silent-0")
    with gevent.Timeout(1):
        while not upstream.open:
            gevent.sleep(0.01)
        reader.kill()
        while upstream.open:
            gevent.sleep(0.01)


def test_models_are_listed(adapter: Provider) -> None:
    """The provider's own list of models is asked for and read."""
    assert adapter.models() == ["mock-5-0"]


def test_keys_are_sent(adapter: Provider, upstream: Upstream) -> None:
    """The key goes in the header where the vendor's SDK puts it; Ollama has none."""
    events(adapter, "mock-1")
    sent = upstream.headers[0].get("authorization")
    assert sent == (None if adapter.name == "ollama" else "Bearer sk-secret")
