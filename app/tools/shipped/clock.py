"""What time it is."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from marshmallow.validate import Length

from app.tools.own import ToolFailed, tool


@tool(seconds=5, parallel=True, cooperative=True)
def current_time(zone: Annotated[str, Length(1, 60)] = "UTC") -> dict[str, str]:
    """The date and time, now.

    Args:
        zone: an IANA time zone, as Europe/Berlin
    """
    try:
        moment = datetime.now(ZoneInfo(zone))
    except (ValueError, OSError, KeyError) as error:
        raise ToolFailed(
            f"There is no time zone {zone!r}; name one as IANA does, such as Europe/Berlin."
        ) from error
    return {
        "time": moment.isoformat(timespec="seconds"),
        "weekday": moment.strftime("%A"),
        "zone": zone,
    }
