"""Keys and teams over HTTP, for those who may."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.services import Services
from tests.blueprints.issuing import ADMIN, KEYS, as_admin, bearer, issued
from tests.blueprints.keeping import planted
from tests.blueprints.shared import application
from tests.blueprints.talk import is_problem

pytestmark = pytest.mark.usefixtures("within_a_minute")

_FULL: dict[str, Any] = {
    "name": "The phone",
    "owner": "ada",
    "team": "red",
    "scopes": ["chat", "extract"],
    "models": ["demo/*", "openai/gpt-5*"],
    "metadata": {"cost_centre": "4711", "nested": [1, None]},
    "limits": {
        "requests_per_minute": 60,
        "tokens_per_minute": 100_000,
        "streams": 4,
        "max_output_tokens": 2_000,
    },
    "budgets": {"request": "0.05", "day": "1", "month": "20.000000000001"},
    "expires_at": "2100-01-31T12:00:00.000+00:00",
}
_NONE = dict.fromkeys(("requests_per_minute", "tokens_per_minute", "streams", "max_output_tokens"))


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    with application(tmp_path_factory.mktemp("keys"), port=8000, admin_key=ADMIN) as made:
        yield made


def read(client: FlaskClient, key_id: str) -> dict[str, Any]:
    answer = as_admin(client, "GET", f"{KEYS}/{key_id}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def changed(client: FlaskClient, key_id: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = as_admin(client, "PATCH", f"{KEYS}/{key_id}", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def status(client: FlaskClient, key: str, path: str = "/api/me") -> int:
    return client.get(path, headers=bearer(key)).status_code


def test_a_key_has_what_it_was_given(client: FlaskClient) -> None:
    """All of it is in the answer and in what is read later; the key itself only in the answer."""
    made = issued(client, **_FULL)
    key = made.pop("key")
    assert key.startswith("parley_")
    assert len(key) == 50
    assert made["shown"] == key[:11]
    assert {name: made[name] for name in _FULL} == _FULL
    assert made["state"] == "active"
    assert read(client, made["id"]) == made
    assert key not in as_admin(client, "GET", KEYS).text


def test_a_key_needs_nothing_but_an_owner(client: FlaskClient) -> None:
    """Then it may chat with every model, for ever, without a limit."""
    made = issued(client)
    assert (made["scopes"], made["models"], made["expires_at"]) == (["chat"], None, None)
    assert (made["limits"], made["budgets"], made["metadata"]) == (_NONE, {}, {})


def test_who_one_is(client: FlaskClient) -> None:
    """A key is told what it may, and nothing of what it may spend or who else there is."""
    made = issued(client, **_FULL)
    assert client.get("/api/me", headers=bearer(made["key"])).get_json() == {
        "owner": "ada",
        "user": None,
        "key_id": made["id"],
        "team": "red",
        **{name: _FULL[name] for name in ("scopes", "models", "limits")},
    }


def test_keys_are_listed_in_pages(client: FlaskClient) -> None:
    """The newest come first, each once, and no cursor follows the last page."""
    made = [issued(client)["id"] for _ in range(5)]
    seen: list[str] = []
    cursor: str | None = None
    while True:
        query: dict[str, Any] = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = as_admin(client, "GET", KEYS, query_string=query).get_json()
        seen += [key["id"] for key in page["keys"]]
        assert len(seen) < 100
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen[:5] == made[::-1]
    assert len(seen) == len(set(seen))


def test_a_change_is_a_merge(client: FlaskClient) -> None:
    """What is named changes, null takes away, and all the rest stays."""
    made = issued(client, **_FULL)
    given = {
        "name": "Another",
        "models": None,
        "expires_at": None,
        "limits": {"streams": None, "max_output_tokens": 9},
        "budgets": {"day": None, "month": 2.5},
    }
    after = changed(client, made["id"], given)
    assert after == {
        **{name: value for name, value in made.items() if name != "key"},
        **given,
        "limits": {**_FULL["limits"], "streams": None, "max_output_tokens": 9},
        "budgets": {"request": "0.05", "month": "2.5"},
    }
    assert changed(client, made["id"], {}) == after == read(client, made["id"])


@pytest.mark.parametrize("body", [{}, {"limits": {}}, {"user_limits": {}, "budgets": {}}])
def test_a_change_of_nothing_changes_nothing(client: FlaskClient, body: dict[str, Any]) -> None:
    """Limits without one in them are none that change."""
    key_id = issued(client, owner="ada", limits={"streams": 4})["id"]
    before = read(client, key_id)
    assert changed(client, key_id, body) == before


def test_an_expired_key_can_be_given_time(client: FlaskClient, services: Services) -> None:
    """It says since when it is expired, is not rotated, and works again with a later expiry."""
    made = issued(client)
    services.keys.change(made["id"], {"expires_at": 1_700_000_000_000}, {})
    answer = client.get("/api/me", headers=bearer(made["key"]))
    said = is_problem(answer, 401, "not_authenticated")["detail"]
    assert said == "This key expired on 2023-11-14 at 22:13 UTC."
    assert read(client, made["id"])["state"] == "expired"
    is_problem(as_admin(client, "POST", f"{KEYS}/{made['id']}/rotate", json={}), 409, "conflict")
    changed(client, made["id"], {"expires_at": "2100-01-01T00:00:00Z"})
    assert status(client, made["key"]) == 200


def test_a_rotation(client: FlaskClient, services: Services) -> None:
    """The id, settings and budgets stay, and both keys open the owner's conversations."""
    made = issued(client, **{**_FULL, "owner": "grace"})
    address = f"/api/conversations/{planted(services, 'grace', 'Hers')}"
    path = f"{KEYS}/{made['id']}/rotate"
    turned = as_admin(client, "POST", path, json={"overlap_seconds": 60}).get_json()
    same = set(made) - {"key", "shown", "previous_until"}
    assert {name: turned[name] for name in same} == {name: made[name] for name in same}
    assert turned["key"] != made["key"]
    assert turned["previous_until"] > turned["created_at"]
    for key in (made["key"], turned["key"]):
        assert status(client, key, address) == 200
    last = as_admin(client, "POST", path, json={}).get_json()
    assert [status(client, k["key"], address) for k in (made, turned, last)] == [401, 401, 200]


def test_a_revocation(client: FlaskClient) -> None:
    """It holds at once, a second one changes nothing, and the key cannot be brought back."""
    made = issued(client)
    assert status(client, made["key"]) == 200
    for _ in range(2):
        assert as_admin(client, "DELETE", f"{KEYS}/{made['id']}").status_code == 204
        answer = client.get("/api/me", headers=bearer(made["key"]))
        said = is_problem(answer, 401, "not_authenticated")["detail"]
        assert said.startswith("This key was revoked on ")
    assert read(client, made["id"])["state"] == "revoked"
    is_problem(as_admin(client, "PATCH", f"{KEYS}/{made['id']}", json={}), 409, "conflict")
    is_problem(as_admin(client, "POST", f"{KEYS}/{made['id']}/rotate", json={}), 409, "conflict")


@pytest.mark.parametrize("key_id", ["key_none", "%00", "%F0%9F%98%80", "x" * 500])
def test_an_id_that_nobody_has(client: FlaskClient, key_id: str) -> None:
    """There is nothing to read, change, rotate or revoke."""
    for method, path in (("GET", ""), ("PATCH", ""), ("POST", "/rotate"), ("DELETE", "")):
        answer = as_admin(client, method, f"{KEYS}/{key_id}{path}", json={})
        is_problem(answer, 404, "not_found")


def test_teams(client: FlaskClient) -> None:
    """A team is put as a whole, listed by its name, and its keys' answers are limited by it."""
    path = "/api/admin/teams/blue%20ones"
    body = {"limits": {"max_output_tokens": 5}, "budgets": {"day": 3}}
    limits = {**_NONE, "max_output_tokens": 5}
    whole = {"name": "blue ones", "limits": limits, "budgets": {"day": "3"}}
    assert as_admin(client, "PUT", path, json=body).get_json() == whole
    key = issued(client, team="blue ones", limits={"max_output_tokens": 9})["key"]
    me = client.get("/api/me", headers=bearer(key)).get_json()
    assert me["limits"]["max_output_tokens"] == 5
    assert whole in as_admin(client, "GET", "/api/admin/teams").get_json()["teams"]
    assert as_admin(client, "PUT", path, json={}).get_json() == {
        "name": "blue ones",
        "limits": _NONE,
        "budgets": {},
    }
    me = client.get("/api/me", headers=bearer(key)).get_json()
    assert me["limits"]["max_output_tokens"] == 9


def test_owners_are_apart(client: FlaskClient, services: Services) -> None:
    """Two keys of one owner see the same, and another owner's key sees that there is nothing."""
    theirs = f"/api/conversations/{planted(services, 'ada', 'Hers')}"
    for owner, expected in (("ada", 200), ("ada", 200), ("eve", 404), ("Ada", 404)):
        assert status(client, issued(client, owner=owner)["key"], theirs) == expected
    assert status(client, ADMIN, theirs) == 404
