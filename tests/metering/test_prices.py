"""What answers cost."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.events import Usage
from app.metering import price_list
from app.metering.prices import Prices
from app.tariffs import Tariff
from tests.properties import examples

_prices = Prices()
_cost = _prices.cost
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
    assert _cost(provider, model, usage) == Decimal(dollars)


@pytest.mark.parametrize(
    ("provider", "model"),
    [("openai", "mock-5"), ("own", "gpt-4o"), ("anthropic", ""), ("own", "x")],
)
def test_an_unknown_price_is_not_zero(provider: str, model: str) -> None:
    """Where nobody knows the price the answer is None, which no sum mistakes for free."""
    assert _cost(provider, model, Usage(1_000, 0, 0, 1_000)) is None


@examples(60)
@given(_counts, _counts, _counts)
def test_a_cache_never_costs_more_and_output_never_less(fresh: int, cached: int, out: int) -> None:
    """Cached input is at most as dear as fresh, and more output is dearer."""
    with_cache = _cost("openai", "gpt-4o", Usage(fresh + cached, cached, 0, out))
    without = _cost("openai", "gpt-4o", Usage(fresh + cached, 0, 0, out))
    longer = _cost("openai", "gpt-4o", Usage(fresh + cached, cached, 0, out + 1))
    assert with_cache is not None
    assert without is not None
    assert longer is not None
    assert 0 <= with_cache <= without
    assert with_cache < longer


@examples(60)
@given(st.builds(Usage, _counts, _counts, _counts, _counts, _counts))
def test_figures_that_contradict_themselves_are_no_error(usage: Usage) -> None:
    """A server may count more cached tokens than input: its answer still has an end and a price."""
    price = _cost("anthropic", "claude-3-7-sonnet", usage)
    assert price is None or price >= 0


@pytest.mark.parametrize(
    ("provider", "model", "prices"),
    [
        ("openai", "gpt-4o", ("2.5", "10")),
        ("anthropic", "claude-haiku-4-5", ("1", "5")),
        ("demo", "demo", ("0", "0")),
        ("openai", "heard-of-by-nobody", None),
        ("nobody", "gpt-4o", None),
    ],
)
def test_the_price_of_a_million(provider: str, model: str, prices: tuple[str, str] | None) -> None:
    """It is the list's, exactly; of what nobody knows there is none."""
    expected = None if prices is None else tuple(map(Decimal, prices))
    assert _prices.per_million(provider, model) == expected


_MINE = {
    "own/*": Tariff(input=Decimal("0.15"), output=Decimal("0.6"), cache_write=Decimal("0.3")),
    "openai/gpt-4o": Tariff(input=Decimal(1), output=Decimal(2)),
}


@pytest.mark.parametrize(
    ("provider", "model", "dollars", "version"),
    [
        ("own", "unheard-of", "0.75", "configured"),
        ("openai", "gpt-4o", "3", "configured"),
        ("openai", "gpt-4o-mini", "0.75", price_list.VERSION),
        ("demo", "demo", "0", "free"),
        ("nobody", "x", None, price_list.VERSION),
    ],
)
def test_the_configuration_comes_first(
    provider: str, model: str, dollars: str | None, version: str
) -> None:
    """What it prices is priced so, all else by the list, and it is known which it was."""
    prices, million = Prices(_MINE), Usage(1_000_000, 0, 0, 1_000_000)
    expected = None if dollars is None else Decimal(dollars)
    assert prices.cost(provider, model, million) == expected
    assert prices.version(provider, model) == version


@examples(100)
@given(
    st.sampled_from(
        [
            ("openai", "gpt-4o"),
            ("openai", "gpt-5.4"),
            ("anthropic", "claude-3-7-sonnet"),
            ("anthropic", "claude-sonnet-4-5"),
            ("deepseek", "deepseek-chat"),
            ("own", "mine"),
        ]
    ),
    *[st.integers(0, 400_000)] * 3,
    st.integers(0, 100_000),
    st.integers(0, 100_000),
)
def test_nothing_costs_more_than_the_worst(
    name: tuple[str, str], plain: int, read: int, written: int, output: int, slack: int
) -> None:
    """Whatever is read from or written to a cache, and the more so the higher the bound."""
    prices, usage = Prices(_MINE), Usage(plain + read + written, read, written, output)
    bill = prices.cost(*name, usage)
    worst = prices.worst(*name, usage.input_tokens + slack, output + slack)
    assert bill is not None
    assert worst is not None
    assert bill <= worst


def test_nobody_knows_the_worst_of_what_has_no_price() -> None:
    """It is not zero."""
    assert Prices().worst("nobody", "x", 1, 1) is None
