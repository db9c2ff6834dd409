"""What a key may be used for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.accounts import SCOPES
from app.services import Services
from tests.blueprints.issuing import ADMIN, bearer, issued
from tests.blueprints.shared import application
from tests.blueprints.talk import addresses, is_problem, rows

_PUBLIC = {"/", "/docs", "/healthz", "/readyz", "/openapi.json", "/static/<path:filename>"}
_ANY = {"/api/me", "/api/models", "/api/usage"}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    with application(tmp_path_factory.mktemp("scopes"), port=8000, admin_key=ADMIN) as made:
        yield made


@pytest.fixture(scope="module")
def keys(app: Flask) -> dict[str, str]:
    """A key for each scope, that has no other."""
    client = app.test_client()
    return {scope: issued(client, scopes=[scope])["key"] for scope in SCOPES}


def needed(rule: str) -> set[str]:
    if rule in _PUBLIC or rule in _ANY:
        return set(SCOPES)
    if rule.startswith(("/api/extract", "/api/schemas")):
        return {"extract"}
    if rule.startswith("/api/runs/"):
        return {"chat", "extract"}
    return {"admin"} if rule.startswith("/api/admin/") or rule == "/metrics" else {"chat"}


@pytest.mark.parametrize("scope", SCOPES)
def test_each_route_has_its_scope(
    app: Flask, client: FlaskClient, services: Services, keys: dict[str, str], scope: str
) -> None:
    """Every route and method refuses a key without its scope, and says which it needs; what asks
    for none by name is for `chat`, and everything under /api/admin, and /metrics, for `admin`.
    """
    before, tried = rows(services), 0
    for rule, method, path in addresses(app):
        if scope in needed(rule):
            continue
        answer = client.open(
            path, method=method, json={}, headers=bearer(keys[scope]), buffered=True
        )
        if method == "HEAD":
            assert answer.status_code == 403, rule
        else:
            said = is_problem(answer, 403, "not_allowed")["detail"]
            assert said == f"This needs a key with the scope {' or '.join(sorted(needed(rule)))}."
        tried += 1
    assert tried > 10
    assert rows(services) == before


@pytest.mark.parametrize("scope", SCOPES)
def test_with_its_scope_it_passes(
    app: Flask, client: FlaskClient, keys: dict[str, str], scope: str
) -> None:
    """No route refuses a key that has the scope."""
    tried = 0
    for rule, method, path in addresses(app):
        if scope in needed(rule):
            answer = client.open(
                path, method=method, json={}, headers=bearer(keys[scope]), buffered=True
            )
            assert answer.status_code not in (401, 403), (method, rule)
            tried += 1
    assert tried >= len(_PUBLIC | _ANY)


def test_a_key_of_ours_is_honoured_where_none_is_needed(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Open on this machine, a key of ours says who one is, a wrong one of ours is refused, and
    what clients send because they must send something is nobody's.
    """
    with application(tmp_path_factory.mktemp("open")) as made:
        client = made.test_client()

        def me(headers: dict[str, str]) -> Any:
            return client.get("/api/me", headers=headers)

        assert me({}).get_json()["owner"] == "local"
        assert me(bearer("sk-any")).get_json()["owner"] == "local"
        is_problem(me(bearer("parley_" + "x" * 43)), 401, "not_authenticated")
        body = {"owner": "ada", "scopes": ["extract"]}
        key = client.post("/api/admin/keys", json=body).get_json()["key"]
        assert me(bearer(key)).get_json()["owner"] == "ada"
        said = client.post("/api/chat", json={"message": "Hi"}, headers=bearer(key))
        is_problem(said, 403, "not_allowed")
