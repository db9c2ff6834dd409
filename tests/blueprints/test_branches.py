"""Edits and second answers: branches of a tree in which nothing is overwritten."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.services import Services
from tests.blueprints.shared import against, application
from tests.blueprints.talk import chat, frames, is_problem, messages, rows, streamed
from tests.upstream import Upstream


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, upstream: Upstream) -> Iterator[Flask]:
    with application(
        tmp_path_factory.mktemp("shared"), **against(upstream), chat_model="openai/mock-1"
    ) as made:
        yield made


@pytest.fixture
def conversation(client: FlaskClient) -> str:
    """Two turns: one, two."""
    first = chat(client, "one")
    chat(client, "two", conversation_id=first["conversation_id"])
    return str(first["conversation_id"])


def sent(upstream: Upstream) -> list[str]:
    return [message["content"] for message in upstream.requests[-1]["messages"]]


def test_an_edit_is_a_sibling(client: FlaskClient, conversation: str, upstream: Upstream) -> None:
    """A message under an earlier answer starts a branch of its own; the old one stays."""
    before = messages(client, conversation)
    edited = chat(client, "two, edited", conversation_id=conversation, parent_id=before[1]["id"])
    after = messages(client, conversation)
    assert after[:4] == before
    assert [m["content"] for m in after[4:]] == ["two, edited", "t0 "]
    assert after[4]["parent_id"] == before[2]["parent_id"] == before[1]["id"]
    assert after[5]["parent_id"] == after[4]["id"]
    assert after[5]["id"] == edited["message"]["id"]
    assert sent(upstream) == ["one", "t0 ", "two, edited"]


def test_the_next_turn_follows_the_newest(
    client: FlaskClient, conversation: str, upstream: Upstream
) -> None:
    """Without a parent a message goes on where the last one was written, on its branch alone."""
    before = messages(client, conversation)
    chat(client, "edited", conversation_id=conversation, parent_id=before[1]["id"])
    chat(client, "three", conversation_id=conversation)
    assert sent(upstream) == ["one", "t0 ", "edited", "t0 ", "three"]
    chat(client, "old branch", conversation_id=conversation, parent_id=before[3]["id"])
    assert sent(upstream) == ["one", "t0 ", "two", "t0 ", "old branch"]


def test_null_is_a_new_root(client: FlaskClient, conversation: str, upstream: Upstream) -> None:
    """The first message can be edited too: `parent_id: null` stands beside it."""
    before = messages(client, conversation)
    streamed(client, "uno", conversation_id=conversation, parent_id=None)
    after = messages(client, conversation)
    assert after[:4] == before
    assert (after[4]["parent_id"], after[5]["parent_id"]) == (None, after[4]["id"])
    assert sent(upstream) == ["uno"]


@pytest.mark.parametrize("route", ["regenerate", "regenerate/stream"])
@pytest.mark.parametrize(("place", "asked"), [(None, 2), (3, 2), (2, 2), (1, 0), (0, 0)])
def test_another_answer_stands_beside_the_first(
    client: FlaskClient,
    conversation: str,
    upstream: Upstream,
    route: str,
    place: int | None,
    asked: int,
) -> None:
    """Named by answer, by question or not at all, the question is answered again, and no more."""
    before = messages(client, conversation)
    body = {"model": "anthropic/mock-2"} | (
        {} if place is None else {"message_id": before[place]["id"]}
    )
    path = f"/api/conversations/{conversation}/{route}"
    answer = client.post(path, json=body, buffered=True)
    if route == "regenerate":
        said = answer.get_json()
        told = (said["message"]["content"], said["message"]["id"])
    else:
        events = frames(answer.data)
        told = ("t0 t1 ", events[0].data["message_id"])
        assert events[-1].event == "done"
        assert events[0].data["user_message_id"] == before[asked]["id"]
    after = messages(client, conversation)
    assert after[:4] == before
    assert len(after) == 5
    assert (after[4]["content"], after[4]["id"]) == told
    assert (after[4]["parent_id"], after[4]["model"]) == (before[asked]["id"], "anthropic/mock-2")
    assert sent(upstream) == [m["content"] for m in before[: asked + 1]]


@pytest.mark.parametrize("kind", ["unknown", "foreign"])
def test_a_parent_must_be_in_the_conversation(
    client: FlaskClient, services: Services, conversation: str, kind: str
) -> None:
    """A message that is not there, or elsewhere, is no parent and is not answered again."""
    other = chat(client, "elsewhere")["message"]["id"]
    wanted = "msg_none" if kind == "unknown" else other
    before = rows(services)
    for path, body in (
        ("/api/chat", {"message": "x", "conversation_id": conversation, "parent_id": wanted}),
        (
            "/api/chat/stream",
            {"message": "x", "conversation_id": conversation, "parent_id": wanted},
        ),
        (f"/api/conversations/{conversation}/regenerate", {"message_id": wanted}),
        (f"/api/conversations/{conversation}/regenerate/stream", {"message_id": wanted}),
    ):
        is_problem(client.post(path, json=body, buffered=True), 404, "not_found")
    assert rows(services) == before


def test_a_parent_needs_its_conversation(client: FlaskClient, services: Services) -> None:
    """A parent without the conversation that it belongs to is the caller's error, by field."""
    before = rows(services)
    answer = client.post("/api/chat", json={"message": "x", "parent_id": "msg_1"}, buffered=True)
    assert "parent_id" in is_problem(answer, 422, "invalid_request")["errors"]
    assert rows(services) == before
