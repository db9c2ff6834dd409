"""What agents may spend, and how far they go: limits of the house, of a caller, and of budgets."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.services import Services
from app.storage.tables import calls
from app.tariffs import read
from tests.blueprints.agenting import MODEL, PATIENT, TOOLS, agent, call, obedient
from tests.blueprints.talk import is_problem
from tests.upstream import Upstream

_KNOWN = "This is what I know."


@pytest.fixture
def settings(with_upstream: dict[str, Any]) -> dict[str, Any]:
    return {**with_upstream, **PATIENT, "tools_modules": TOOLS}


class TestLowLimits:
    @pytest.fixture
    def settings(self, settings: dict[str, Any]) -> dict[str, Any]:
        return {**settings, "agent_max_steps": 2, "agent_max_tool_errors": 2}

    def test_a_body_can_only_lower_them(self, client: FlaskClient, upstream: Upstream) -> None:
        """More than the house allows is what the house allows."""
        upstream.acting = obedient([call("echo", text="a")])
        assert len(agent(client, max_steps=50)["steps"]) == 3

    def test_calls_that_fail_are_counted(self, client: FlaskClient, upstream: Upstream) -> None:
        """Unknown tools count as failures, also where one answer brings them all."""
        upstream.acting = obedient([call("nothing"), call("nothing")])
        assert agent(client)["stop_reason"] == "too_many_errors"


class TestMoney:
    @pytest.fixture
    def settings(self, settings: dict[str, Any]) -> dict[str, Any]:
        return {**settings, "model_prices": read('{"*/*": {"input": "10", "output": "20"}}')}

    @pytest.mark.parametrize("most", ["0.06", "0.1", "0.5"])
    def test_cost_is_never_exceeded(
        self, client: FlaskClient, upstream: Upstream, services: Services, most: str
    ) -> None:
        """Of the limit so much is kept that there is always a last answer."""
        upstream.acting = obedient([call("echo", text="word " * 400)])
        said = agent(client, max_cost_usd=most, tools=["echo"])
        assert said["stop_reason"] in ("max_cost", "max_steps")
        assert said["message"]["content"] == _KNOWN
        spent = services.database.read(lambda tx: tx.scalar(select(func.sum(calls.c.cost))))
        assert spent / 10**12 <= float(most)
        assert said["cost_usd"] == pytest.approx(spent / 10**12)

    def test_no_money_for_anything(self, client: FlaskClient, upstream: Upstream) -> None:
        """The answer says so, and nobody was asked."""
        said = agent(client, max_cost_usd="0.000001")
        assert (said["stop_reason"], said["degraded"]) == ("max_cost", True)
        assert upstream.requests == []


class TestBudget:
    @pytest.fixture
    def settings(self, settings: dict[str, Any]) -> dict[str, Any]:
        prices = read('{"*/*": {"input": "100", "output": "100"}}')
        return {
            **settings,
            "model_prices": prices,
            "budget_day_usd": Decimal("1.5"),
            "agent_max_cost_usd": 100,
        }

    def test_a_budget_that_runs_out_on_the_way(
        self, client: FlaskClient, upstream: Upstream
    ) -> None:
        """What there is by then is the answer, and the budget is kept."""
        upstream.acting = obedient([call("echo", text="word " * 2000)])
        said = agent(client, tools=["echo"], max_output_tokens=100)
        assert said["stop_reason"] == "budget_spent"
        assert "word word" in said["message"]["content"]
        assert said["cost_usd"] < 1.5
        assert len(said["steps"]) > 1


class TestWithoutMoney:
    @pytest.fixture
    def settings(self, settings: dict[str, Any]) -> dict[str, Any]:
        prices = read('{"*/*": {"input": "100", "output": "200"}}')
        return {**settings, "model_prices": prices, "budget_day_usd": Decimal("0.000001")}

    def test_a_spent_budget_is_told_before_anything(self, client: FlaskClient) -> None:
        """An installation without money for one call answers 402, and keeps nothing."""
        answer = client.post("/api/agent/stream", json={"message": "Hi", "model": MODEL})
        is_problem(answer, 402, "budget_spent")
        assert client.get("/api/conversations").get_json()["conversations"] == []
