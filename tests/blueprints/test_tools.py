"""GET /api/tools: what a key may let a model call."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.blueprints.issuing import ADMIN, bearer, issued
from tests.blueprints.talk import is_problem


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"port": 8000, "admin_key": ADMIN, "tools_modules": ("tests.tools.own_tools",)}


def listed(client: FlaskClient, key: str) -> list[str]:
    answer = client.get("/api/tools", headers=bearer(key))
    assert answer.status_code == 200, answer.text[:300]
    return [tool["name"] for tool in answer.get_json()["tools"]]


def test_the_list(client: FlaskClient) -> None:
    """Each tool has what a model is told of it, and whether a person must agree."""
    found = client.get("/api/tools", headers=bearer(ADMIN)).get_json()["tools"]
    close = next(tool for tool in found if tool["name"] == "close_shop")
    assert close == {
        "name": "close_shop",
        "description": "Close the shop.",
        "parameters": {
            "type": "object",
            "properties": {"reason": {"type": "string", "maxLength": 10_000}},
            "required": ["reason"],
            "additionalProperties": False,
        },
        "approval": True,
        "parallel": False,
    }


def test_each_key_sees_its_own(client: FlaskClient) -> None:
    """A tool whose scope a key has not is not shown to it; and what lists them is for agents."""
    agent = issued(client, scopes=["agent"])["key"]
    shipped = ["calculator", "current_time", "greet-someone", "search_conversations"]
    assert listed(client, agent) == shipped
    assert listed(client, ADMIN) == [shipped[0], "close_shop", *shipped[1:]]
    chat = issued(client, scopes=["chat"])["key"]
    is_problem(client.get("/api/tools", headers=bearer(chat)), 403, "not_allowed")
