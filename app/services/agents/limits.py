"""How far an agent may go. A caller can lower the limits, and nothing else can change them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec

from app.events import StopReason, Usage
from app.services.agents.task import Task

# Of the time that there is, what the last answer has to itself: a share, and seconds at most.
_SHARE, _LONGEST = 0.25, 20.0


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Of one run, all steps together. The answer that a limit asks for is no step of them.

    `errors` are calls that came to nothing: of unknown tools, with bad arguments, or that failed.
    """

    steps: int = 10
    tool_calls: int = 30
    errors: int = 5
    tokens: int = 200_000
    cost_usd: Decimal | None = Decimal(1)
    seconds: float = 300.0

    def lowered(self, task: Task) -> Limits:
        return Limits(
            steps=_lower(self.steps, task.max_steps),
            tool_calls=_lower(self.tool_calls, task.max_tool_calls),
            errors=self.errors,
            tokens=_lower(self.tokens, task.max_tokens),
            cost_usd=_lower(self.cost_usd, task.max_cost_usd),
            seconds=_lower(self.seconds, task.timeout),
        )

    @property
    def answer_seconds(self) -> float:
        """What is set aside for the last answer."""
        return min(self.seconds * _SHARE, _LONGEST)


class Tally(msgspec.Struct):
    """What a run has come to. `seconds` are those before it was parked."""

    steps: int = 0
    calls: int = 0
    errors: int = 0
    usage: Usage = Usage()
    cost_usd: Decimal | None = Decimal(0)
    seconds: float = 0.0

    @property
    def tokens(self) -> int:
        return self.usage.input_tokens + self.usage.output_tokens

    def add(self, usage: Usage, cost: Decimal | None) -> None:
        """A price that nobody knows makes the sum one that nobody knows."""
        self.usage = added(self.usage, usage)
        unknown = self.cost_usd is None or cost is None
        self.cost_usd = None if unknown else self.cost_usd + cost  # type: ignore[operator]

    def reached(self, limits: Limits) -> StopReason | None:
        """The limit that allows no other step."""
        return next(_reached(self, limits), None)


def added(one: Usage, other: Usage) -> Usage:
    first, second = msgspec.structs.asdict(one), msgspec.structs.asdict(other)
    estimated = one.estimated or other.estimated
    sums = {name: first[name] + second[name] for name in first if name != "estimated"}
    return Usage(**sums, estimated=estimated)


def _reached(tally: Tally, limits: Limits) -> Iterator[StopReason]:
    if tally.errors >= limits.errors:
        yield "too_many_errors"
    if tally.calls >= limits.tool_calls:
        yield "max_tool_calls"
    if tally.steps >= limits.steps:
        yield "max_steps"


def _lower(house: Any, wish: Any) -> Any:
    if house is None or wish is None:
        return wish if house is None else house
    return min(house, wish)
