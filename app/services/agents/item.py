"""A call of a tool on its way: what is asked, whether it may be, and what comes of it."""

from __future__ import annotations

from typing import Any

import msgspec

from app.events import Called, Decision, ToolCall
from app.services.agents.shortening import NOTED, shortened


class Item(msgspec.Struct):
    """A call on its way. `arguments` fit the tool, `told` is what the model hears.

    It `waits` for a person until there is a `decision`; `edited` is what that person made of it.
    """

    call: ToolCall
    arguments: dict[str, Any] | None = None
    waits: bool = False
    decision: Decision | None = None
    expired: bool = False
    edited: str | None = None
    output: str | None = None
    error: str | None = None
    told: str | None = None
    seconds: float = 0.0

    @property
    def undecided(self) -> bool:
        return self.waits and self.decision is None

    def called(self) -> Called:
        """As a person reads it."""
        arguments = shortened(self.edited or self.call.arguments, NOTED)
        output = None if self.output is None else shortened(self.output, NOTED)
        call = self.call
        return Called(call.call_id, call.name, arguments, output, self.error, self.seconds)

    @property
    def denial(self) -> str:
        """What the model hears if it was denied."""
        if self.expired:
            return "Nobody has agreed to this call in the time that there was. Go on without it."
        return "A person was asked, and has not agreed to this call. Don't make it again."
