"""Prices of one's own, as they are written down."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.events import Usage
from app.tariffs import Tariff, fitting, read
from tests.properties import examples

_MINE = Tariff(
    input=Decimal("0.15"),
    output=Decimal("0.6"),
    cached_input=Decimal("0.075"),
    cache_write=Decimal("0.3"),
)
_tokens = st.integers(0, 10**9)


@pytest.mark.parametrize(
    ("usage", "dollars"),
    [
        (Usage(), "0"),
        (Usage(1, 0, 0, 0), "0.00000015"),
        (Usage(1_000_000, 400_000, 100_000, 100_000), "0.195"),
        (Usage(1, 1, 1, 0), None),
        (Usage(-1, 0, 0, 0), None),
        (Usage(1, 0, 0, -1), None),
    ],
)
def test_bills(usage: Usage, dollars: str | None) -> None:
    """Fresh, cached and written input and the output, each at its price, and nothing rounded."""
    assert _MINE.cost(usage) == (None if dollars is None else Decimal(dollars))


def test_a_cache_costs_as_input_where_nothing_is_said() -> None:
    """Two prices are enough."""
    plain = Tariff(input=Decimal(3), output=Decimal(15))
    assert plain.cost(Usage(100, 40, 30, 1)) == plain.cost(Usage(100, 0, 0, 1))


@examples(100)
@given(_tokens, _tokens, _tokens, _tokens)
def test_the_parts_are_the_whole(fresh: int, read_: int, written: int, output: int) -> None:
    """Sums of billions of tokens are exact: they are the sums of their parts."""
    whole = _MINE.cost(Usage(fresh + read_ + written, read_, written, output))
    parts = [Usage(fresh), Usage(read_, read_), Usage(written, 0, written), Usage(0, 0, 0, output)]
    assert whole == sum((_MINE.cost(part) or 0 for part in parts), Decimal(0))


def test_the_last_that_fits_counts() -> None:
    """Patterns are a shell's."""
    dear = Tariff(input=Decimal(9), output=Decimal(9))
    table = {"*/*": dear, "own/*": _MINE, "own/big-?": dear}
    assert fitting(table, "own/small") == _MINE
    assert fitting(table, "own/big-1") == dear
    assert fitting({"own/*": _MINE}, "openai/gpt-4o") is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"a/b": 1}',
        '{"a/b": {"input": 1}}',
        '{"a/b": {"input": 1, "output": 1, "cache": 1}}',
        '{"a/b": {"input": true, "output": 1}}',
        '{"a/b": {"input": "NaN", "output": 1}}',
        '{"a/b": {"input": "Infinity", "output": 1}}',
        '{"a/b": {"input": "1e99999", "output": 1}}',
        '{"a/b": {"input": -0.1, "output": 1}}',
        '{"a/b": {"input": "0.0000001", "output": 1}}',
        '{"b": {"input": 1, "output": 1}}',
        '{"a/": {"input": 1, "output": 1}}',
    ],
)
def test_what_makes_no_price(text: str) -> None:
    """It is refused with a sentence."""
    with pytest.raises(ValueError, match=r"\.$"):
        read(text)
