"""Whose usage one may see, where a key is in force, in the ledger as it is really written."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from app.services import Services
from tests.blueprints.talk import is_problem


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"port": 8000, "admin_key": "a-key-of-the-tests"}


def key(services: Services, owner: str, scope: str) -> tuple[str, dict[str, str]]:
    """Its id, and the headers that carry it."""
    made = services.keys.create({"owner": owner, "scopes": (scope,)}, {})
    return made.key.id, {"Authorization": f"Bearer {made.secret}"}


def test_who_may_ask(client: FlaskClient, services: Services) -> None:
    """Every key may ask for its owner's, and only one with the scope admin for everybody's."""
    for scope in ("chat", "extract", "agent"):
        _, headers = key(services, "ada", scope)
        assert client.get("/api/usage", headers=headers).status_code == 200
        answer = client.get("/api/admin/usage?owner=ada", headers=headers)
        is_problem(answer, 403, "not_allowed")
    _, headers = key(services, "root", "admin")
    assert client.get("/api/admin/usage", headers=headers).status_code == 200


def test_what_is_asked_is_counted(client: FlaskClient, services: Services) -> None:
    """An answer's tokens and cost are in the sums of its owner alone, and its text is nowhere."""
    keys = {owner: key(services, owner, "chat") for owner in ("ada", "eve")}
    for owner, (key_id, headers) in keys.items():
        body = {"message": f"I am {owner}, and have a secret"}
        said = client.post("/api/chat", json=body, headers=headers, buffered=True).get_json()
        answer = client.get("/api/usage?group_by=key,conversation,model", headers=headers)
        [row] = answer.get_json()["rows"]
        assert (row["key"], row["conversation"]) == (key_id, said["conversation_id"])
        assert (row["model"], row["calls"], row["cost_usd"]) == ("demo/demo", 1, 0)
        assert {name: row.get(name, False) for name in said["usage"]} == said["usage"]
        assert "secret" not in answer.text
    _, headers = key(services, "root", "admin")
    path = f"/api/admin/usage?group_by=owner&key={keys['eve'][0]}"
    [row] = client.get(path, headers=headers).get_json()["rows"]
    assert (row["owner"], row["calls"]) == ("eve", 1)
