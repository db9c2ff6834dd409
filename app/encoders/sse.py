"""Framing of server-sent events, the heartbeat, and the ending of every stream.

JSON is escaped to ASCII on one line: CR and LF end a line for every parser, and U+2028 and
U+0085 do for some in Python. The heartbeat is a comment with one LF; with two, clients that
count blank lines as events deliver an empty message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

import structlog

from app.errors import ParleyError
from app.events import Event, Failure

HEARTBEAT = b": hb\n"
MEDIA_TYPE = "text/event-stream; charset=utf-8"
# No cache, no compression on the way, no buffering in nginx: a token that waits is a token lost.
HEADERS = {"Cache-Control": "no-cache, no-store, no-transform", "X-Accel-Buffering": "no"}


class Connection(Protocol):
    """A client's connection that can be written to without waiting."""

    def offer(self, frames: str, last: bool) -> bool:
        """Send ASCII text as far as it goes now. False: there is a rest to flush."""
        ...

    def flush(self) -> None: ...


log = structlog.get_logger()


class EventStream:
    """Frames a run's events from number `after` + 1 on, all of a batch in one piece.

    The first byte goes out at once. An empty batch is a heartbeat. There is no status code any
    more that could tell of a fault in here, so whatever breaks ends in a terminal error.

    With a `connection` it is an Outlet for the reader, too: what is new is written to it at once.
    """

    def __init__(
        self,
        encode: Callable[[int, Event], str],
        after: int = 0,
        connection: Connection | None = None,
    ) -> None:
        self._encode = encode
        self._number = after
        self._connection = connection
        self._fault: Exception | None = None

    def frames(
        self, batches: Iterable[Sequence[Event]], ready: Sequence[Event] = ()
    ) -> Iterator[bytes]:
        """What is `ready` goes out together with the first byte."""
        try:
            yield HEARTBEAT + self._framed(ready).encode("ascii")
            for batch in batches:
                yield self._framed(batch).encode("ascii") if batch else HEARTBEAT
        except OSError:  # the client is gone, and no ending would reach it
            raise
        except Exception:
            log.exception("stream_broke")
            yield self._encode(self._number + 1, Failure(ParleyError().problem())).encode("ascii")

    def offer(self, batch: Sequence[Event], last: bool) -> bool:
        assert self._connection is not None
        try:
            if len(batch) == 1:  # a token, mostly
                self._number += 1
                frames = self._encode(self._number, batch[0])
            else:
                frames = self._framed(batch)
            # Some events are nothing in some formats, and an empty chunk would end the body.
            return not frames or self._connection.offer(frames, last)
        except Exception as fault:
            # Raised again by `flush`, and so in `frames`, which knows how to end.
            self._fault = fault
            return False

    def flush(self) -> None:
        assert self._connection is not None
        if self._fault is not None:
            raise self._fault
        self._connection.flush()

    def _framed(self, batch: Sequence[Event]) -> str:
        encode, number = self._encode, self._number
        if len(batch) == 1:
            frames = encode(number + 1, batch[0])
        else:
            frames = "".join([encode(number + n, event) for n, event in enumerate(batch, 1)])
        self._number = number + len(batch)
        return frames
