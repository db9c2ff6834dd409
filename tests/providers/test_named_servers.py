"""Servers that a name and a key are enough for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import gevent
import pytest

from app.config import Config
from app.messages import user
from app.providers import registry
from app.providers.base import ModelRequest
from app.servers import KNOWN, CompatibleServer
from tests.providers.announcing import Announcing

_COMMON = {"model", "messages", "stream"}


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    with gevent.Timeout(60):
        yield


@pytest.mark.parametrize("server", KNOWN.values(), ids=KNOWN)
def test_each_is_asked_in_its_own_words(server: CompatibleServer) -> None:
    """The limit has the name that the server knows, and none is asked for what it refuses."""
    request = ModelRequest(model="m", messages=(user("Hello"),), max_output_tokens=5)
    with Announcing(listed={"data": [{"id": "m", "context_length": 77}]}) as upstream:
        there = replace(server, base_url=f"{upstream.url}/v1", api_key="sk-secret")
        provider = registry.build(Config(compatible=(there,)))[server.name]
        events = [event for batch in provider.stream(request) for event in batch]
        assert events
        assert list(provider.models()) == ["m"]
        assert provider.profile("m").context_window == 77
        provider.close()
    options = {"stream_options"} if server.stream_options else set()
    assert set(upstream.bodies[0]) == _COMMON | options | {server.limit_field}


def test_what_mistral_and_cerebras_need() -> None:
    """One refuses to be asked for usage, the other knows the limit by OpenAI's newer name."""
    assert not KNOWN["mistral"].stream_options
    assert KNOWN["cerebras"].limit_field == "max_completion_tokens"
    assert KNOWN["groq"] == CompatibleServer("groq", "https://api.groq.com/openai/v1")


@pytest.mark.parametrize(
    ("listed", "names"),
    [
        ({"data": [{"id": "a"}, {"id": "b", "owned_by": None}]}, ["a", "b"]),
        ({"object": "list", "data": None}, []),
        ([{"id": "vendor/a", "type": "chat"}], ["vendor/a"]),
        (
            {"data": [{"id": "models/gemini-x"}, {"id": "accounts/v/models/y"}]},
            ["gemini-x", "accounts/v/models/y"],
        ),
        ({"data": [{"id": 5}, {"name": "a"}, {"id": "a"}]}, ["a"]),
    ],
)
def test_lists_differ(listed: Any, names: list[str]) -> None:
    """A bare list is a list too, a path gives its name, and an entry without a name is none."""
    with Announcing(listed=listed) as upstream:
        there = CompatibleServer("own", f"{upstream.url}/v1")
        provider = registry.build(Config(compatible=(there,)))["own"]
        assert list(provider.models()) == names
        provider.close()
