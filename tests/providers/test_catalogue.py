"""What the faulty upstream's list says of a model's name comes true, with every adapter."""

from __future__ import annotations

from collections.abc import Iterator

import gevent
import pytest

from app.errors import ProviderError
from app.events import Finish, ModelEvent, ReasoningDelta, ToolCall
from app.providers.base import Patience, Provider
from tests.providers.conftest import asking
from tests.providers.test_conformance import ask, text
from tests.upstream import Upstream
from tests.upstream.answers import arguments
from tests.upstream.catalogue import ANSWERS, CATALOGUE, Entry

# A whole answer's time limit ends this one, which is not an adapter's.
_FAULTS = [entry for entry in CATALOGUE if entry.code and not entry.model.startswith("pinging")]
_WHOLE = [entry.model for entry in ANSWERS if "flaky" not in entry.model]

_USUAL = Patience()
_SHORT = Patience(first_byte=0.3, read=0.3)


def answered(adapter: Provider, model: str, patience: Patience = _USUAL) -> list[ModelEvent]:
    stream = adapter.stream(ask(model, patience=patience))
    return [event for batch in stream for event in batch]


@pytest.fixture(scope="module")
def server() -> Iterator[Upstream]:
    with Upstream() as running:
        yield running


@pytest.fixture(scope="module")
def providers(server: Upstream) -> Iterator[dict[str, Provider]]:
    """Made once: an SDK's client costs more than all that is asked of it here."""
    with asking(server, patience=20) as made:
        yield made


@pytest.fixture
def upstream(server: Upstream) -> Upstream:
    server.reset()
    server.listing = None
    return server


@pytest.mark.parametrize("entry", _FAULTS, ids=[entry.model for entry in _FAULTS])
def test_a_fault_ends_in_its_code(adapter: Provider, upstream: Upstream, entry: Entry) -> None:
    """Each fault is one error of ours after one call, with the code that the list has for it."""
    patience = _SHORT if entry.code == "provider_timeout" else _USUAL
    with pytest.raises(ProviderError) as caught, gevent.Timeout(20):
        answered(adapter, entry.model, patience)
    assert caught.value.code == entry.code
    assert entry.code != "provider_misconfigured" or "secret" not in caught.value.detail
    assert upstream.calls == {entry.model: 1}


@pytest.mark.parametrize("model", [model for model in _WHOLE if model != "mock-200-50000"])
def test_an_answer_comes_whole(adapter: Provider, model: str) -> None:
    """Each answer that is only sent in an odd way ends with a Finish."""
    with gevent.Timeout(20):
        assert isinstance(answered(adapter, model)[-1], Finish)


def test_what_is_flaky_answers_in_the_end(adapter: Provider, upstream: Upstream) -> None:
    """It fails as often as its name says, and again after a reset."""
    for _ in range(2):
        for _ in range(2):
            with pytest.raises(ProviderError):
                answered(adapter, "flaky-2-mock-1")
        assert text(answered(adapter, "flaky-2-mock-1")) == "t0 "
        upstream.reset()


def test_reasoning_comes_apart(adapter: Provider) -> None:
    """What is thought aloud is not part of the answer."""
    got = answered(adapter, "reasoning-2")
    assert "".join(e.text for e in got if isinstance(e, ReasoningDelta)) == "r0 r1 r2 "
    assert text(got) == "t0 t1 "


def test_calls_come_together_again(adapter: Provider) -> None:
    """Arguments that were cut into pieces, of two calls in turn, are whole."""
    got: list[ModelEvent] = answered(adapter, "tools-2")
    called = [event for event in got if isinstance(event, ToolCall)]
    assert [call.arguments for call in called] == [arguments(0), arguments(1)]
    assert got[-1] == Finish("tool_calls")


def test_a_ping_for_ever_is_no_silence(adapter: Provider, upstream: Upstream) -> None:
    """Pings hold the connection open for longer than a silence may last."""
    with pytest.raises(gevent.Timeout), gevent.Timeout(2.2):
        answered(adapter, "pinging-1", Patience(first_byte=1.0, read=1.0))
    with gevent.Timeout(20):
        while upstream.open:
            gevent.sleep(0.01)


_LISTINGS = {
    "html-200": "provider_protocol",
    "html-502": "provider_overloaded",
    "mock-2": "provider_protocol",
    "plain-2": "provider_protocol",
    "badkey": "provider_misconfigured",
    "badkey-gemini": "provider_misconfigured",
    "badkey-xai": "provider_misconfigured",
    "status-307": "provider_misconfigured",
    "status-429": "provider_rate_limited",
    "gone-0": "provider_cut_off",
    "garbage-0": "provider_cut_off",
    "cut-2": "provider_cut_off",
}


@pytest.mark.parametrize("fault", _LISTINGS)
def test_a_list_of_models_that_fails(adapter: Provider, upstream: Upstream, fault: str) -> None:
    """Asking which models there are ends in one of our errors too, whatever comes instead."""
    upstream.listing = fault
    with pytest.raises(ProviderError) as caught, gevent.Timeout(20):
        adapter.models()
    assert caught.value.code == _LISTINGS[fault]
    assert upstream.calls == {fault: 1}


@pytest.mark.parametrize("model", ["cut-3", "broken-3", "stall-3"])
def test_what_breaks_later_tells_of_the_response(adapter: Provider, model: str) -> None:
    """An error in the middle of an answer has its status and the provider's id of the request."""
    with pytest.raises(ProviderError) as caught:
        answered(adapter, model, _SHORT)
    assert (caught.value.upstream_status, caught.value.upstream_request_id) == (200, "up-1")
