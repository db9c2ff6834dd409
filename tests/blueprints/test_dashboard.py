"""The server at a glance: what today came to, what runs, and what went wrong."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.services import Services
from tests.blueprints.talk import is_problem

pytestmark = pytest.mark.usefixtures("within_a_minute")

ADMIN = {"Authorization": "Bearer a-key-of-the-tests"}


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"port": 8000, "admin_key": "a-key-of-the-tests"}


def overview(client: FlaskClient) -> dict[str, Any]:
    answer = client.get("/api/admin/overview", headers=ADMIN)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def test_an_empty_day(client: FlaskClient) -> None:
    """Before anything was asked all figures are zero, and nothing is listed."""
    found = overview(client)
    assert (found["asked"], found["totals"]["calls"], found["totals"]["cost_usd"]) == (0, 0, 0)
    assert found["totals"]["first_token_ms"] is None
    assert [found[name] for name in ("hours", "models", "keys", "failed", "errors")] == [[]] * 5


def test_what_was_asked_is_summed_up(client: FlaskClient, services: Services) -> None:
    """A call counts in its hour, for its model and for its key, with its first token."""
    made = services.keys.create({"owner": "ada", "scopes": ("chat",)}, {})
    body, headers = {"message": "Hi"}, {"Authorization": f"Bearer {made.secret}"}
    assert client.post("/api/chat", json=body, headers=headers, buffered=True).status_code == 200
    found = overview(client)
    [model], [key], [hour] = found["models"], found["keys"], found["hours"]
    assert (model["model"], key["key_id"]) == ("demo/demo", made.key.id)
    assert {row["calls"] for row in (model, key, hour, found["totals"])} == {1}
    assert found["asked"] == 1
    assert model["first_token_ms"] is not None
    assert model["output_tokens"] == found["totals"]["output_tokens"] > 0
    assert found["circuits"] == [{"model": "demo/demo", "state": "closed"}]


def test_what_keys_have_left(client: FlaskClient, services: Services) -> None:
    """A key that is in force is listed with its budgets, its limits and what is left of them."""
    services.keys.revoke(services.keys.create({"owner": "eve", "scopes": ("chat",)}, {}).key.id)
    given = {"owner": "ada", "scopes": ("chat",), "limits": {"requests_per_minute": 5}}
    made = services.keys.create(given, {"day": Decimal("1.5"), "request": Decimal("0.1")})
    body, headers = {"message": "Hi"}, {"Authorization": f"Bearer {made.secret}"}
    assert client.post("/api/chat", json=body, headers=headers, buffered=True).status_code == 200
    [key] = overview(client)["limits"]
    assert (key["id"], key["owner"], key["limits"]["requests_per_minute"]) == (
        made.key.id,
        "ada",
        5,
    )
    assert key["budgets"] == {"day": "1.5", "request": "0.1"}
    assert Decimal(key["left"]["day"]) == Decimal("1.5")
    assert key["quotas"] == [{"kind": "requests", "limit": 5, "left": 4}]
    assert str(made.secret) not in str(key)


def test_errors_have_their_request(client: FlaskClient, services: Services) -> None:
    """A limit that turned somebody away is listed by the id of the request, without a text."""
    given = {"owner": "ada", "scopes": ("chat",), "limits": {"requests_per_minute": 1}}
    made = services.keys.create(given, {})
    headers = {"Authorization": f"Bearer {made.secret}", "X-Request-ID": "mine-1"}
    for _ in range(2):
        answer = client.post("/api/chat", json={"message": "Hi"}, headers=headers, buffered=True)
    assert answer.status_code == 429
    client.get("/api/runs/run_none", headers=ADMIN)  # a 404 is the caller's own
    [error] = overview(client)["errors"]
    assert (error["request_id"], error["status"], error["code"]) == (
        "mine-1",
        429,
        "rate_limited",
    )


class TestRuns:
    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"port": 8000, "admin_key": "a-key-of-the-tests", "demo_tokens_per_second": 5.0}

    def test_anybodys_run_is_listed_and_stopped(
        self, client: FlaskClient, services: Services
    ) -> None:
        """A run of somebody else's is seen while it goes on, ends when told, and is gone then."""
        made = services.keys.create({"owner": "ada", "scopes": ("chat",)}, {})
        headers = {"Authorization": f"Bearer {made.secret}"}
        body = {"message": "code, a table and a list, please", "on_disconnect": "finish"}
        live = client.post("/api/chat/stream", json=body, headers=headers)
        run_id = live.headers["X-Run-ID"]
        [run] = client.get("/api/admin/runs", headers=ADMIN).get_json()["runs"]
        assert (run["id"], run["owner"], run["state"]) == (run_id, "ada", "running")
        stopped = client.post(f"/api/admin/runs/{run_id}/stop", headers=ADMIN)
        assert stopped.get_json() == {"id": run_id, "state": "stopped"}
        assert client.get("/api/admin/runs", headers=ADMIN).get_json() == {"runs": []}
        again = client.post(f"/api/admin/runs/{run_id}/stop", headers=ADMIN)
        assert again.get_json() == {"id": run_id, "state": "stopped"}
        live.close()

    def test_an_extraction_is_listed_and_stopped(
        self, client: FlaskClient, services: Services
    ) -> None:
        """One that is stored nowhere is seen by its open call."""
        body = {"schema": "contact", "text": "Ada Lovelace, ada@example.com, +44 20 7946 0000"}
        live = client.post("/api/extract/stream", json=body, headers=ADMIN)
        run_id = live.headers["X-Run-ID"]
        runs = client.get("/api/admin/runs", headers=ADMIN).get_json()["runs"]
        assert [run["id"] for run in runs] == [run_id]
        answer = client.post(f"/api/admin/runs/{run_id}/stop", headers=ADMIN)
        assert answer.status_code == 200
        assert client.get("/api/admin/runs", headers=ADMIN).get_json() == {"runs": []}
        live.close()

    def test_what_does_not_run_cannot_be_stopped(self, client: FlaskClient) -> None:
        """A run that is not there is a 404."""
        answer = client.post("/api/admin/runs/run_none/stop", headers=ADMIN)
        is_problem(answer, 404, "not_found")
