"""How a response says that its model will not be there for ever (RFC 9745, RFC 8594)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date
from email.utils import parsedate_to_datetime

from app.profiles import Facts


def announced(headers: Mapping[str, str]) -> Facts:
    """What the headers say of their model, which mostly is nothing. Names are in lower case."""
    deprecation, sunset = headers.get("deprecation"), headers.get("sunset")
    if not deprecation and not sunset:
        return {}
    day = _day(sunset or "")
    return {"deprecated": True, "retires": day} if day else {"deprecated": True}


def _day(text: str) -> date | None:
    try:
        return parsedate_to_datetime(text).astimezone(UTC).date()
    except (ValueError, OverflowError):
        return None
