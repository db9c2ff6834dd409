"""What an extraction costs: in the ledger, within budgets, within limits, within its time."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.services import Services
from app.storage.tables import calls, spending
from app.tariffs import read
from tests.blueprints.extracting import PATIENT, PERSON, counting, extract, failed, saying
from tests.blueprints.talk import eventually
from tests.upstream import Upstream

pytestmark = pytest.mark.usefixtures("within_a_minute")

_MODEL = "openai/tool-1"


@pytest.fixture
def settings(with_upstream: dict[str, Any]) -> dict[str, Any]:
    return {
        **with_upstream,
        **PATIENT,
        "model_prices": read('{"*/*": {"input": "100", "output": "200"}}'),
    }


def booked(services: Services) -> list[Any]:
    query = select(calls).order_by(calls.c.attempt)
    return list(services.database.read(lambda tx: tx.execute(query).all()))


def test_every_attempt_is_in_the_ledger(
    client: FlaskClient, upstream: Upstream, services: Services
) -> None:
    """Each question has a row of its own, which says what the answer says of it."""
    upstream.calling = saying({"name": 1}, {"name": 2}, {"name": "Ada"})
    result = extract(client, "Ada", PERSON, model=_MODEL)
    rows = booked(services)
    assert [(row.run_id, row.attempt, row.state) for row in rows] == [
        (result["run_id"], number, "ok") for number in (1, 2, 3)
    ]
    for row, attempt in zip(rows, result["attempts"], strict=True):
        assert (row.input_tokens, row.output_tokens) == (
            attempt["usage"]["input_tokens"],
            attempt["usage"]["output_tokens"],
        )
        assert row.cost == round(attempt["cost_usd"] * 10**12)
    assert result["cost_usd"] == pytest.approx(sum(a["cost_usd"] for a in result["attempts"]))


class TestBudgets:
    @pytest.fixture
    def settings(self, settings: dict[str, Any]) -> dict[str, Any]:
        """Enough for some three questions, by their worst case."""
        return {**settings, "budget_day_usd": Decimal("1.05")}

    def test_money_that_ends_in_the_middle(
        self, client: FlaskClient, upstream: Upstream, services: Services
    ) -> None:
        """It is a 402 with what is known by then, and not a cent is overspent or left held."""
        upstream.calling = counting(lambda n: {"name": n, "age": "x" * 4_000})
        problem = failed(
            *(client, "Ada", PERSON, 402, "budget_spent"),
            model=_MODEL,
            max_attempts=10,
            max_output_tokens=2_000,
        )
        assert 1 <= len(problem["attempts"]) < 10
        assert len(problem["attempts"]) == len(upstream.requests) == len(booked(services))
        assert problem["candidate"]["name"] == len(problem["attempts"])
        assert problem["cost_usd"] > 0
        (row,) = services.database.read(lambda tx: tx.execute(select(spending)).all())
        assert (row.held, row.spent) == (0, round(problem["cost_usd"] * 10**12))

    def test_no_money_at_all(self, client: FlaskClient, upstream: Upstream) -> None:
        """What cannot be bought is a 402 at once, as a stream too, and nobody is asked."""
        for path in ("/api/extract", "/api/extract/stream"):
            body = {"text": "Ada " * 20_000, "schema": PERSON, "model": _MODEL}
            answer = client.post(path, json=body, buffered=True)
            assert (answer.status_code, answer.get_json()["code"]) == (402, "budget_spent")
        assert upstream.requests == []


class TestLimits:
    @pytest.fixture
    def settings(self, settings: dict[str, Any]) -> dict[str, Any]:
        return {**settings, "limit_requests_per_minute": 2, "limit_streams": 1}

    def test_requests_are_counted(self, client: FlaskClient, upstream: Upstream) -> None:
        """One request is one, however many attempts it takes, and its place is given back."""
        upstream.calling = saying({"name": 1}, {"name": "Ada"})
        for _ in range(2):
            extract(client, "Ada", PERSON, model=_MODEL)
        problem = failed(client, "Ada", PERSON, 429, "rate_limited", model=_MODEL)
        assert problem["retryable"] is True

    def test_what_is_wrong_is_free(self, client: FlaskClient) -> None:
        """A schema that is refused takes nothing from the minute."""
        for _ in range(4):
            failed(client, "Ada", "nonsense", 422, "invalid_request", model=_MODEL)


class TestTime:
    @pytest.fixture
    def settings(self, settings: dict[str, Any]) -> dict[str, Any]:
        return {**settings, "run_timeout": 1.0}

    def test_one_deadline_for_all_attempts(self, client: FlaskClient, upstream: Upstream) -> None:
        """Slow wrong answers end at the deadline, and what they cost is told."""
        upstream.calling = counting(lambda n: {"name": n})
        began = time.monotonic()
        problem = failed(
            *(client, "Ada", PERSON, 504, "provider_timeout"),
            model="openai/slow-0.4-tool-1",
            max_attempts=10,
        )
        assert time.monotonic() - began < 10
        *whole, last = problem["attempts"]
        assert len(whole) in (1, 2)
        assert [issue["code"] for issue in last["issues"]] == ["provider_timeout"]
        eventually(lambda: upstream.open == 0)


@pytest.mark.parametrize(
    ("model", "status", "code"),
    [
        ("openai/status-401", 502, "provider_misconfigured"),
        ("openai/status-404", 422, "model_not_found"),
        ("anthropic/overlong", 422, "context_too_long"),
        ("openai/status-503", 503, "provider_overloaded"),
    ],
)
def test_a_provider_that_fails(
    client: FlaskClient, services: Services, model: str, status: int, code: str
) -> None:
    """Its error is the answer, with an attempt that cost nothing, and its call is booked."""
    problem = failed(client, "Ada", PERSON, status, code, model=model)
    assert [a["usage"]["input_tokens"] for a in problem["attempts"]] == [0]
    assert {(row.state, row.code) for row in booked(services)} == {("failed", code)}


def test_a_stream_that_breaks_is_asked_for_again(client: FlaskClient, upstream: Upstream) -> None:
    """An answer cut in the middle is a failed attempt, and the next may do better."""
    upstream.calling = saying({"name": "Ada"})
    problem = failed(*(client, "Ada", PERSON, 502, "provider_cut_off"), model="openai/cut-3")
    assert [[i["code"] for i in a["issues"]] for a in problem["attempts"]] == [
        ["provider_cut_off"]
    ] * 3
