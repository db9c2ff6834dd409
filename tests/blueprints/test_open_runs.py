"""What goes on in a conversation, for whoever comes back to it."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"demo_tokens_per_second": 5.0}


def test_what_goes_on_is_listed_until_it_ends(client: FlaskClient) -> None:
    """A run under way is found by its conversation, and no more once it was stopped."""
    live = client.post("/api/chat/stream", json={"message": "code, a table and a list, please"})
    run_id = live.headers["X-Run-ID"]
    path = f"/api/runs?conversation_id={_conversation(client, run_id)}"
    assert [run["id"] for run in client.get(path).get_json()["runs"]] == [run_id]
    client.post(f"/api/runs/{run_id}/stop")
    assert client.get(path).get_json() == {"runs": []}
    live.close()


def test_a_conversation_must_be_named(client: FlaskClient) -> None:
    """Without one it is a 422, and one that is not there has no runs."""
    assert client.get("/api/runs").status_code == 422
    assert client.get("/api/runs?conversation_id=conv_none").get_json() == {"runs": []}


def _conversation(client: FlaskClient, run_id: str) -> str:
    found: str = client.get(f"/api/runs/{run_id}").get_json()["conversation_id"]
    return found
