"""Times of day as they stand in a text. The text is `writing.plain`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import time

from app.evidence.places import MOST, Place

_TIME = re.compile(
    r"(?<![0-9])(?<![0-9][:.,/-])([0-9]{1,2})"
    r"(?:(?P<sign> ?[:.h時时시點点] ?)([0-9]{2})(?::[0-9]{2})?(?![0-9]))?"
    r" ?(?P<half>[ap]\.?m\.?(?!\w)|uhr|h(?!\w)|[時时시點点])?(?![0-9]|[:.,/-][0-9])",
    re.IGNORECASE,
)


def find(text: str) -> dict[time, list[Place]]:
    """By time, where it stands, in order and at MOST places."""
    found: dict[time, list[Place]] = {}
    for match in _TIME.finditer(text):
        for moment in _meant(match):
            places = found.setdefault(moment, [])
            if len(places) < MOST:
                places.append(Place(*match.span()))
    return found


def _meant(match: re.Match[str]) -> Iterator[time]:
    half = (match["half"] or "").lower()
    sign = (match["sign"] or "").strip()
    if not half and sign in ("", "."):
        return
    hour, minute = int(match[1]), int(match[3] or 0)
    if half[:1] in ("a", "p"):
        if not 1 <= hour <= 12:
            return
        hour = hour % 12 + (12 if half[0] == "p" else 0)
    if hour < 24 and minute < 60:
        yield time(hour, minute)
