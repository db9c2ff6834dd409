"""Clients and trust for the tests of the transport."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.config import Config
from app.providers.anthropic import Anthropic
from app.providers.base import Provider
from app.providers.openai import OpenAI
from app.providers.transport import trust
from app.providers.transport.client import Client
from app.providers.transport.response import Limits
from tests.providers.transport.authority import Authority

ADAPTERS: dict[str, type[OpenAI] | type[Anthropic]] = {"openai": OpenAI, "anthropic": Anthropic}

Connect = Callable[[str], Provider]


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.found(tmp_path_factory.mktemp("authority"))


@pytest.fixture(autouse=True)
def no_trust(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No authority is known, and none of another test's."""
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    trust.context.cache_clear()
    yield
    trust.context.cache_clear()


@pytest.fixture
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """The private authority, known to whatever is made from now on."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    return authority


@pytest.fixture
def limits() -> Limits:
    """A test module may override it."""
    return Limits(connect=10, first_byte=10, read=10)


@pytest.fixture
def client(limits: Limits) -> Iterator[Client]:
    """Ask for it after `trusted`: trust is read when it is made."""
    made = Client(limits)
    yield made
    made.close()


@pytest.fixture(params=sorted(ADAPTERS))
def connect(request: pytest.FixtureRequest, limits: Limits) -> Iterator[Connect]:
    """Makes OpenAI's provider, then Anthropic's, for a server in its place."""
    made: list[Provider] = []

    def connect(url: str) -> Provider:
        config = Config(
            openai_api_key="sk-secret",
            openai_base_url=f"{url}/v1",
            anthropic_api_key="sk-secret",
            anthropic_base_url=url,
            connect_timeout=limits.connect,
            first_byte_timeout=limits.first_byte,
            read_timeout=limits.read,
        )
        made.append(ADAPTERS[request.param](config))
        return made[-1]

    yield connect
    for provider in made:
        provider.close()
