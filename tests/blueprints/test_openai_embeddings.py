"""Vectors, passed through: booked, held, limited, and cut off when their caller leaves."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import gevent
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.accounts import Account
from app.providers.base import EmbeddingRequest
from app.servers import CompatibleServer
from app.services import Services
from app.tariffs import read
from tests.blueprints.completing import booked, refused
from tests.blueprints.talk import eventually
from tests.upstream import Upstream

pytestmark = pytest.mark.usefixtures("within_a_minute")


@pytest.fixture
def settings(with_upstream: dict[str, Any], upstream: Upstream) -> dict[str, Any]:
    return {
        **with_upstream,
        "compatible": (CompatibleServer("local", f"{upstream.url}/v1"),),
        "model_prices": read('{"*/*": {"input": "100", "output": "200"}}'),
    }


def embed(client: FlaskClient, **body: Any) -> TestResponse:
    asked = {"model": "openai/vectors", "input": ["a", "bcd"], **body}
    return client.post("/v1/embeddings", json=asked, buffered=True)


@pytest.mark.parametrize("provider", ["openai", "local"])
def test_vectors(
    client: FlaskClient, upstream: Upstream, services: Services, provider: str
) -> None:
    """They come as the provider wrote them, and the call is in the ledger with its tokens."""
    said = embed(client, model=f"{provider}/vectors", dimensions=3).get_json()
    assert [vector["embedding"] for vector in said["data"]] == [[1, 0, 0.25], [3, 1, 0.25]]
    assert (said["model"], said["object"]) == (f"{provider}/vectors", "list")
    assert said["usage"] == {"prompt_tokens": 6, "total_tokens": 6}
    assert upstream.requests[-1]["dimensions"] == 3
    row = booked(services)[0]
    assert (row.provider, row.state, row.input_tokens) == (provider, "ok", 6)
    assert row.cost == 600 * 10**6


@pytest.mark.parametrize("provider", ["openai", "local"])
@pytest.mark.parametrize(
    ("model", "status", "code"),
    [
        ("status-400", 400, "provider_refused"),
        ("status-404", 404, "model_not_found"),
        ("status-429", 503, "provider_rate_limited"),
        ("status-500", 502, "provider_error"),
        ("html-200", 502, "provider_protocol"),
        ("gone-0", 502, "provider_unreachable"),
    ],
)
def test_failures(
    client: FlaskClient, services: Services, provider: str, model: str, status: int, code: str
) -> None:
    """Each is an error of its own, and what was refused has cost nothing."""
    answer = embed(client, model=f"{provider}/{model}")
    assert answer.status_code == status, answer.text
    found = answer.get_json()["error"]["code"]
    assert found == code or model == "gone-0"
    row = booked(services)[0]
    assert row.state == "failed"
    if model.startswith("status"):
        assert row.cost == 0


def test_who_has_none(client: FlaskClient) -> None:
    """A provider without vectors is a 400 for the model."""
    refused(embed(client, model="demo/demo"), 400, "invalid_request", "model")


@pytest.mark.parametrize(
    ("param", "body"),
    [
        ("input", {"input": ""}),
        ("input", {"input": []}),
        ("input", {"input": [[1, 2]]}),
        ("input", {"input": ["a"] * 2_049}),
        ("encoding_format", {"encoding_format": "hex"}),
        ("dimensions", {"dimensions": 0}),
        ("mystery", {"mystery": 1}),
    ],
)
def test_bad_input(client: FlaskClient, param: str, body: dict[str, Any]) -> None:
    """It is refused by name."""
    refused(embed(client, **body), 400, "invalid_request", param)


class TestBudget:
    @pytest.fixture
    def settings(self, settings: dict[str, Any]) -> dict[str, Any]:
        return {**settings, "budget_day_usd": Decimal("0.0001")}

    def test_it_is_spent(self, client: FlaskClient, upstream: Upstream) -> None:
        """It is a 402 before anybody is asked."""
        refused(embed(client), 402, "insufficient_quota")
        assert upstream.requests == []


class TestLimits:
    @pytest.fixture
    def settings(self, settings: dict[str, Any]) -> dict[str, Any]:
        return {**settings, "limit_requests_per_minute": 1, "limit_streams": 1}

    def test_one_too_many(self, client: FlaskClient) -> None:
        """It is a 429, and places are given back."""
        assert embed(client).status_code == 200
        assert "requests a minute" in refused(embed(client), 429, "rate_limit_exceeded")


def test_a_caller_that_leaves(services: Services, upstream: Upstream) -> None:
    """Who waits for vectors is killed: the connection closes, and the call is booked as stopped."""
    request = EmbeddingRequest(model="openai/silent-0", texts=("a",))
    job = gevent.spawn(services.embeddings.embed, Account(owner="ada"), request)
    eventually(lambda: upstream.open)
    job.kill()
    eventually(lambda: not upstream.open)
    row = booked(services)[0]
    assert (row.state, row.estimated) == ("stopped", 1)
    assert row.cost > 0
