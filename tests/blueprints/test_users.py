"""Users under a key, over HTTP: what is one's is nobody else's, and what they spend is counted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import tariffs
from tests.blueprints.issuing import ADMIN, as_admin, bearer, issued
from tests.blueprints.shared import application
from tests.blueprints.talk import is_problem

pytestmark = pytest.mark.usefixtures("within_a_minute")

_PRICES = tariffs.read('{"openai/*": {"input": "4", "output": "4"}}')


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    with application(tmp_path_factory.mktemp("users"), port=8000, admin_key=ADMIN) as made:
        yield made


def backend(client: FlaskClient, **body: Any) -> dict[str, Any]:
    """A key of one that serves many people."""
    return issued(client, scopes=["chat", "users"], **body)


def of(key: str, user: str | None) -> dict[str, str]:
    return {**bearer(key), **({} if user is None else {"X-User-ID": user})}


def say(client: FlaskClient, key: str, user: str | None, **body: Any) -> TestResponse:
    body = {"message": "My name is Ada.", **body}
    return client.post("/api/chat", json=body, headers=of(key, user), buffered=True)


def said(client: FlaskClient, key: str, user: str | None, **body: Any) -> dict[str, Any]:
    answer = say(client, key, user, **body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def titles(client: FlaskClient, key: str, user: str | None) -> set[str]:
    answer = client.get("/api/conversations", headers=of(key, user)).get_json()
    return {found["id"] for found in answer["conversations"]}


def test_conversations_are_a_users_own(client: FlaskClient) -> None:
    """Neither another user nor the key's own calls see them; another key of the owner does."""
    key, other = backend(client)["key"], backend(client)["key"]
    mine = said(client, key, "alice")["conversation_id"]
    assert mine in titles(client, key, "alice")
    assert mine in titles(client, other, "alice")
    for user in ("bob", "Alice", "alice/", None):
        assert mine not in titles(client, key, user)
        path = f"/api/conversations/{mine}"
        is_problem(client.get(path, headers=of(key, user)), 404, "not_found")
        is_problem(say(client, key, user, conversation_id=mine), 404, "not_found")


def test_runs_are_a_users_own(client: FlaskClient) -> None:
    """Nobody else can read what was said, follow it or stop it."""
    key = backend(client)["key"]
    run = said(client, key, "alice")["run_id"]
    assert client.get(f"/api/runs/{run}", headers=of(key, "alice")).status_code == 200
    for user in ("bob", None):
        for method, path in (("GET", ""), ("GET", "/events"), ("POST", "/stop")):
            answer = client.open(f"/api/runs/{run}{path}", method=method, headers=of(key, user))
            is_problem(answer, 404, "not_found")


def test_once_is_once_for_each(client: FlaskClient) -> None:
    """Two users with the same Idempotency-Key get an answer each."""
    key = backend(client)["key"]
    runs = []
    for user in ("alice", "bob", "alice"):
        headers = {**of(key, user), "Idempotency-Key": "the-same"}
        answer = client.post("/api/chat", json={"message": "Hello"}, headers=headers)
        runs.append(answer.get_json()["run_id"])
    assert runs[0] == runs[2] != runs[1]


@pytest.mark.parametrize("scopes", [["chat"], ["chat", "extract", "agent", "admin"]])
def test_without_the_scope_it_is_refused(client: FlaskClient, scopes: list[str]) -> None:
    """The header is never passed over: whoever sends it means somebody."""
    key = issued(client, scopes=scopes)["key"]
    is_problem(client.get("/api/me", headers=of(key, "alice")), 403, "not_allowed")
    is_problem(say(client, key, "alice"), 403, "not_allowed")


@pytest.mark.parametrize("user", ["", "a b", "x" * 256, "ü"])
def test_what_is_no_id(client: FlaskClient, user: str) -> None:
    """It is refused in words, and not cut or taken for none."""
    key = backend(client)["key"]
    is_problem(client.get("/api/me", headers=of(key, user)), 422, "invalid_request")


def test_a_user_administers_nothing(client: FlaskClient) -> None:
    """Under a key that may do everything a user may do what users do."""
    path = "/api/admin/keys"
    assert client.get(path, headers=of(ADMIN, None)).status_code == 200
    is_problem(client.get(path, headers=of(ADMIN, "alice")), 403, "not_allowed")


def test_who_one_is(client: FlaskClient) -> None:
    """A user is told the key's owner and their own id, and not how they are kept."""
    made = backend(client)
    me = client.get("/api/me", headers=of(made["key"], "alice")).get_json()
    assert (me["owner"], me["user"], me["key_id"]) == ("ada", "alice", made["id"])
    assert me["scopes"] == ["chat"]


def test_usage_by_user(client: FlaskClient) -> None:
    """The key's holder sees what all have used, and of whom; a user what is theirs."""
    key = backend(client, owner="shop")["key"]
    for user in ("alice", "alice", "bob", None):
        said(client, key, user)

    def calls(user: str | None) -> dict[str | None, int]:
        answer = client.get("/api/usage?group_by=user", headers=of(key, user))
        return {row["user"]: row["calls"] for row in answer.get_json()["rows"]}

    assert calls(None) == {"alice": 2, "bob": 1, None: 1}
    assert calls("alice") == {"alice": 2}
    path = "/api/admin/usage?group_by=owner,user&owner=shop&user=bob"
    [row] = as_admin(client, "GET", path).get_json()["rows"]
    assert (row["owner"], row["user"], row["calls"]) == ("shop", "bob", 1)


def test_each_user_has_the_keys_limits_for_users(client: FlaskClient) -> None:
    """One who has reached theirs waits, and the others do not; the key's own hold for all."""
    made = backend(
        client, user_limits={"requests_per_minute": 2}, limits={"requests_per_minute": 5}
    )
    key = made["key"]
    assert made["user_limits"] == {**dict.fromkeys(made["limits"]), "requests_per_minute": 2}
    assert [say(client, key, "alice").status_code for _ in range(3)] == [200, 200, 429]
    assert is_problem(say(client, key, "alice"), 429, "rate_limited")["detail"] == (
        "This user has a limit of 2 requests a minute."
    )
    assert [say(client, key, user).status_code for user in ("bob", "bob", "bob")] == [200, 200, 429]
    assert say(client, key, None).status_code == 200
    is_problem(say(client, key, "carol"), 429, "rate_limited")


def test_limits_of_the_configuration(tmp_path_factory: pytest.TempPathFactory) -> None:
    """They are for each user of a key that has none for its users."""
    settings = {"port": 8000, "admin_key": ADMIN, "limit_user_requests_per_minute": 1}
    with application(tmp_path_factory.mktemp("limits"), **settings) as made:
        client = made.test_client()
        key, own = (
            backend(client)["key"],
            backend(client, owner="eve", user_limits={"streams": 9})["key"],
        )
        assert [say(client, key, "alice").status_code for _ in range(2)] == [200, 429]
        assert [say(client, key, None).status_code for _ in range(3)] == [200] * 3
        assert [say(client, own, "alice").status_code for _ in range(3)] == [200] * 3


def test_each_user_has_a_budget(
    with_upstream: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """One who has spent theirs is refused, and has not gone over it; the others go on."""
    settings = {**with_upstream, "model_prices": _PRICES, "openai_api_key": "x"}
    folder = tmp_path_factory.mktemp("money")
    with application(folder, port=8000, admin_key=ADMIN, **settings) as made:
        client = made.test_client()
        key = backend(client, user_budgets={"day": "0.001"})["key"]
        body = {"model": "openai/paid", "max_output_tokens": 200}
        answers = [say(client, key, "alice", **body) for _ in range(30)]
        assert {answers[0].status_code, answers[-1].status_code} == {200, 402}
        said = is_problem(answers[-1], 402, "budget_spent")["detail"]
        assert said.startswith("This user's budget of 0.001 US dollars for the day is spent")
        for other in ("bob", None):
            assert say(client, key, other, **body).status_code == 200
        usage = client.get("/api/usage", headers=of(key, "alice")).get_json()["totals"]
        assert 0 < usage["cost_usd"] <= 0.001
