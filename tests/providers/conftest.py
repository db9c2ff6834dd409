"""Every adapter, pointed at the same loopback server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from app.config import CompatibleServer, Config
from app.providers import registry
from app.providers.base import Provider
from tests.cluster.connected import connect, redis_of_module, redis_server
from tests.upstream import Upstream

__all__ = ["connect", "redis_of_module", "redis_server"]

ADAPTERS = ["openai", "anthropic", "ollama", "own"]


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@contextmanager
def asking(upstream: Upstream, patience: float = 0.3) -> Iterator[dict[str, Provider]]:
    """Every provider. `patience` is how many seconds it may be silent."""
    made = registry.build(
        Config(
            openai_base_url=f"{upstream.url}/v1",
            openai_api_key="sk-secret",
            anthropic_base_url=upstream.url,
            anthropic_api_key="sk-secret",
            ollama_base_url=upstream.url,
            compatible=(CompatibleServer("own", f"{upstream.url}/v1", "sk-secret"),),
            first_byte_timeout=patience,
            read_timeout=patience,
            connect_timeout=1.0,
        )
    )
    yield made
    for provider in made.values():
        provider.close()


@pytest.fixture
def providers(upstream: Upstream) -> Iterator[dict[str, Provider]]:
    with asking(upstream) as made:
        yield made


@pytest.fixture(params=ADAPTERS)
def adapter(request: pytest.FixtureRequest, providers: dict[str, Provider]) -> Provider:
    return providers[request.param]
