"""Where a key is in force what is stored belongs to it, and the rest to somebody else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.services import Services
from tests.blueprints.keeping import listed, planted
from tests.blueprints.shared import application
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
_KEY = "a-key-of-the-tests"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    with application(tmp_path_factory.mktemp("shared"), port=8000, admin_key=_KEY) as made:
        yield made


@pytest.fixture
def client(client: FlaskClient) -> FlaskClient:
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {_KEY}"
    return client


@pytest.mark.parametrize("owner", ["local", "eve", "ADMIN", ""])
@pytest.mark.parametrize(("method", "path", "body"), _EACH_ROUTE)
def test_somebody_elses_is_not_there(
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
    assert theirs not in [shown["id"] for shown in listed(client)]


@pytest.mark.parametrize("route", ["/api/chat", "/api/chat/stream"])
def test_nobody_joins_in(client: FlaskClient, services: Services, route: str) -> None:
    """Nothing can be said in somebody else's conversation, nor its history be sent anywhere."""
    theirs = planted(services, "eve", "Theirs", "my name is Eve")
    before = rows(services)
    body = {"message": "what is my name?", "conversation_id": theirs}
    is_problem(client.post(route, json=body, buffered=True), 404, "not_found")
    assert rows(services) == before


def test_ones_own_is(client: FlaskClient, services: Services) -> None:
    """With the key one finds what was said with the key."""
    made = chat(client)["conversation_id"]
    assert made in [shown["id"] for shown in listed(client)]
    assert services.conversations.read("admin", made).id == made
