"""The one loop between a provider's bytes and its events."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol, TypeVar

import msgspec

from app.errors import CutOff, ProtocolBroken, ProviderError
from app.events import ModelEvent
from app.providers.faults import Origin
from app.providers.sse import EventStreamDecoder

T = TypeVar("T")

# What msgspec says of JSON that it does not take: the second of bytes that are not UTF-8, the last
# of what is nested too deep.
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Dialect(Protocol):
    """What the data of a vendor's events means."""

    def decode(self, data: bytes, into: list[ModelEvent]) -> None:
        """Append what one event's data says."""
        ...

    @property
    def ended(self) -> bool:
        """Whether the vendor has sent its end marker."""
        ...

    def close(self, into: list[ModelEvent]) -> bool:
        """Append the Finish. False if the vendor has not said that the answer is whole."""
        ...


def events(
    chunks: Iterable[bytes], dialect: Dialect, origin: Origin
) -> Iterator[Sequence[ModelEvent]]:
    """Decode a body while it arrives: a list of events for each read that completes any.

    Raises:
        CutOff: the body ended without the vendor's end marker, which its SDKs do not notice.
        ProtocolBroken: the body is not a stream of the vendor's events.
        ProviderError: what the transport reports, or the vendor from inside the stream.
    """
    framing = EventStreamDecoder()
    seen = False
    for chunk in chunks:
        batch: list[ModelEvent] = []
        try:
            for data in framing.feed(chunk):
                seen = True
                dialect.decode(data, batch)
        except ProviderError:
            if batch:  # what came before the fault was said all the same
                yield batch
            raise
        if batch:
            yield batch
    last: list[ModelEvent] = []
    if not dialect.close(last):
        raise _unfinished(seen, origin)
    yield last


def _unfinished(seen: bool, origin: Origin) -> CutOff | ProtocolBroken:
    if seen:
        return CutOff(
            f"{origin.provider} ended the answer{origin.of_model} in the middle.", **origin.kwargs()
        )
    return ProtocolBroken(
        f"{origin.provider} answered with something that is not a stream of events. "
        "Is its base URL right?",
        **origin.kwargs(),
    )


def parse_leniently(data: bytes, decoder: msgspec.json.Decoder[T], origin: Origin) -> T:
    """Decode what msgspec refused as UNREADABLE. Raises ProtocolBroken.

    Half of a surrogate pair is JSON by its grammar, and some servers cut emoji in two. So it is
    read again by the standard library, and the halves are joined later.
    """
    try:
        return msgspec.convert(json.loads(data), decoder.type)
    except (ValueError, RecursionError) as error:
        raise ProtocolBroken(
            f"{origin.provider} sent a broken frame{origin.of_model}.", **origin.kwargs()
        ) from error
