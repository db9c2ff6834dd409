"""Framing of JSON Lines, with a heartbeat and an ending.

A heartbeat is a space, which may stand before any JSON text: nobody who reads lines sees it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import structlog

from app.encoders.native import exact
from app.errors import ParleyError

HEARTBEAT = b" "
MEDIA_TYPE = "application/x-ndjson"

_ENDS = [(sign.encode(), b"\\u%04x" % ord(sign)) for sign in "\u0085\u2028\u2029"]

log = structlog.get_logger()


def line(value: Any) -> bytes:
    """One line for every reader: some in Python end one at U+0085, U+2028 and U+2029, too."""
    text = exact.encode(value)
    for sign, escape in _ENDS:
        text = text.replace(sign, escape)
    return text + b"\n"


def frames(values: Iterable[Any]) -> Iterator[bytes]:
    """A line for each value, a heartbeat for None. The first byte goes out at once.

    There is no status code any more that could tell of a fault in here; the last line is then an
    object with a `problem` alone.
    """
    try:
        yield HEARTBEAT
        for value in values:
            yield HEARTBEAT if value is None else line(value)
    except OSError:  # the client is gone, and no line would reach it
        raise
    except Exception:
        log.exception("lines_broke")
        yield line({"problem": ParleyError().problem().document()})
