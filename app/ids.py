"""Ids that sort by the time of their making and cannot be guessed."""

from __future__ import annotations

import os
import time


def new_id(prefix: str) -> str:
    """`prefix_` and 32 hexadecimal digits: 48 bits of milliseconds, 80 of chance.

    Time first keeps an index's newest rows together; it is the layout of UUID version 7
    (RFC 9562) without its version bits.
    """
    return f"{prefix}_{now():012x}{os.urandom(10).hex()}"


def moment(made: str) -> int:
    """When an id was made, as `now` says it."""
    return int(made.rpartition("_")[2][:12], 16)


def now() -> int:
    """Milliseconds since 1970 in UTC."""
    return time.time_ns() // 1_000_000
