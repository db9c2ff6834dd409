"""Keys that are wrong, or in the wrong place, as whoever sends them sees it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.services.throttle import _WRONG
from tests.blueprints.issuing import ADMIN, bearer, issued
from tests.blueprints.shared import application
from tests.blueprints.talk import is_problem

_HERE = {"X-Forwarded-For": "192.0.2.1"}
_THERE = {"X-Forwarded-For": "192.0.2.1, 192.0.2.2"}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    folder = tmp_path_factory.mktemp("guesses")
    with application(folder, port=8000, admin_key=ADMIN, trusted_proxies=1) as made:
        yield made


def me(client: FlaskClient, key: str, headers: dict[str, str]) -> Any:
    return client.get("/api/me", headers={**bearer(key), **headers})


def test_guesses_are_slowed_by_address(client: FlaskClient) -> None:
    """After many wrong keys more are answered 429 with Retry-After, and others are not held up."""
    known = issued(client)["key"]
    assert me(client, known, _HERE).status_code == 200
    for number in range(_WRONG):
        is_problem(me(client, f"guess-{number}", _HERE), 401, "not_authenticated")
    answer = me(client, "another", _HERE)
    assert is_problem(answer, 429, "rate_limited")["retryable"]
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    is_problem(me(client, issued(client)["key"], _HERE), 429, "rate_limited")
    assert me(client, known, _HERE).status_code == 200
    assert client.get("/healthz", headers=_HERE).status_code == 200
    is_problem(client.get("/api/me", headers=_HERE), 401, "not_authenticated")
    is_problem(me(client, "guess", _THERE), 401, "not_authenticated")
    assert me(client, issued(client)["key"], _THERE).status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        *[f"{name}=KEY" for name in ("key", "api_key", "apikey", "api-key", "token", "auth")],
        *["access_token=KEY", "API_KEY=KEY", "limit=5&Token=KEY", "authorization=Bearer%20KEY"],
        *["q=KEY", "KEY", "x=1&KEY=1"],
    ],
)
@pytest.mark.parametrize("also", [True, False])
def test_a_key_in_the_address(client: FlaskClient, query: str, also: bool) -> None:
    """It is refused by any name, with a sentence on where it belongs, also beside the header."""
    key = issued(client)["key"]
    headers = bearer(key) if also else {}
    for path in ("/api/me", "/api/conversations"):
        answer = client.get(f"{path}?{query.replace('KEY', key)}", headers=headers)
        said = is_problem(answer, 401, "not_authenticated")["detail"]
        assert "Authorization: Bearer KEY" in said
        assert key not in answer.text


def test_a_made_up_one_too(client: FlaskClient) -> None:
    """A parameter that is named as keys are is refused, whatever is in it."""
    for name in ("key", "api_key", "token"):
        answer = client.get(f"/api/me?{name}=x", headers=bearer(ADMIN))
        is_problem(answer, 401, "not_authenticated")


@pytest.mark.parametrize("query", ["q=my+key", "q=api_key", "limit=5"])
def test_what_is_no_key_is_not_taken_for_one(client: FlaskClient, query: str) -> None:
    """Words about keys are searched for."""
    answer = client.get(f"/api/conversations?{query}", headers=bearer(ADMIN))
    assert answer.status_code == 200


def test_what_is_missing_is_said(client: FlaskClient) -> None:
    """Without a key, or with another scheme, one is told what to send; that is no guess."""
    for _ in range(_WRONG + 1):
        for sent in ({}, {"Authorization": "Basic eA=="}, {"Authorization": "Bearer "}):
            answer = client.get("/api/me", headers=sent)
            said = is_problem(answer, 401, "not_authenticated")["detail"]
            assert said == "Send a key with the header Authorization: Bearer KEY."
    assert client.get("/api/me", headers=bearer(ADMIN)).status_code == 200
