"""What a body would take and cost, before it is sent."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from app.services import Services
from app.tariffs import read
from tests.blueprints.talk import chat, is_problem, rows, streamed
from tests.upstream import Upstream
from tests.upstream.bill import Bill

_PRICES = """{
    "openai/mock-*": {"input": "1", "output": "10"},
    "anthropic/*": {"input": 2, "output": 4}
}"""


@pytest.fixture
def settings(with_upstream: dict[str, Any]) -> dict[str, Any]:
    return {**with_upstream, "model_prices": read(_PRICES)}


def quote(client: FlaskClient, message: str = "Hello", **body: Any) -> dict[str, Any]:
    answer = client.post("/api/tokens", json={"message": message, **body})
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.get_json()
    return said


def test_by_the_bound(client: FlaskClient, upstream: Upstream) -> None:
    """Where the provider has no count, bytes are: nothing is sent, and the range is priced."""
    said = quote(client, "今天" * 100, model="openai/mock-3", max_output_tokens=1_000)
    assert said["model"] == "openai/mock-3"
    assert said["counted"] == "bound"
    assert 600 <= said["input_tokens"] <= 1_000
    assert said["max_output_tokens"] == 1_000
    least = said["input_tokens"] / 1e6
    assert said["cost_usd"] == pytest.approx({"min": least, "max": least + 0.01})
    assert upstream.requests == []


def test_by_the_provider(client: FlaskClient, upstream: Upstream) -> None:
    """Its count is the least, and the bound is still the most that it may come to."""
    upstream.counted = 9
    said = quote(client, "x" * 1_000, model="anthropic/mock-3", max_output_tokens=100)
    assert (said["input_tokens"], said["counted"]) == (9, "provider")
    assert said["cost_usd"]["min"] == pytest.approx(9 * 2e-6)
    assert said["cost_usd"]["max"] >= 1_000 * 2e-6 + 100 * 4e-6


@pytest.mark.parametrize("model", ["status-500", "status-401", "gone-0", "html-200", "silent-0"])
def test_a_provider_that_cannot_count(client: FlaskClient, model: str) -> None:
    """The bound stands in, soon."""
    assert quote(client, model=f"anthropic/{model}")["counted"] == "bound"


def test_the_history_is_counted(client: FlaskClient) -> None:
    """What was said before is sent again, and a branch without it costs less."""
    model = {"model": "openai/mock-3"}
    known = chat(client, "x" * 5_000, **model)["conversation_id"]
    alone = quote(client, **model)["input_tokens"]
    assert quote(client, conversation_id=known, **model)["input_tokens"] >= alone + 5_000
    beside = quote(client, conversation_id=known, parent_id=None, **model)
    assert beside["input_tokens"] == alone


def test_nothing_is_stored(client: FlaskClient, services: Services) -> None:
    """Not a message, not a conversation, and a system prompt that is tried out does not stay."""
    known = chat(client, model="openai/mock-3", system="be kind")["conversation_id"]
    before = rows(services)
    page = client.get("/api/conversations").get_json()
    quote(client, model="openai/mock-3")
    quote(client, model="openai/mock-3", conversation_id=known, system="be rude")
    assert rows(services) == before
    assert client.get("/api/conversations").get_json() == page


def test_an_unknown_price_is_null(client: FlaskClient) -> None:
    """And the tokens are there all the same."""
    said = quote(client, model="openai/heard-of-by-nobody")
    assert said["cost_usd"] is None
    assert said["input_tokens"] > 0


def test_what_the_chat_refuses(client: FlaskClient) -> None:
    """A quote for what cannot be asked is refused as the asking is."""
    body = {"message": "Hello"}
    wrongs: list[tuple[dict[str, Any], int, str]] = [
        ({"model": "nobody/x"}, 422, "unknown_model"),
        ({"conversation_id": "conv_none"}, 404, "not_found"),
        ({"parent_id": "msg_1"}, 422, "invalid_request"),
        ({"images": ["data:image/png;base64,eHh4"]}, 422, "invalid_request"),
    ]
    for wrong, status, code in wrongs:
        is_problem(client.post("/api/tokens", json={**body, **wrong}), status, code)
        is_problem(client.post("/api/chat", json={**body, **wrong}), status, code)


@pytest.mark.parametrize(
    ("model", "bill", "dollars"),
    [
        ("openai/gpt-4o", Bill(1_000_000, 400_000, 0, 100_000), 3.0),
        ("anthropic/claude-3-7-sonnet-20250219", Bill(12_307, 0, 12_304, 550), 0.054399),
    ],
)
class TestBills:
    @pytest.fixture
    def settings(self, with_upstream: dict[str, Any]) -> dict[str, Any]:
        return with_upstream

    def test_streamed_or_not(
        self, client: FlaskClient, upstream: Upstream, model: str, bill: Bill, dollars: float
    ) -> None:
        """A known bill is the same, to the last digit, in a whole answer and in a stream."""
        upstream.bill = bill
        whole, events = chat(client, model=model), streamed(client, model=model)
        assert whole["cost_usd"] == events[-1].data["cost_usd"] == dollars
