"""How long a provider asks to be left alone for (RFC 9110, section 10.2.3)."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

_NUMBER = re.compile(r"\d+(\.\d*)?|\.\d+", re.ASCII)

# Three centuries. What is longer is no longer than this: it must stay a finite number.
_LONGEST = 1e10


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, from `retry-after-ms` (OpenAI, Azure) or `Retry-After`, a number or a date.

    None where nothing usable is said, 0 for a date that has passed. A wait of weeks is returned
    as it is: whether that is too long is known to whoever has a deadline.
    """
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    said = headers.get("retry-after", "").strip()
    seconds = _number(said)
    return _until(said) if seconds is None else seconds


def _number(said: str) -> float | None:
    said = said.strip()
    return min(float(said), _LONGEST) if _NUMBER.fullmatch(said) else None


def _until(said: str) -> float | None:
    try:
        date = parsedate_to_datetime(said)
    except (ValueError, OverflowError):  # no date, or one that no calendar has
        return None
    if date.tzinfo is None:  # as if it were GMT, which is all that the RFC allows
        date = date.replace(tzinfo=UTC)
    return min(max(0.0, date.timestamp() - time.time()), _LONGEST)
