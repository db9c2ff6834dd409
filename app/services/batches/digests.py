"""What makes a result that of a question: if one of these changes, it is another question."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import msgspec


def digest(text: str, schema: Mapping[str, Any], model: str, locale: str | None) -> str:
    """32 hexadecimal digits, the same for as long as none of it changes."""
    asked = msgspec.json.encode([text, schema, model, locale], order="sorted")
    return sha256(asked).hexdigest()[:32]
