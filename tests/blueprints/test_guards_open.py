"""Nothing configured: no key, and nobody but this machine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.services import Services
from tests.blueprints.shared import application
from tests.blueprints.talk import is_problem, rows


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    with application(tmp_path_factory.mktemp("shared")) as made:
        yield made


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:8000",
        "LOCALHOST",
        "127.0.0.1",
        "127.0.0.1:5000",
        "127.1.2.3",
        "[::1]",
        "[::1]:8000",
        "parley.localhost",
    ],
)
def test_this_machine_needs_no_key(client: FlaskClient, host: str) -> None:
    """By any of its names the machine itself is answered, as the owner `local`."""
    answer = client.get("/api/me", headers={"Host": host})
    assert (answer.status_code, answer.get_json()["owner"]) == (200, "local")


@pytest.mark.parametrize(
    "host",
    [
        "evil.test",
        "192.168.1.5:8000",
        "localhost.evil.test",
        "127.0.0.1.evil.test",
        "0.0.0.0",
        "[::]",
        "notlocalhost",
        "localhost@evil.test",
    ],
)
@pytest.mark.parametrize("path", ["/api/me", "/", "/healthz", "/nope"])
def test_another_name_is_refused(client: FlaskClient, host: str, path: str) -> None:
    """A page that has pointed its own name at this machine reads nothing."""
    is_problem(client.get(path, headers={"Host": host}), 403, "not_allowed")


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.test",
        "null",
        "http://localhost.evil.test",
        "http://[",
        "http://10.0.0.1",
        "x",
    ],
)
@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE", "PUT"])
def test_another_site_is_refused(
    client: FlaskClient, services: Services, method: str, origin: str
) -> None:
    """A page of another site changes nothing here, whatever it posts."""
    before = rows(services)
    path = "/api/chat" if method == "POST" else "/api/conversations/x"
    answer = client.open(path, method=method, json={"message": "x"}, headers={"Origin": origin})
    is_problem(answer, 403, "not_allowed")
    assert rows(services) == before


@pytest.mark.parametrize("origin", ["http://localhost:3000", "http://127.0.0.1", "http://[::1]:1"])
def test_ones_own_pages_are_not(client: FlaskClient, origin: str) -> None:
    """A frontend under development on another port of this machine may post."""
    answer = client.post("/api/chat", json={"message": "x"}, headers={"Origin": origin})
    assert answer.status_code == 200


def test_another_site_cannot_read(client: FlaskClient) -> None:
    """No answer allows the pages of another origin to read it."""
    answer = client.get("/api/me", headers={"Origin": "http://evil.test"})
    assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]
