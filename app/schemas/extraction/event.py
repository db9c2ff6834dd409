"""Appointments and events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.evidence.issues import Issue
from app.schemas.extraction.base import Extracted, rule
from app.schemas.extraction.fields import confidence, said, text, texts
from app.schemas.extraction.sums import not_before
from app.schemas.extraction.values import Clock, Day, Reading


class Event(Extracted):
    """Something that takes place. Write null for what the text does not say; never guess."""

    name = "event"

    title = text("what takes place", merge="first", labels=("subject", "event"))
    start_date = said(Day, "the first day, as 2026-12-31", labels=("date", "from", "start"))
    start_time = said(Clock, "when it begins, as 17:30", labels=("time", "from", "start"))
    end_date = said(Day, "the last day, as 2026-12-31", labels=("until", "to", "end"))
    end_time = said(Clock, "when it ends, as 17:30", labels=("until", "to", "end"))
    location = text("where", labels=("where", "place", "venue"))
    organizer = text("who invites", labels=("organiser", "host"))
    attendees = texts("who is invited, by name")
    confidence = confidence()

    @rule
    def _ends_after_it_begins(self, data: dict[str, Any], _: Reading) -> Iterator[Issue]:
        yield from not_before(data, "end_date", "start_date")

    @rule
    def _a_day_ends_after_it_begins(self, data: dict[str, Any], _: Reading) -> Iterator[Issue]:
        start, end = data["start_time"], data["end_time"]
        same_day = data["end_date"] is not None and data["start_date"] == data["end_date"]
        if same_day and start and end and end < start:
            sentence = f"end_time {end} is before start_time {start} on the same day."
            yield Issue(("end_time",), "before", sentence)
