"""The public list: our sums are the library's own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import Provider

from app.events import Usage
from app.metering import price_list

_NOW = datetime.now(UTC)
_USAGES = [
    Usage(1_000, 0, 0, 0),
    Usage(0, 0, 0, 1_000),
    Usage(500_001, 100_000, 50_000, 7_000),
    Usage(200_000, 10, 0, 3),
    Usage(12_307, 0, 12_304, 550),
]


@pytest.mark.parametrize("provider", get_snapshot().providers, ids=lambda p: p.id)
def test_a_sum_is_the_librarys(provider: Provider) -> None:
    """For every model of the list, whatever is read from or written to a cache."""
    for model in provider.models:
        found = price_list._find(provider.id, model.id)
        if found is None:
            continue
        for usage in _USAGES:
            expected = price_list.by_library(*found, usage, _NOW)
            assert price_list.cost(provider.id, model.id, usage, _NOW) == expected, model.id


def test_hours_of_the_day_are_known() -> None:
    """A price that changes within the day has more moments than now, and the sums differ."""
    moments = price_list.moments("deepseek", "deepseek-flash")
    assert len(moments) > 1
    day = [_NOW.replace(hour=0) + timedelta(hours=hour) for hour in range(24)]
    usage = Usage(1_000_000)
    costs = {price_list.cost("deepseek", "deepseek-flash", usage, hour) for hour in day}
    assert len(costs) > 1
    assert costs <= {price_list.cost("deepseek", "deepseek-flash", usage, m) for m in moments}
    assert len(price_list.moments("openai", "gpt-4o")) == 1
