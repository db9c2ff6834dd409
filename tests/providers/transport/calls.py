"""How these tests ask: the transport for bytes, a provider for its events."""

from __future__ import annotations

from app.events import Finish, ModelEvent, TextDelta
from app.messages import user
from app.providers.base import ModelRequest, Provider
from app.providers.transport.client import Client


def post(client: Client, url: str, content: bytes = b"{}") -> bytes:
    """The whole body of the answer."""
    with client.post(url, b"Content-Type: application/json\r\n", content) as response:
        return b"".join(response.chunks())


def ask(provider: Provider, model: str = "mock-3") -> str:
    """The text of the whole answer, which ends as it should."""
    request = ModelRequest(model=model, messages=(user("hi"),))
    events: list[ModelEvent] = [event for batch in provider.stream(request) for event in batch]
    assert events[-1] == Finish("stop")
    return "".join(event.text for event in events if isinstance(event, TextDelta))
