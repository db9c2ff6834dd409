"""Tools for the tests of the page: one that asks first, one that takes its time, one that fails."""

from __future__ import annotations

from typing import Annotated, Any

import gevent
from marshmallow.validate import Length

from app.tools.own import ToolFailed, tool


@tool(seconds=5, approval=True)
def send_note(email: Annotated[str, Length(3, 200)]) -> dict[str, Any]:
    """Send a note.

    Args:
        email: to whom
    """
    return {"sent": email}


@tool(seconds=30, cooperative=True)
def take_long() -> str:
    """Wait for a while."""
    gevent.sleep(20)
    return "done at last"


@tool(seconds=5)
def break_down() -> str:
    """Fail."""
    raise ToolFailed("The shelf is empty.")
