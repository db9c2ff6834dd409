"""How clients read a stream: our own decoder, and one that others wrote."""

from __future__ import annotations

import codecs
import sys
from collections.abc import Iterable
from unittest.mock import patch

import httpx2

from app.providers.sse import EventStreamDecoder

# The package asks for httpx when it is imported; its decoders need nothing of it.
with patch.dict(sys.modules, httpx=httpx2):
    from httpx_sse._decoders import SSEDecoder, SSELineDecoder


def ours(chunks: Iterable[bytes]) -> list[str]:
    """The data of each event."""
    decoder = EventStreamDecoder()
    return [data.decode() for chunk in chunks for data in decoder.feed(chunk)]


def theirs(chunks: Iterable[bytes]) -> list[tuple[str, str, str]]:
    """Id, name and data of each event."""
    bytes_, lines, events = codecs.getincrementaldecoder("utf-8")(), SSELineDecoder(), SSEDecoder()
    found = []
    for chunk in chunks:
        text = bytes_.decode(chunk)
        for line in lines.decode(text) if text else []:
            if event := events.decode(line):
                found.append((event.id, event.event, event.data))
    return found
