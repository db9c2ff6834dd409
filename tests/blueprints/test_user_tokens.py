"""Users who come with a token of their own, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.blueprints.issuing import ADMIN, bearer, issued
from tests.blueprints.shared import application
from tests.blueprints.talk import is_problem
from tests.blueprints.test_users import backend, of, said, titles
from tests.services.people_at_work import AUDIENCE, ISSUER, SECRET, token


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    folder = tmp_path_factory.mktemp("tokens")
    with application(folder, port=8000, admin_key=ADMIN) as first:
        key = backend(first.test_client(), limits={"max_output_tokens": 50})
    settings = {
        "jwt_secret": SECRET,
        "jwt_audience": AUDIENCE,
        "jwt_issuer": ISSUER,
        "jwt_key_id": key["id"],
    }
    with application(folder, port=8000, admin_key=ADMIN, **settings) as made:
        made.extensions["the key"] = key["key"]
        yield made


def test_a_token_is_a_user(app: Flask, client: FlaskClient) -> None:
    """What is said with it is found with X-User-ID and the key, and by nobody else."""
    mine = said(client, token(), None)["conversation_id"]
    assert mine in titles(client, app.extensions["the key"], "alice")
    assert mine not in titles(client, token(sub="bob"), None)
    me = client.get("/api/me", headers=bearer(token())).get_json()
    assert (me["user"], me["owner"], me["limits"]["max_output_tokens"]) == ("alice", "ada", 50)


def test_a_wrong_one_is_told_so(client: FlaskClient) -> None:
    """It is a 401 with the reason, and no other identity."""
    answer = client.get("/api/me", headers=bearer(token(exp=1)))
    assert "has expired" in is_problem(answer, 401, "not_authenticated")["detail"]


def test_a_token_speaks_for_nobody_else(client: FlaskClient) -> None:
    """Who is a user cannot be another one by a header."""
    is_problem(client.get("/api/me", headers=of(token(), "bob")), 403, "not_allowed")


def test_a_page_signs_in_with_it(client: FlaskClient) -> None:
    """For what takes no header, as EventSource, it becomes a session that ends with it."""
    signed_in = client.post("/api/session", json={"key": token()}).get_json()
    assert (signed_in["user"], signed_in["key_id"] is None) == ("alice", False)
    mine = said(client, token(), None)["run_id"]
    assert client.get(f"/api/runs/{mine}/events", buffered=True).status_code == 200


def test_a_backend_signs_a_user_in(app: Flask, client: FlaskClient) -> None:
    """With its key and the user's id it gets a cookie that is this user's."""
    headers = {"X-User-ID": "carol"}
    body = {"key": app.extensions["the key"]}
    assert client.post("/api/session", json=body, headers=headers).status_code == 200
    assert client.get("/api/me").get_json()["user"] == "carol"
    stranger = app.test_client()
    body = {"key": issued(stranger)["key"]}
    answer = stranger.post("/api/session", json=body, headers=headers)
    is_problem(answer, 403, "not_allowed")
