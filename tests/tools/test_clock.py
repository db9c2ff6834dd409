"""What time it is."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.tools.shipped.clock import current_time
from app.tools.tool import ToolFailed


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Kathmandu"])
def test_the_time(zone: str) -> None:
    """It is now, with the zone's own offset and day of the week."""
    found = current_time(zone)
    moment, there = datetime.fromisoformat(found["time"]), datetime.now(ZoneInfo(zone))
    assert moment.utcoffset() == there.utcoffset()
    assert abs(there - moment) < timedelta(seconds=30)
    assert (found["weekday"], found["zone"]) == (moment.strftime("%A"), zone)


@pytest.mark.parametrize("zone", ["Europe", "Mars/North", "../../etc/passwd", "/etc/passwd", "\0"])
def test_no_zone(zone: str) -> None:
    """A name that is none is told, and leads to no file."""
    with pytest.raises(ToolFailed, match="There is no time zone"):
        current_time(zone)
