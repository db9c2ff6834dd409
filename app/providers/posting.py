"""One streamed call to a vendor: post a body, turn what comes back into events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from app.config import Config
from app.events import ModelEvent
from app.providers.faults import Origin, from_status, translated
from app.providers.transport.client import Client, Limits, Response
from app.providers.transport.template import Template
from app.providers.wire import Dialect, events

# SDKs insist on a key; a server of one's own behind a base URL often has none.
NO_KEY = "none"


def limits(config: Config) -> Limits:
    return Limits(config.connect_timeout, config.first_byte_timeout, config.read_timeout)


def stream(
    client: Client, template: Template, body: Mapping[str, Any], dialect: Dialect, origin: Origin
) -> Iterator[Sequence[ModelEvent]]:
    """Yield the answer's events as they arrive. Raises ProviderError."""
    content = msgspec.json.encode(body)
    with translated(origin), client.post(template.url, template.headers, content) as response:
        if response.status != 200:
            raise from_status(origin, response.status, _said(response), response.headers)
        yield from events(response.chunks(), dialect, origin)


def _said(response: Response) -> object:
    try:
        return msgspec.json.decode(response.text())
    except msgspec.DecodeError:
        return None
