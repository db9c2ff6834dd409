"""One streamed call to a vendor: post a body, turn what comes back into events."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any

import msgspec

from app import tracing
from app.config import Config
from app.events import ModelEvent
from app.providers.base import Patience
from app.providers.faults import Origin, from_status, translated
from app.providers.profiles import Profiles
from app.providers.transport.client import Client
from app.providers.transport.connection import Silence
from app.providers.transport.response import Limits, Response, Truncated
from app.providers.transport.template import Template
from app.providers.wire import UNREADABLE, Dialect, events

# SDKs insist on a key; a server of one's own behind a base URL often has none.
NO_KEY = "none"

_USUAL = Patience()

_MODEL = re.compile(rb'"model": ?"([^"\\]{1,200})"')


def limits(config: Config) -> Limits:
    return Limits(config.connect_timeout, config.first_byte_timeout, config.read_timeout)


def stream(
    client: Client,
    template: Template,
    body: Mapping[str, Any],
    dialect: Dialect,
    origin: Origin,
    patience: Patience,
    profiles: Profiles,
) -> Iterator[Sequence[ModelEvent]]:
    """Yield the answer's events as they arrive. Raises ProviderError."""
    content = msgspec.json.encode(body)
    headers = template.headers + tracing.header()
    post = client.sent(template.url, headers, content, _limits_with(client.limits, patience))
    with translated(origin) as exchange, post as receive:
        del body, content  # a long conversation, which would stay for as long as the answer lasts
        yield ()
        response = receive()
        exchange.answered(response.status, response.headers)
        profiles.hear(str(origin.model), response.headers)
        if response.status != 200:
            raise from_status(origin, response.status, _said(response), response.headers)
        # Closed by hand: an error of `events` holds on to it, and with it to its timer.
        with closing(response.chunks()) as chunks:  # type: ignore[type-var]  # a generator
            traced = chunks if tracing.current() is None else _named(chunks)
            yield from events(traced, dialect, origin)


def _named(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same, and the name that the answering model is given in the first is noted."""
    for chunk in chunks:
        if found := _MODEL.search(chunk):
            tracing.answering(found[1].decode(errors="replace"))
        yield chunk
        break
    yield from chunks


def _said(response: Response) -> object:
    """The body of an error. What the status says holds without it."""
    try:
        return decoded(response.text())
    except (Silence, Truncated):
        return None


def _limits_with(usual: Limits, patience: Patience) -> Limits:
    if patience == _USUAL:
        return usual
    said = {"first_byte": patience.first_byte, "read": patience.read}
    return replace(usual, **{name: value for name, value in said.items() if value is not None})


def decoded(content: bytes) -> object:
    """What an error's body says, None if it is no JSON."""
    try:
        return msgspec.json.decode(content)
    except UNREADABLE:
        return None
