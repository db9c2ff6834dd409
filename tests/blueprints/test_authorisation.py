"""Everybody at every door: strangers, other tenants, other users, and pages of other sites.

The rows are the routes that there are, with what tests/blueprints/routes.py says of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.accounts import SCOPES
from app.services import Services
from app.services.people import under
from tests.blueprints.issuing import ADMIN, bearer, issued
from tests.blueprints.routes import ROUTES, is_public
from tests.blueprints.shared import application
from tests.blueprints.talk import rows

_MARKER = "marker-7fd1c0"
_READING = {"GET", "HEAD", "OPTIONS"}


class Door(NamedTuple):
    rule: str
    method: str


class Things(NamedTuple):
    """What is Ada's: `ids` by their names, and `headers` to get at them."""

    ids: Mapping[str, str]
    headers: dict[str, str]

    def put_in(self, text: str) -> str:
        for name, found in self.ids.items():
            text = text.replace(f"{{{name}}}", found)
        return text


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    with application(tmp_path_factory.mktemp("authorisation"), port=8000, admin_key=ADMIN) as made:
        yield made


@pytest.fixture(scope="module")
def doors(app: Flask) -> list[Door]:
    return sorted(
        {
            Door(rule.rule, method)
            for rule in app.url_map.iter_rules()
            if not rule.websocket
            for method in rule.methods or ()
        }
    )


@pytest.fixture(scope="module")
def ada(app: Flask) -> Things:
    """A user of a key, with a conversation of hers."""
    client = app.test_client()
    key = issued(client, owner="tenant-of-ada", scopes=["chat", "extract", "agent", "users"])
    headers = {**bearer(key["key"]), "X-User-ID": "ada"}
    body = {"message": f"My name is {_MARKER}."}
    answer = client.post("/api/chat", json=body, headers=headers, buffered=True)
    assert answer.status_code == 200, answer.text
    said = answer.get_json()
    ids = {
        "conversation_id": said["conversation_id"],
        "run_id": said["run_id"],
        "message_id": said["message"]["id"],
        "chat_id": said["conversation_id"],
        "key_id": key["id"],
    }
    return Things(ids, headers)


@pytest.fixture(scope="module")
def strangers(app: Flask, ada: Things) -> dict[str, dict[str, str]]:
    """Who may do everything but administer, and has nothing of Ada's."""
    other = issued(app.test_client(), owner="eve", scopes=["chat", "extract", "agent", "users"])
    same = {"Authorization": ada.headers["Authorization"]}
    return {
        "another tenant": bearer(other["key"]),
        "another tenant's user of her name": {**bearer(other["key"]), "X-User-ID": "ada"},
        "another user of her tenant's": {**same, "X-User-ID": "bob"},
        "her tenant itself": same,
    }


def knock(
    client: FlaskClient, door: Door, things: Things, headers: Mapping[str, str]
) -> TestResponse:
    """Ask for what is Ada's, or would be."""
    entry = ROUTES[door.rule]
    path = door.rule.replace("<path:filename>", "icon.svg").replace("<path:model>", "demo/demo")
    path = path.replace("<", "{").replace(">", "}")
    given = {**things.ids, "name": "translate", "call_id": "call_x"}
    path = Things(given, {}).put_in(path)
    query = things.put_in(entry.query) if door.method == "GET" else ""
    body = json.loads(things.put_in(json.dumps(entry.bodies.get(door.method, {}))))
    return client.open(
        path, method=door.method, query_string=query, json=body, headers=headers, buffered=True
    )


def test_every_route_is_entered(doors: list[Door]) -> None:
    """A route that nobody has thought about fails here: enter it in tests/blueprints/routes.py."""
    assert {door.rule for door in doors} == set(ROUTES)


def test_no_parameter_is_left_open(app: Flask, ada: Things) -> None:
    """Each part of an address that names something is filled in with something that is there."""
    known = {*ada.ids, "name", "call_id", "filename", "model"}
    assert {name for rule in app.url_map.iter_rules() for name in rule.arguments} <= known


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"x-api-key": "wrong"},
        {"Cookie": f"parley_session={'A' * 43}"},
        {"X-User-ID": "ada"},
    ],
    ids=["nothing", "a wrong key", "another wrong key", "a wrong cookie", "a user's id"],
)
def test_strangers(
    client: FlaskClient,
    services: Services,
    doors: list[Door],
    ada: Things,
    headers: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without a key that is right nothing opens but what is public, and nothing happens."""
    monkeypatch.setattr(services.identity._throttle, "wrong", lambda address: None)
    before = rows(services)
    for door in doors:
        answer = knock(client, door, ada, headers)
        assert _MARKER not in answer.text, door
        if not is_public(*door):
            assert answer.status_code == 401, door
    assert rows(services) == before


@pytest.mark.parametrize("scope", SCOPES)
def test_each_scope_opens_its_own(
    client: FlaskClient, doors: list[Door], ada: Things, scope: str
) -> None:
    """A key with one scope is let in where that is asked for, and nowhere else."""
    key = bearer(issued(client, owner="mallory", scopes=[scope])["key"])
    # Some of what opens would end what is Ada's: here the ids lead nowhere.
    nothing = Things(dict.fromkeys(ada.ids, "x"), {})
    refused = 0
    for door in doors:
        entry = ROUTES[door.rule]
        if is_public(*door):
            continue
        answer = knock(client, door, nothing, key)
        if scope not in entry.scopes:
            assert answer.status_code == 403, door
            assert door.method == "HEAD" or "a key with the scope" in answer.text, door
            refused += 1
        elif not entry.narrower:
            assert answer.status_code not in (401, 403), door
    assert refused > 10


_WHO = [
    "another tenant",
    "another tenant's user of her name",
    "another user of her tenant's",
    "her tenant itself",
]


@pytest.mark.parametrize("who", _WHO)
def test_what_is_somebody_elses_is_not_there(
    client: FlaskClient,
    services: Services,
    doors: list[Door],
    ada: Things,
    strangers: dict[str, dict[str, str]],
    who: str,
) -> None:
    """Who asks for another's by its id learns nothing, not even that it is there; what is one's
    own, or everybody's, says nothing of others.
    """
    hers = services.conversations.messages(owner(services, ada), ada.ids["conversation_id"])
    for door in doors:
        answer = knock(client, door, ada, strangers[who])
        if door.method == "OPTIONS" or (answer.status_code == 405 and "HEAD" in door):
            continue
        assert _MARKER not in answer.text, door
        entry = ROUTES[door.rule]
        if entry.about != "somebody's" or is_public(*door):
            continue
        if entry.scopes == {"admin"}:
            assert answer.status_code == 403, door
        elif answer.status_code not in entry.absent:
            assert 400 <= answer.status_code < 500, door
            assert answer.status_code == 422, door  # a body that is of no use there
    after = services.conversations.messages(owner(services, ada), ada.ids["conversation_id"])
    assert after == hers


def test_it_is_there_for_her(client: FlaskClient, ada: Things, doors: list[Door]) -> None:
    """The same knocks open for Ada herself, so that what others are refused is really there."""
    reading = [door for door in doors if door.method == "GET"]
    opened = [
        door.rule for door in reading if _MARKER in knock(client, door, ada, ada.headers).text
    ]
    assert {
        "/api/conversations",
        "/api/conversations/<conversation_id>/messages",
        "/api/conversations/<conversation_id>/export",
        "/api/me/export",
    } <= set(opened)


def test_a_page_of_another_site(
    client: FlaskClient, services: Services, doors: list[Door], ada: Things
) -> None:
    """With a cookie alone nothing can be changed anywhere, though it is an administrator's."""
    assert client.post("/api/session", json={"key": ADMIN}).status_code == 200
    before, tried = rows(services), 0
    for door in doors:
        if door.method in _READING or is_public(*door):
            continue
        answer = knock(client, door, ada, {})
        assert answer.status_code == 403, door
        assert "X-CSRF-Token" in answer.text, door
        tried += 1
    assert tried > 20
    assert rows(services) == before


def owner(services: Services, things: Things) -> str:
    """As whom Ada's things are kept."""
    sent = things.headers["Authorization"].removeprefix("Bearer ")
    return under(services.identity.of(sent, "192.0.2.9"), things.headers["X-User-ID"]).owner
