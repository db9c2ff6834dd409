"""What belongs to somebody else."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from app.services import Services
from tests.blueprints.keeping import listed, planted
from tests.blueprints.talk import chat, is_problem, rows

_EACH_ROUTE: list[tuple[str, str, dict[str, Any] | None]] = [
    ("GET", "", None),
    ("PATCH", "", {"title": "Mine now"}),
    ("DELETE", "", None),
    ("GET", "/messages", None),
    ("GET", "/export", None),
    ("GET", "/export?format=json", None),
    ("POST", "/regenerate", {}),
    ("POST", "/regenerate/stream", {}),
]


class TestWithAKey:
    """Where a key is in force what is stored belongs to it."""

    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"port": 8000, "admin_key": "a-key-of-the-tests"}

    @pytest.fixture
    def client(self, client: FlaskClient) -> FlaskClient:
        client.environ_base["HTTP_AUTHORIZATION"] = "Bearer a-key-of-the-tests"
        return client

    @pytest.mark.parametrize("owner", ["local", "eve", "ADMIN", ""])
    @pytest.mark.parametrize(("method", "path", "body"), _EACH_ROUTE)
    def test_somebody_elses_is_not_there(
        self,
        client: FlaskClient,
        services: Services,
        owner: str,
        method: str,
        path: str,
        body: dict[str, Any] | None,
    ) -> None:
        """Each route answers another owner as if nothing were there, and changes nothing."""
        theirs = planted(services, owner, "Theirs")
        before = rows(services)
        address = f"/api/conversations/{theirs}{path}"
        is_problem(client.open(address, method=method, json=body), 404, "not_found")
        assert rows(services) == before
        kept = services.conversations.read(owner, theirs)
        assert kept.title == "Theirs"
        assert listed(client) == []

    @pytest.mark.parametrize("route", ["/api/chat", "/api/chat/stream"])
    def test_nobody_joins_in(self, client: FlaskClient, services: Services, route: str) -> None:
        """Nothing can be said in somebody else's conversation, nor its history be sent anywhere."""
        theirs = planted(services, "eve", "Theirs", "my name is Eve")
        before = rows(services)
        body = {"message": "what is my name?", "conversation_id": theirs}
        is_problem(client.post(route, json=body, buffered=True), 404, "not_found")
        assert rows(services) == before

    def test_ones_own_is(self, client: FlaskClient, services: Services) -> None:
        """With the key one finds what was said with the key."""
        made = chat(client)["conversation_id"]
        assert [shown["id"] for shown in listed(client)] == [made]
        assert services.conversations.read("admin", made).id == made
