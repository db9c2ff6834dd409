"""Who may call where a key is in force."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.services import Services
from tests.blueprints.routes import is_public
from tests.blueprints.talk import addresses, is_problem, rows

_KEY = "a-key-of-the-tests"


class TestWithAKey:
    """Open to the network: the key is in force everywhere."""

    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"port": 8000, "admin_key": _KEY}

    def test_everything_else_is_closed(self, app: Flask, client: FlaskClient) -> None:
        """Every route and method but the public ones answers 401 to a stranger."""
        tried = 0
        for rule, method, path in addresses(app):
            answer = client.open(path, method=method, json={}, buffered=True)
            if is_public(rule, method):
                continue
            assert answer.status_code == 401, (method, rule)
            assert answer.headers["WWW-Authenticate"] == "Bearer"
            tried += 1
        assert tried > 40

    @pytest.mark.parametrize(
        "sent",
        [
            None,
            "",
            "Bearer",
            "Bearer ",
            f"Bearer {_KEY}x",
            f"Bearer {_KEY[:-1]}",
            f"Bearer {_KEY.upper()}",
            f"Bearer {_KEY} {_KEY}",
            f"Basic {_KEY}",
            _KEY,
            "Bearer ü",
            "Bearer \xff",
        ],
    )
    def test_a_wrong_key(self, client: FlaskClient, services: Services, sent: str | None) -> None:
        """Without the key, or with nearly the key, a caller is asked for it and does nothing."""
        headers = {} if sent is None else {"Authorization": sent}
        for path in ("/api/chat", "/api/chat/stream"):
            answer = client.post(path, json={"message": "x"}, headers=headers, buffered=True)
            problem = is_problem(answer, 401, "not_authenticated")
            assert answer.headers["WWW-Authenticate"] == "Bearer"
            assert _KEY not in problem["detail"]
        assert set(rows(services).values()) == {0}

    @pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Bearer "])
    def test_the_right_key(self, client: FlaskClient, scheme: str) -> None:
        """With the key everything is open, under any name of the server and from any site."""
        headers = {"Authorization": f"{scheme} {_KEY}", "Host": "chat.example"}
        answer = client.get("/api/me", headers=headers)
        assert (answer.status_code, answer.get_json()["owner"]) == (200, "admin")
        said = client.post(
            "/api/chat", json={"message": "x"}, headers={**headers, "Origin": "https://app.example"}
        )
        assert said.status_code == 200

    def test_a_key_in_the_address_is_none(self, client: FlaskClient) -> None:
        """Keys in addresses end up in logs, so they are not looked for there."""
        for name in ("key", "api_key", "access_token", "token"):
            assert client.get(f"/api/me?{name}={_KEY}").status_code == 401

    def test_what_is_public(self, client: FlaskClient) -> None:
        """Health, the page and the documentation are there without a key."""
        for path in ("/", "/docs", "/healthz", "/readyz", "/openapi.json", "/static/icon.svg"):
            assert client.get(path, buffered=True).status_code == 200, path


class TestOpenWithAKey:
    """A key on this machine is not demanded; but one that is sent must be right."""

    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"admin_key": _KEY}

    @pytest.mark.parametrize(("sent", "owner"), [(None, "local"), (_KEY, "admin")])
    def test_who_one_is(self, client: FlaskClient, sent: str | None, owner: str) -> None:
        """Without a key one is `local`, with it `admin`."""
        headers = {"Authorization": f"Bearer {sent}"} if sent else {}
        assert client.get("/api/me", headers=headers).get_json()["owner"] == owner

    def test_a_wrong_one_is_not_ignored(self, client: FlaskClient) -> None:
        """A mistyped key is an error, not another identity."""
        answer = client.get("/api/me", headers={"Authorization": "Bearer mistyped"})
        is_problem(answer, 401, "not_authenticated")
