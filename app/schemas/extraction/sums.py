"""Rules about several values of one paper."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from app.evidence.currencies import DECIMALS
from app.evidence.issues import Issue

_DECIMALS = 2


def not_before(data: dict[str, Any], name: str, earlier: str) -> Iterator[Issue]:
    """One day is no earlier than another."""
    day: date | None = data[name]
    first: date | None = data[earlier]
    if day and first and day < first:
        sentence = f"{name} {day} is before {earlier} {first}. Look both up in the text again."
        yield Issue((name,), "before", sentence)


def adds_up(data: dict[str, Any], total: str, parts: Sequence[str]) -> Iterator[Issue]:
    """The line items sum to the total, with or without what `parts` name, within rounding.

    Each item may be rounded by half of the currency's smallest unit.
    """
    lines = [item["amount"] for item in data["line_items"] or []]
    if data[total] is None or not lines or None in lines:
        return
    summed = sum(lines, Decimal(0))
    slack = _slack(data["currency"], len(lines))
    sums = {summed}
    for name in parts:
        sums |= {each + (data[name] or 0) for each in sums}
    if all(abs(each - data[total]) > slack for each in sums):
        yield Issue(
            (total,),
            "sum",
            f"The line items sum to {summed:f}, and {total} is {data[total]:f}. "
            "Look for items that are missing, doubled or misread.",
        )


def _slack(currency: str | None, count: int) -> Decimal:
    unit = Decimal(10) ** -DECIMALS.get(currency or "", _DECIMALS)
    return unit * max(1, -(-count // 2))
