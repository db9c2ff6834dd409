"""What people say of answers: given, changed, taken back, counted."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from app.services import Services
from tests.blueprints.issuing import ADMIN, as_admin, bearer, issued
from tests.blueprints.talk import chat, is_problem, messages

_PATH = "/api/feedback"


def answered(client: FlaskClient) -> tuple[str, str]:
    """The ids of a conversation and of its answer."""
    said = chat(client)
    return said["conversation_id"], said["message"]["id"]


def given(client: FlaskClient, conversation_id: str) -> list[dict[str, Any]]:
    query = {"conversation_id": conversation_id}
    found: list[dict[str, Any]] = client.get(_PATH, query_string=query).get_json()["feedback"]
    return found


def test_it_is_kept(client: FlaskClient) -> None:
    """An answer is rated with or without a comment; a second time replaces the first."""
    conversation_id, message_id = answered(client)
    said = {"message_id": message_id, "rating": "down", "comment": "Not \0 true 😀"}
    first = client.post(_PATH, json=said)
    assert (first.status_code, first.get_json()["comment"]) == (200, "Not \0 true 😀")
    assert given(client, conversation_id) == [first.get_json()]
    client.post(_PATH, json={"message_id": message_id, "rating": "up"})
    (kept,) = given(client, conversation_id)
    assert (kept["rating"], kept["comment"]) == ("up", None)


def test_it_is_taken_back(client: FlaskClient) -> None:
    """Taken back it is gone, and taken back again it still is."""
    conversation_id, message_id = answered(client)
    client.post(_PATH, json={"message_id": message_id, "rating": "up"})
    for _ in range(2):
        assert client.delete(f"{_PATH}/{message_id}").status_code == 204
        assert given(client, conversation_id) == []


def test_only_of_answers(client: FlaskClient) -> None:
    """A question cannot be rated, nor what does not exist."""
    conversation_id, _ = answered(client)
    question = messages(client, conversation_id)[0]["id"]
    for message_id in (question, "msg_nothing", "msg_\0"):
        answer = client.post(_PATH, json={"message_id": message_id, "rating": "up"})
        is_problem(answer, 404, "not_found")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"message_id": "m"},
        {"message_id": "m", "rating": "good"},
        {"message_id": "m", "rating": "up", "stars": 5},
        {"message_id": "m", "rating": "up", "comment": "x" * 4001},
    ],
)
def test_bad_bodies(client: FlaskClient, body: dict[str, Any]) -> None:
    """What is not as it should be is refused, by field."""
    assert is_problem(client.post(_PATH, json=body), 422, "invalid_request")["errors"]


def test_it_goes_with_the_conversation(client: FlaskClient, services: Services) -> None:
    """A deleted conversation leaves no rating behind."""
    conversation_id, message_id = answered(client)
    client.post(_PATH, json={"message_id": message_id, "rating": "up"})
    client.delete(f"/api/conversations/{conversation_id}")
    assert client.get("/api/usage").get_json()["feedback"]["up"] == 0


def test_satisfaction(client: FlaskClient) -> None:
    """The usage says how many were content; nobody's word is no figure."""
    assert client.get("/api/usage").get_json()["feedback"]["satisfaction"] is None
    for rating in ("up", "up", "down", "up"):
        _, message_id = answered(client)
        client.post(_PATH, json={"message_id": message_id, "rating": rating})
    found = client.get("/api/usage").get_json()["feedback"]
    assert found == {"up": 3, "down": 1, "satisfaction": 0.75}
    past = client.get("/api/usage?from=2020-01-01&to=2020-01-31").get_json()
    assert past["feedback"]["up"] == 0


class TestOwners:
    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"admin_key": ADMIN, "port": 8000}

    def test_nobody_elses(self, client: FlaskClient) -> None:
        """Another's answer is not there: neither to be rated, nor to be seen rated."""
        ada, eve = (bearer(issued(client, owner=name)["key"]) for name in ("ada", "eve"))
        said = client.post("/api/chat", json={"message": "x"}, headers=ada, buffered=True)
        conversation_id = said.get_json()["conversation_id"]
        body = {"message_id": said.get_json()["message"]["id"], "rating": "down"}
        is_problem(client.post(_PATH, json=body, headers=eve), 404, "not_found")
        assert client.post(_PATH, json=body, headers=ada).status_code == 200
        client.delete(f"{_PATH}/{body['message_id']}", headers=eve)
        query = {"conversation_id": conversation_id}
        is_problem(client.get(_PATH, query_string=query, headers=eve), 404, "not_found")
        mine = client.get(_PATH, query_string=query, headers=ada).get_json()["feedback"]
        assert len(mine) == 1

    def test_by_whose(self, client: FlaskClient) -> None:
        """The installation's usage has all ratings, and those of one owner or team."""
        key = issued(client, owner="ada", team="blue")["key"]
        said = client.post("/api/chat", json={"message": "x"}, headers=bearer(key), buffered=True)
        body = {"message_id": said.get_json()["message"]["id"], "rating": "up"}
        client.post(_PATH, json=body, headers=bearer(key))
        for query, up in (
            ({}, 1),
            ({"team": "blue"}, 1),
            ({"team": "red"}, 0),
            ({"owner": "eve"}, 0),
        ):
            found = as_admin(client, "GET", "/api/admin/usage", query_string=query).get_json()
            assert found["feedback"]["up"] == up
