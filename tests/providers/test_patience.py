"""How long one call waits, where the request says so."""

from __future__ import annotations

from collections.abc import Iterator

import gevent
import pytest

from app.config import CompatibleServer, Config
from app.errors import ProviderError, ProviderTimeout
from app.events import Finish
from app.messages import user
from app.providers import registry
from app.providers.base import ModelRequest, Patience, Provider
from tests.upstream import Upstream


def ask(model: str, patience: Patience) -> ModelRequest:
    return ModelRequest(model=model, messages=(user("hi"),), patience=patience)


@pytest.fixture(params=["openai", "anthropic", "own"])
def patient(request: pytest.FixtureRequest, upstream: Upstream) -> Iterator[Provider]:
    """An adapter that waits a minute, for a call that does not say otherwise."""
    made = registry.build(
        Config(
            openai_base_url=f"{upstream.url}/v1",
            anthropic_base_url=upstream.url,
            compatible=(CompatibleServer("own", f"{upstream.url}/v1"),),
            first_byte_timeout=60.0,
            read_timeout=60.0,
        )
    )
    yield made[request.param]
    for provider in made.values():
        provider.close()


@pytest.mark.parametrize(
    ("model", "patience", "limit"),
    [
        ("silent-0", Patience(first_byte=0.1), "first_byte"),
        ("stall-2", Patience(read=0.1), "read"),
    ],
)
def test_a_call_may_be_less_patient(
    patient: Provider, model: str, patience: Patience, limit: str
) -> None:
    """Its limit holds in place of the server's, and the error says which one it was."""
    with pytest.raises(ProviderTimeout) as caught, gevent.Timeout(20):
        list(patient.stream(ask(model, patience)))
    assert caught.value.limit == limit


@pytest.mark.parametrize(
    ("model", "patience"),
    [
        ("slow-0.5-mock-1", Patience(first_byte=60.0)),
        ("mock-1-500000", Patience(read=60.0)),
    ],
)
def test_a_call_may_be_more_patient(adapter: Provider, model: str, patience: Patience) -> None:
    """An adapter that would not have waited for a third of a second waits for this one."""
    *_, last = adapter.stream(ask(model, patience))
    assert last[-1] == Finish("stop")


def test_patience_is_for_one_call(adapter: Provider) -> None:
    """The next call, on the same connection, has the server's limits again."""
    list(adapter.stream(ask("mock-2", Patience(first_byte=60.0, read=60.0))))
    with pytest.raises(ProviderTimeout), gevent.Timeout(20):
        list(adapter.stream(ask("silent-0", Patience())))


def test_patience_ends_with_its_call(patient: Provider) -> None:
    """While the error of a broken answer is kept, nothing of its limits strikes elsewhere."""
    with pytest.raises(ProviderError) as caught:
        list(patient.stream(ask("broken-3-20000", Patience(read=0.2))))
    gevent.sleep(0.4)
    assert caught.value.code == "provider_protocol"
