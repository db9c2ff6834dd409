"""What was said: listed, read, renamed, deleted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import gevent
import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, update

from app.services import Services
from app.storage import conversations
from app.storage.database import Transaction
from app.storage.tables import conversations as table
from tests.blueprints.keeping import listed
from tests.blueprints.talk import chat, eventually, is_problem, live, rows
from tests.blueprints.talk import messages as read_messages
from tests.properties import examples
from tests.upstream import Upstream


@examples(30)
@given(times=st.lists(st.integers(0, 3), max_size=9), limit=st.integers(1, 4))
def test_pages_joined_are_the_list(
    client: FlaskClient, services: Services, times: list[int], limit: int
) -> None:
    """Following the cursor shows each conversation once, the newest first, and no one else's."""

    def plant(tx: Transaction) -> None:
        tx.execute(delete(table))
        for number, moment in enumerate(times):
            made = conversations.create(tx, "local", str(number), None)
            tx.execute(update(table).where(table.c.id == made.id).values(updated_at=moment))
        conversations.create(tx, "eve", "hers", None)

    services.database.write(plant)
    seen = listed(client, limit=limit)
    assert sorted(int(made["title"]) for made in seen) == list(range(len(times)))
    order = [(made["updated_at"], made["id"]) for made in seen]
    assert order == sorted(order, reverse=True)


def test_a_conversation_has_every_field(client: FlaskClient) -> None:
    """Id, title, system prompt and times, in the list as by itself; times are UTC."""
    before = datetime.now(UTC) - timedelta(seconds=1)
    said = chat(client, "Hello  there\nworld", system="Be brief")
    [shown] = listed(client)
    assert client.get(f"/api/conversations/{said['conversation_id']}").get_json() == shown
    assert set(shown) == {"id", "title", "system", "created_at", "updated_at"}
    assert (shown["id"], shown["title"]) == (said["conversation_id"], "Hello there world")
    assert shown["system"] == "Be brief"
    for name in ("created_at", "updated_at"):
        moment = datetime.fromisoformat(shown[name])
        assert moment.utcoffset() == timedelta(0)
        assert before <= moment <= datetime.now(UTC)


def test_a_new_turn_moves_a_conversation_up(client: FlaskClient) -> None:
    """The one that was spoken in last is the first of the list."""
    first, second = chat(client, "one"), chat(client, "two")
    gevent.sleep(0.002)
    chat(client, "again", conversation_id=first["conversation_id"])
    ids = [made["id"] for made in listed(client)]
    assert ids == [first["conversation_id"], second["conversation_id"]]


def test_a_long_title_is_cut(client: FlaskClient) -> None:
    """The first message names the conversation, in at most 60 characters."""
    chat(client, "word " * 40)
    [shown] = listed(client)
    assert len(shown["title"]) <= 60
    assert shown["title"].startswith("word word")
    assert shown["title"].endswith("…")


def test_renaming(client: FlaskClient) -> None:
    """A new title is answered, kept and found; the time of the last word stays."""
    made = chat(client, "Old name")["conversation_id"]
    before = client.get(f"/api/conversations/{made}").get_json()
    answer = client.patch(f"/api/conversations/{made}", json={"title": "Größe 😀"})
    assert answer.get_json() == {**before, "title": "Größe 😀"}
    assert listed(client, q="GRÖSSE") == [answer.get_json()]


def test_messages_have_every_field(client: FlaskClient) -> None:
    """Question and answer carry the same fields; what only an answer has is null for a question."""
    said = chat(client, "Hi")
    asked, answered = read_messages(client, said["conversation_id"])
    known = {"model", "finish_reason", "error", "usage", "cost_usd", "run_id"}
    common = {"id", "parent_id", "role", "content", "reasoning", "images", "status", "created_at"}
    assert set(asked) == set(answered) == known | common | {"truncated_turns", "tool_calls"}
    assert {asked[name] for name in known} == {None}
    assert answered["usage"] == said["usage"]
    assert (answered["model"], answered["finish_reason"]) == ("demo/demo", "stop")
    assert (answered["run_id"], answered["cost_usd"]) == (said["run_id"], 0.0)


def test_deleting(client: FlaskClient, services: Services) -> None:
    """A deleted conversation is gone with its messages and runs; another stays."""
    gone, stays = chat(client, "one"), chat(client, "two")
    path = f"/api/conversations/{gone['conversation_id']}"
    answer = client.delete(path)
    assert (answer.status_code, answer.data) == (204, b"")
    assert rows(services) == {"conversations": 1, "messages": 2, "runs": 1}
    for address in (path, f"{path}/messages", f"/api/runs/{gone['run_id']}"):
        is_problem(client.get(address), 404, "not_found")
    is_problem(client.delete(path), 404, "not_found")
    assert [made["id"] for made in listed(client)] == [stays["conversation_id"]]


class TestWhileARunGoesOn:
    """Deleting does not wait for the model."""

    @pytest.fixture
    def settings(self, with_upstream: dict[str, Any]) -> dict[str, Any]:
        return {**with_upstream, "read_timeout": 15.0, "first_byte_timeout": 15.0}

    @pytest.mark.parametrize("kind", ["stall-3", "silent-0", "mock-1000-5000"])
    def test_deleting_stops_it(
        self,
        client: FlaskClient,
        services: Services,
        upstream: Upstream,
        kind: str,
    ) -> None:
        """The stream ends as stopped, the provider is left, and nothing is stored any more."""
        with live(client, model=f"openai/{kind}") as stream:
            start = stream.read_until(b"event: start").frames[0].data
            eventually(lambda: upstream.open == 1)
            deleted = client.delete(f"/api/conversations/{start['conversation_id']}")
            assert deleted.status_code == 204
            end = stream.read_all()[-1]
        assert (end.event, end.data["finish_reason"]) == ("done", "stopped")
        eventually(lambda: upstream.open == 0)
        assert rows(services) == {"conversations": 0, "messages": 0, "runs": 0}
