"""Framing of server-sent events, the heartbeat, and the ending of every stream.

JSON is escaped to ASCII on one line: CR and LF end a line for every parser, and U+2028 and
U+0085 do for some in Python. The heartbeat is a comment with one LF; with two, clients that
count blank lines as events deliver an empty message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import structlog

from app.errors import ParleyError
from app.events import Event, Failure

HEARTBEAT = b": hb\n"
MEDIA_TYPE = "text/event-stream; charset=utf-8"
# No cache, no compression on the way, no buffering in nginx: a token that waits is a token lost.
HEADERS = {"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"}

log = structlog.get_logger()


def stream(
    batches: Iterable[Sequence[Event]], encode: Callable[[int, Event], str], after: int = 0
) -> Iterator[bytes]:
    """Frame a run's events from number `after` + 1 on, all of a batch in one piece.

    The first byte goes out at once. An empty batch is a heartbeat. There is no status code any
    more that could tell of a fault in here, so whatever breaks ends in a terminal error.
    """
    number = after
    yield HEARTBEAT
    try:
        for batch in batches:
            frames = [encode(number + n, event) for n, event in enumerate(batch, 1)]
            number += len(batch)
            yield "".join(frames).encode("ascii") if frames else HEARTBEAT
    except Exception:
        log.exception("stream_broke")
        yield encode(number + 1, Failure(ParleyError().problem())).encode("ascii")
