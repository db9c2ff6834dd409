"""The day and the month that a moment lies in, where the budget's owner lives."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo


def name_of(period: str, moment: int, zone: str) -> str:
    """2026-11-21 for a `day`, 2026-11 for a `month`; `moment` in milliseconds since 1970."""
    local = datetime.fromtimestamp(moment / 1000, UTC).astimezone(ZoneInfo(zone))
    return local.strftime("%Y-%m-%d" if period == "day" else "%Y-%m")
