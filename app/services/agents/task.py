"""What a caller asks of an agent."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from app.services.turns import Ask


@dataclass(frozen=True, kw_only=True)
class Task(Ask):
    """A message, and what may be done for it. None stands for all tools, and the house's limits.

    `timeout` is in seconds; `max_cost_usd` in US dollars, for all calls to models together.
    """

    tools: tuple[str, ...] | None = None
    max_steps: int | None = None
    max_tool_calls: int | None = None
    max_tokens: int | None = None
    max_cost_usd: Decimal | None = None
    timeout: float | None = None
