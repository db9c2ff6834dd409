"""A request is what the vendor's SDK would have sent."""

from __future__ import annotations

from collections.abc import Iterator

import anthropic
import openai
import pytest

from app.providers.transport.template import template, template_of
from tests.providers.transport.calls import ask
from tests.providers.transport.conftest import Connect
from tests.upstream import Upstream

# What belongs to one body or one connection; tokens are not to be held back by compression.
_OURS = {"host", "content-length", "connection", "accept-encoding", "transfer-encoding"}
# How long the SDK itself would wait, which is no concern of ours.
_ITS_OWN = {"x-stainless-read-timeout", "x-stainless-timeout"}


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


def by_openai(url: str) -> None:
    with openai.OpenAI(api_key="sk-secret", base_url=f"{url}/v1", max_retries=0) as sdk:
        list(
            sdk.chat.completions.create(
                model="mock-3", messages=[{"role": "user", "content": "hi"}], stream=True
            )
        )


def by_anthropic(url: str) -> None:
    with anthropic.Anthropic(api_key="sk-secret", base_url=url, max_retries=0) as sdk:
        list(
            sdk.messages.create(
                model="mock-3",
                max_tokens=9,
                messages=[{"role": "user", "content": "hi"}],
                stream=True,
            )
        )


def test_headers_are_the_sdks(connect: Connect, upstream: Upstream) -> None:
    """A provider's request has every header of a real call through its SDK, and no other."""
    provider = connect(upstream.url)
    {"openai": by_openai, "anthropic": by_anthropic}[provider.name](upstream.url)
    ask(provider)
    its, ours = (
        {name: value for name, value in sent.items() if name not in _OURS | _ITS_OWN}
        for sent in upstream.headers
    )
    assert ours == its
    assert "sk-secret" in str(ours)


def test_compression_is_not_asked_for(connect: Connect, upstream: Upstream) -> None:
    """Compression would hold tokens back, so it is not offered to the server."""
    ask(connect(upstream.url))
    assert "accept-encoding" not in upstream.headers[0]


def test_an_address_with_a_query(upstream: Upstream) -> None:
    """What the SDK adds to the address is in the template, and nothing is sent for it."""
    with openai.OpenAI(
        api_key="sk-secret",
        base_url=f"{upstream.url}/v1",
        default_query={"api-version": "1"},
        default_headers={"X-Team": "blue"},
    ) as sdk:
        made = template(sdk, "/chat/completions")
    assert made.url == f"{upstream.url}/v1/chat/completions?api-version=1"
    assert b"x-team: blue\r\n" in made.headers
    assert upstream.headers == []


def test_lines_are_whole() -> None:
    """Every header is a line of its own, without those that we write ourselves."""
    made = template_of("http://x/", [("Host", "x"), ("A", "1"), ("Content-Length", "2"), ("B", "")])
    assert made.headers == b"A: 1\r\nB: \r\n"
