"""Tokens before a call: the provider's own count, and exact bills after it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from app import errors
from app.events import Usage, UsageReport
from app.messages import ImagePart, Message, TextPart, assistant, user
from app.metering.prices import Prices
from app.providers.base import ModelRequest, Provider, Tool
from tests.upstream import Upstream
from tests.upstream.bill import Bill

_PICTURE = ImagePart("image/png", "iVBORw0KGgo=")
_REQUEST = ModelRequest(
    model="mock-1",
    messages=(user("one"), assistant("two"), Message("user", (TextPart("three"), _PICTURE))),
    system="be kind",
    max_output_tokens=9_000,
    reasoning_effort="low",
    tools=(Tool(name="look", description="Looks.", parameters={"type": "object"}),),
)


def test_the_vendor_is_asked(providers: dict[str, Provider], upstream: Upstream) -> None:
    """It gets what the model would get, but for the output, and its word is taken."""
    upstream.counted = 1_234
    adapter = providers["anthropic"]
    assert adapter.count(_REQUEST) == 1_234
    list(adapter.stream(_REQUEST))
    counted, posted = upstream.requests
    assert counted == {k: v for k, v in posted.items() if k not in ("max_tokens", "stream")}


@pytest.mark.parametrize("name", ["openai", "ollama", "own"])
def test_most_have_no_count(providers: dict[str, Provider], upstream: Upstream, name: str) -> None:
    """Then nobody is asked."""
    assert providers[name].count(_REQUEST) is None
    assert upstream.requests == []


def test_the_demo_counts_as_it_bills(providers: dict[str, Provider]) -> None:
    """Its count before is its usage after."""
    request = ModelRequest(model="demo", messages=(user("Hello, how are you?"),))
    events = [event for batch in providers["demo"].stream(request) for event in batch]
    usage = [event.usage for event in events if isinstance(event, UsageReport)][-1]
    assert providers["demo"].count(request) == usage.input_tokens > 0


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("status-401", errors.AuthenticationFailed),
        ("status-404", errors.ModelNotFound),
        ("status-429", errors.RateLimited),
        ("status-529", errors.Overloaded),
        ("html-200", errors.ProtocolBroken),
        ("mock-1", errors.ProtocolBroken),
        ("gone-0", errors.ProviderError),
        ("silent-0", errors.ProviderTimeout),
    ],
)
def test_a_count_that_fails(
    providers: dict[str, Provider], model: str, expected: type[errors.ProviderError]
) -> None:
    """It is one of our errors, after seconds and not minutes."""
    with pytest.raises(expected):
        providers["anthropic"].count(ModelRequest(model=model, messages=(user("hi"),)))


@pytest.mark.parametrize(
    ("provider", "model", "bill", "dollars"),
    [
        ("openai", "gpt-4o", Bill(1_000_000, 400_000, 0, 100_000), "3.00"),
        ("anthropic", "claude-3-7-sonnet-20250219", Bill(12_307, 0, 12_304, 550), "0.054399"),
    ],
)
def test_a_known_bill_off_the_wire(
    providers: dict[str, Provider],
    upstream: Upstream,
    provider: str,
    model: str,
    bill: Bill,
    dollars: str,
) -> None:
    """What a vendor's format says of caches comes to the vendor's sum, to the last digit."""
    upstream.bill = bill
    request = ModelRequest(model=model, messages=(user("hi"),))
    events = [event for batch in providers[provider].stream(request) for event in batch]
    usage = [event.usage for event in events if isinstance(event, UsageReport)][-1]
    assert usage == Usage(bill.input, bill.cached, bill.written, bill.output)
    assert Prices().cost(provider, model, usage) == Decimal(dollars)
