"""The headers of W3C's Trace Context, as somebody sent them."""

from __future__ import annotations

import re
from typing import NamedTuple

_PARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.ASCII)
_STATE = re.compile(r"[\x20-\x7e]{1,512}")


class Parent(NamedTuple):
    trace_id: bytes
    span_id: bytes
    sampled: bool


def read(header: str | None) -> Parent | None:
    """None where there is no header, or one that does not hold what it should."""
    found = _PARENT.fullmatch(header.strip()) if header else None
    if found is None:
        return None
    version, trace, span, flags, rest = found.groups()
    if version == "ff" or (version == "00" and rest) or not int(trace, 16) or not int(span, 16):
        return None
    return Parent(bytes.fromhex(trace), bytes.fromhex(span), bool(int(flags, 16) & 1))


def state(header: str | None) -> str:
    """What other vendors' tracers want to be passed on; nothing that could break a header."""
    return header.strip() if header and _STATE.fullmatch(header) else ""
