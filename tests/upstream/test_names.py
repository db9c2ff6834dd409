"""A model's name is read as its words say."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from time import time

import pytest

from tests.upstream.answers import arguments, cut
from tests.upstream.names import Order, parse, wait_header


@pytest.mark.parametrize(
    ("model", "order"),
    [
        ("mock-200-50000", Order("mock", 200, gap=0.05)),
        ("a/b/cut-3", Order("cut", 3)),
        ("gpt-4o", Order("gpt", variant="4o")),
        ("silent", Order("silent")),
        ("overlong-vllm", Order("overlong", variant="vllm")),
        ("status-429-wait--5", Order("status", 429, wait="-5")),
        ("slow-0.5-flaky-2-mock-3", Order("mock", 3, slow=0.5, flaky=2)),
        ("flaky-1-status-503-wait-1.5", Order("status", 503, wait="1.5", flaky=1)),
    ],
)
def test_words(model: str, order: Order) -> None:
    """Kind, numbers and what stands before and after them."""
    assert parse(model) == order


def test_waits() -> None:
    """A header has what the name says, as it stands, or a date, or milliseconds."""
    assert wait_header("") == ""
    assert wait_header("-5") == "Retry-After: -5\r\n"
    assert wait_header("4294967") == "Retry-After: 4294967\r\n"
    assert wait_header("ms-1500") == "retry-after-ms: 1500\r\n"
    name, _, date = wait_header("date-60").partition(": ")
    assert (name, 50 < parsedate_to_datetime(date.strip()).timestamp() - time() <= 60) == (
        "Retry-After",
        True,
    )


def test_pieces() -> None:
    """Arguments are cut into 1, 2 and 3 characters, and nothing is lost."""
    text = arguments(1)
    assert "".join(cut(text)) == text
    assert {len(piece) for piece in cut(text)} == {1, 2, 3}
