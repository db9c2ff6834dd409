"""A round while it is under way, and as a person reads it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from app.events import AgentStep, Called, StopReason, Usage
from app.services.agents.shortening import NOTED, shortened

LIMITS: dict[StopReason, str] = {
    "max_steps": "the limit of steps",
    "max_tool_calls": "the limit of calls",
    "max_tokens": "the limit of tokens",
    "max_cost": "the limit of cost",
    "timeout": "the limit of time",
    "too_many_errors": "the limit of calls that fail",
    "budget_spent": "the end of a budget",
}


class Round(msgspec.Struct):
    """`asked` is what the model answers to; `seconds` are without the time that it was parked."""

    index: int
    asked: str
    said: str = ""
    model: str = ""
    seconds: float = 0.0
    usage: Usage = Usage()
    cost_usd: Decimal | None = Decimal(0)
    reason: StopReason | None = None

    def ended(self, calls: Sequence[Called]) -> AgentStep:
        return AgentStep(
            index=self.index,
            summary=_summary(self, calls),
            model=self.model,
            asked=shortened(self.asked, NOTED),
            said=shortened(self.said, NOTED),
            calls=tuple(calls),
            seconds=round(self.seconds, 3),
            usage=self.usage,
            cost_usd=self.cost_usd,
            last=self.reason is not None,
        )


def _summary(round_: Round, calls: Sequence[Called]) -> str:
    if round_.reason is not None:
        return f"Asked for the answer, because {LIMITS[round_.reason]} was reached."
    if not calls:
        return "Answered."
    failed = sum(call.error is not None for call in calls)
    names = list(dict.fromkeys(call.name[:64] for call in calls))
    shown = ", ".join(names[:5]) + (" and others" if len(names) > 5 else "")
    times = f" {len(calls)} times" if len(calls) > 1 else ""
    wrong = f"; {failed} came to nothing" if failed else ""
    return f"Called {shown}{times}{wrong}."
