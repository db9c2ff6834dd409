"""The native events as messages of a WebSocket: JSON in ASCII, with the run and the position."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from json.encoder import encode_basestring_ascii as quoted
from typing import Any

from app.encoders import native
from app.events import Event, TextDelta


def message(run_id: str, number: int, event: Event) -> str:
    """What the native stream says in a frame, and of which run."""
    if type(event) is TextDelta:
        said = f'{{"text": {quoted(event.text)}}}'
        return f'{{"run_id": "{run_id}", "id": {number}, "event": "delta", "data": {said}}}'
    _, name, data = native.encode(number, event).split("\n", 2)
    name, said = name.removeprefix("event: "), data.removeprefix("data: ").rstrip("\n")
    return f'{{"run_id": "{run_id}", "id": {number}, "event": "{name}", "data": {said}}}'


def notice(event: str, **said: Any) -> str:
    """What concerns the socket itself or one message of the client's. A None is left out."""
    told = {name: value for name, value in said.items() if value is not None}
    return native.exact.encode({"event": event, **told}).decode()


def frames(texts: Sequence[str]) -> bytes:
    """Each text as one unmasked frame (RFC 6455, section 5.2), all in one piece."""
    return b"".join([_framed(text.encode()) for text in texts])


def _framed(data: bytes) -> bytes:
    size = len(data)
    if size < 126:
        return b"\x81" + size.to_bytes(1, "big") + data
    if size < 65_536:
        return b"\x81\x7e" + size.to_bytes(2, "big") + data
    return b"\x81\x7f" + size.to_bytes(8, "big") + data


def problem(document: Mapping[str, Any], reply_to: str | None) -> str:
    """An error that ends no run: a message was refused."""
    return notice("error", reply_to=reply_to, data=document)
