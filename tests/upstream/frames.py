"""Server-sent events."""

from __future__ import annotations

import json
from typing import Any


def data(value: Any) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def event(value: dict[str, Any]) -> bytes:
    """Named after its type, as Anthropic does."""
    return f"event: {value['type']}\n".encode() + data(value)
