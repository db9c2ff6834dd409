"""What answers cost."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.events import Usage
from app.metering.prices import cost
from tests.properties import examples

_counts = st.integers(0, 10_000_000)


@pytest.mark.parametrize(
    ("provider", "model", "usage", "dollars"),
    [
        ("openai", "gpt-4o", Usage(1_000_000, 400_000, 0, 100_000), "3.00"),
        ("openai", "gpt-4o", Usage(1_000_000, 0, 0, 0), "2.5"),
        ("anthropic", "claude-3-7-sonnet", Usage(12_307, 0, 12_304, 550), "0.054399"),
        ("openai", "gpt-4o", Usage(), "0"),
        ("demo", "demo", Usage(9, 0, 0, 9), "0"),
        ("ollama", "llama4", Usage(9, 0, 0, 9), "0"),
    ],
)
def test_known_bills(provider: str, model: str, usage: Usage, dollars: str) -> None:
    """Cached input is not counted twice, written cache is not forgotten, and the sum is exact."""
    assert cost(provider, model, usage) == Decimal(dollars)


@pytest.mark.parametrize(
    ("provider", "model"),
    [("openai", "mock-5"), ("own", "gpt-4o"), ("anthropic", ""), ("own", "x")],
)
def test_an_unknown_price_is_not_zero(provider: str, model: str) -> None:
    """Where nobody knows the price the answer is None, which no sum mistakes for free."""
    assert cost(provider, model, Usage(1_000, 0, 0, 1_000)) is None


@examples(60)
@given(_counts, _counts, _counts)
def test_a_cache_never_costs_more_and_output_never_less(fresh: int, cached: int, out: int) -> None:
    """Cached input is at most as dear as fresh, and more output is dearer."""
    with_cache = cost("openai", "gpt-4o", Usage(fresh + cached, cached, 0, out))
    without = cost("openai", "gpt-4o", Usage(fresh + cached, 0, 0, out))
    longer = cost("openai", "gpt-4o", Usage(fresh + cached, cached, 0, out + 1))
    assert with_cache is not None
    assert without is not None
    assert longer is not None
    assert 0 <= with_cache <= without
    assert with_cache < longer


@examples(60)
@given(st.builds(Usage, _counts, _counts, _counts, _counts, _counts))
def test_figures_that_contradict_themselves_are_no_error(usage: Usage) -> None:
    """A server may count more cached tokens than input: its answer still has an end and a price."""
    price = cost("anthropic", "claude-3-7-sonnet", usage)
    assert price is None or price >= 0
