"""What is kept of somebody: taken away, deleted, or never kept."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from sqlalchemy import select

from app.services import Services
from app.storage import privacy
from app.storage.tables import calls, metadata, sessions
from tests.blueprints.issuing import ADMIN, bearer, issued
from tests.blueprints.talk import (
    chat,
    eventually,
    frames,
    is_problem,
    live,
    messages,
    rows,
    streamed,
    text,
)
from tests.properties import examples, texts

_EXPORT, _DATA = "/api/me/export", "/api/me/data"


def exported(client: FlaskClient, **sent: Any) -> dict[str, Any]:
    answer = client.get(_EXPORT, buffered=True, **sent)
    assert answer.status_code == 200, answer.text[:300]
    assert answer.headers["Content-Disposition"] == "attachment; filename=parley-export.json"
    found: dict[str, Any] = json.loads(answer.data)
    return found


def test_every_table_is_thought_of() -> None:
    """A table is deleted from with its owner, or kept because nobody's words are in it."""
    named = {table.name for table in (*privacy.DELETED, *privacy.KEPT)}
    assert named == set(metadata.tables)
    assert not set(privacy.DELETED) & set(privacy.KEPT)


def test_what_goes_with_conversations_goes_by_itself() -> None:
    """Each of these hangs on another by a foreign key that cascades."""
    for table in privacy.WITH_CONVERSATIONS:
        assert any(key.ondelete == "CASCADE" for key in table.foreign_keys), table.name


def test_the_export_has_all(client: FlaskClient) -> None:
    """Conversations with every branch and what a prompt was asked, runs, calls and feedback."""
    said = chat(client, "First \0 thing")
    client.post(f"/api/conversations/{said['conversation_id']}/regenerate", json={}, buffered=True)
    client.post("/api/prompts/summarize", json={"variables": {"text": "Long."}}, buffered=True)
    body = {"message_id": said["message"]["id"], "rating": "up", "comment": "Fine."}
    client.post("/api/feedback", json=body)
    found = exported(client)
    assert found["owner"] == "local"
    assert [len(c["messages"]) for c in found["conversations"]] == [3, 2]
    first = found["conversations"][0]["messages"][0]
    assert first["parts"][0]["text"] == "First \0 thing"
    assert len(found["runs"]) == len(found["calls"]) == 3
    assert found["calls"][0]["state"] == "ok"
    assert found["feedback"][0]["comment"] == "Fine."


def test_the_export_of_nothing(client: FlaskClient) -> None:
    """Whoever has said nothing gets a whole, empty document."""
    found = exported(client)
    assert all(found[name] == [] for name in ("conversations", "runs", "calls", "feedback"))


def test_the_export_of_much(
    client: FlaskClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many pages it takes, everything is in it once."""
    monkeypatch.setattr("app.services.privacy._READ", 2)
    made = {chat(client)["conversation_id"] for _ in range(5)}
    found = exported(client)
    assert [c["id"] for c in found["conversations"]] == sorted(made)
    assert len({run["id"] for run in found["runs"]}) == len(found["runs"]) == 5


@given(said=texts.filter(str.strip))
@examples(20)
def test_whatever_was_said_is_in_it(client: FlaskClient, said: str) -> None:
    """Any text comes out of the export as it went in."""
    chat(client, said)
    parts = exported(client)["conversations"][-1]["messages"][0]["parts"]
    assert parts[-1]["text"] == said


def test_deleting(client: FlaskClient, services: Services) -> None:
    """All is gone, but a line for each call with what it cost; and it can be done again."""
    said = chat(client, "Secret thing", cache=True)
    run_id = streamed(client, "Another")[0].data["run_id"]
    client.post("/api/feedback", json={"message_id": said["message"]["id"], "rating": "up"})
    answer = client.delete(_DATA)
    assert (answer.status_code, answer.get_json()) == (
        200,
        {"conversations": 2, "messages": 4, "runs": 2, "feedback": 1},
    )
    assert set(rows(services).values()) == {0}
    is_problem(client.get(f"/api/runs/{run_id}/events", buffered=True), 404, "not_found")
    assert "cached" not in chat(client, "Secret thing", cache=True)
    left = services.database.read(lambda tx: tx.execute(select(calls)).mappings().all())
    assert len(left) == 3
    assert "Secret" not in str(left)
    client.delete(_DATA)
    assert client.delete(_DATA).get_json()["conversations"] == 0


def test_deleting_much(
    client: FlaskClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes a few at a time until nothing is left."""
    monkeypatch.setattr("app.services.privacy._REMOVED", 2)
    for _ in range(5):
        chat(client)
    assert client.delete(_DATA).get_json()["conversations"] == 5
    assert set(rows(services).values()) == {0}


def test_an_idempotency_key_is_free_again(client: FlaskClient) -> None:
    """What a key stood for is gone with the rest."""
    headers = {"Idempotency-Key": "once"}
    for message in ("one", "two"):
        answer = client.post("/api/chat", json={"message": message}, headers=headers, buffered=True)
        assert answer.status_code == 200
        client.delete(_DATA)


class TestWhileItRuns:
    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"demo_tokens_per_second": 20.0}

    def test_what_runs_is_stopped(self, client: FlaskClient, services: Services) -> None:
        """An answer under way ends, and what it had said is not stored afterwards."""
        with live(client, "code, a table and a list, please") as stream:
            stream.read_until(b"event: delta")
            assert client.delete(_DATA).status_code == 200
            assert stream.read_all()[-1].event == "done"
        assert set(rows(services).values()) == {0}
        assert services.live.of("local") == []


class TestOwners:
    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"admin_key": ADMIN, "port": 8000}

    def test_nobody_elses(self, client: FlaskClient, services: Services) -> None:
        """Neither the file nor the deletion touches what is another's."""
        ada, eve = (bearer(issued(client, owner=name)["key"]) for name in ("ada", "eve"))
        for headers in (ada, eve):
            client.post("/api/chat", json={"message": "x"}, headers=headers, buffered=True)
        before = exported(client, headers=eve)
        assert len(before["conversations"]) == len(before["calls"]) == 1
        assert client.delete(_DATA, headers=ada).get_json()["conversations"] == 1
        after = exported(client, headers=eve)
        assert after["conversations"] == before["conversations"]
        assert exported(client, headers=ada)["conversations"] == []

    def test_users_of_a_key(self, client: FlaskClient) -> None:
        """One user of a key takes away and deletes their own, and not what the others have."""
        key = bearer(issued(client, owner="ada", scopes=["chat", "users"])["key"])
        ann, bob = ({**key, "X-User-ID": name} for name in ("ann", "bob"))
        for headers in (ann, bob):
            client.post("/api/chat", json={"message": "x"}, headers=headers, buffered=True)
        assert len(exported(client, headers=ann)["calls"]) == 1
        assert client.delete(_DATA, headers=ann).get_json()["conversations"] == 1
        assert len(exported(client, headers=bob)["conversations"]) == 1

    def test_sessions_end(self, client: FlaskClient, services: Services) -> None:
        """Whoever was signed in as the owner is not any more."""
        made = issued(client, owner="ada")
        assert client.post("/api/session", json={"key": made["key"]}).status_code in (200, 201)
        client.delete_cookie("parley_session")
        client.delete(_DATA, headers=bearer(made["key"]))
        left = services.database.read(lambda tx: tx.execute(select(sessions)).all())
        assert left == []


class TestNotKept:
    @pytest.mark.parametrize("path", ["/api/chat", "/api/chat/stream"])
    def test_nothing_is_kept(self, client: FlaskClient, services: Services, path: str) -> None:
        """With `store: false` there is the answer, a line in the ledger, and nothing else."""
        answer = client.post(path, json={"message": "A secret", "store": False}, buffered=True)
        assert answer.status_code == 200
        assert set(rows(services).values()) == {0}
        assert services.live.of("local") == []
        (line,) = services.database.read(lambda tx: tx.execute(select(calls)).mappings().all())
        assert (line["state"], line["conversation_id"]) == ("ok", "")

    def test_the_answer(self, client: FlaskClient) -> None:
        """It says what any answer says, without a conversation to go on in."""
        kept = chat(client, "Hello")
        answer = chat(client, "Hello", store=False)
        assert answer["message"]["content"] == kept["message"]["content"]
        assert (answer["conversation_id"], answer["message"]["id"]) == (None, None)
        assert set(answer) == set(kept)

    def test_the_stream(self, client: FlaskClient) -> None:
        """Its stream is one like all; when it has ended it cannot be read again."""
        events = streamed(client, "Hello", store=False)
        assert (events[0].event, events[-1].event) == ("start", "done")
        assert text(events) == text(streamed(client, "Hello"))
        run_id = events[0].data["run_id"]
        is_problem(client.get(f"/api/runs/{run_id}/events", buffered=True), 404, "not_found")

    def test_leaving_ends_it(self, client: FlaskClient, services: Services) -> None:
        """When its reader leaves, nothing is left of it anywhere."""
        with live(client, "code, a table and a list, please", store=False) as stream:
            stream.read_until(b"event: start")
        eventually(lambda: services.live.of("local") == [])

    @pytest.mark.parametrize(
        "also",
        [
            {"conversation_id": "conv_1"},
            {"parent_id": "msg_1"},
            {"cache": True},
            {"on_disconnect": "continue"},
        ],
    )
    def test_what_needs_to_be_kept(self, client: FlaskClient, also: dict[str, Any]) -> None:
        """What contradicts it is refused, and not ignored."""
        answer = client.post("/api/chat", json={"message": "x", "store": False, **also})
        assert set(is_problem(answer, 422, "invalid_request")["errors"]) == set(also)

    def test_no_key_for_what_is_not_there(self, client: FlaskClient) -> None:
        """An Idempotency-Key would need an answer to find."""
        headers = {"Idempotency-Key": "k"}
        answer = client.post("/api/chat", json={"message": "x", "store": False}, headers=headers)
        is_problem(answer, 422, "invalid_request")

    def test_true_is_the_rule(self, client: FlaskClient) -> None:
        """Asked to be kept, it is, as without a word."""
        said = chat(client, store=True)
        assert len(messages(client, said["conversation_id"])) == 2


def test_a_replay_from_memory_is_gone(client: FlaskClient, services: Services) -> None:
    """Also what belongs to no conversation, as an extraction, is forgotten."""
    body = {"schema": "contact", "text": "Ada Lovelace, ada@example.org"}
    said = client.post("/api/extract/stream", json=body, buffered=True)
    run_id = frames(said.data)[0].data["run_id"]
    assert client.get(f"/api/runs/{run_id}/events", buffered=True).status_code == 200
    client.delete(_DATA)
    is_problem(client.get(f"/api/runs/{run_id}/events", buffered=True), 404, "not_found")
