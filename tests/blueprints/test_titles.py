"""Titles that conversations get by themselves, and in whose way that never is."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import gevent
import pytest
from flask.testing import FlaskClient

from app.services import Services
from tests.blueprints.issuing import ADMIN, bearer, issued
from tests.blueprints.shared import against
from tests.blueprints.talk import chat, eventually, streamed
from tests.upstream import Upstream

_QUESTION = "What is a greenlet?"


@pytest.fixture
def titled_by() -> str | None:
    return "anthropic/mock-2"


@pytest.fixture
def settings(upstream: Upstream, titled_by: str | None) -> dict[str, Any]:
    given = {**against(upstream), "first_byte_timeout": 10.0, "chat_model": "openai/mock-3"}
    return {**given, "title_model": titled_by}


def title(client: FlaskClient, conversation_id: str) -> str:
    return str(client.get(f"/api/conversations/{conversation_id}").get_json()["title"])


def calls(client: FlaskClient) -> Mapping[str | None, Any]:
    found = client.get("/api/usage?group_by=prompt").get_json()["rows"]
    return {row["prompt"]: (row["calls"], row["failed"]) for row in found}


def titles_are_over(client: FlaskClient, services: Services) -> None:
    """Whatever was begun has ended."""
    gevent.sleep(0)
    eventually(lambda: not services.titles.working)


def test_a_title_after_the_first_answer(
    client: FlaskClient, services: Services, upstream: Upstream
) -> None:
    """It comes from the question and the answer, and its call is in the ledger."""
    said = streamed(client, _QUESTION)[0].data["conversation_id"]
    eventually(lambda: title(client, said) == "t0 t1")
    asked = upstream.requests[-1]["messages"][-1]["content"]
    assert _QUESTION in str(asked)
    assert "t0 t1 t2" in str(asked)
    assert calls(client) == {None: (1, 0), "title@1.0": (1, 0)}
    chat(client, "And a thread?", conversation_id=said)
    titles_are_over(client, services)
    assert len(upstream.requests) == 3


def test_the_search_finds_it(client: FlaskClient) -> None:
    """A conversation is found by the title that it was given."""
    said = chat(client, _QUESTION)["conversation_id"]
    eventually(lambda: title(client, said) == "t0 t1")
    found = client.get("/api/conversations?q=T0 T1").get_json()["conversations"]
    assert [each["id"] for each in found] == [said]


class TestSlow:
    @pytest.fixture
    def titled_by(self) -> str | None:
        return "anthropic/slow-0.2-mock-2"

    def test_what_somebody_has_named_stays(self, client: FlaskClient, services: Services) -> None:
        """A name that was given while the title was looked for is kept."""
        said = chat(client, _QUESTION)["conversation_id"]
        client.patch(f"/api/conversations/{said}", json={"title": "Mine"})
        titles_are_over(client, services)
        assert title(client, said) == "Mine"
        assert calls(client)["title@1.0"] == (1, 0)

    def test_a_conversation_that_is_deleted(self, client: FlaskClient, services: Services) -> None:
        """It stays away, and the call is settled."""
        said = chat(client, _QUESTION)["conversation_id"]
        client.delete(f"/api/conversations/{said}")
        titles_are_over(client, services)
        assert client.get(f"/api/conversations/{said}").status_code == 404
        assert calls(client)["title@1.0"] == (1, 0)

    def test_an_end_in_the_middle(self, client: FlaskClient, services: Services) -> None:
        """A worker that goes down does not wait for titles, and books their calls."""
        chat(client, _QUESTION)
        gevent.sleep(0.1)
        began = time.monotonic()
        services.titles.close()
        assert time.monotonic() - began < 5
        assert "title@1.0" in calls(client)


@pytest.mark.parametrize("titled_by", ["openai/status-500", "openai/cut-1", "openai/mock-0"])
def test_a_title_that_is_not_found(client: FlaskClient, services: Services) -> None:
    """The answer is what it was, and the conversation keeps the title that it had."""
    said = chat(client, _QUESTION)
    assert (said["message"]["content"], said["finish_reason"]) == ("t0 t1 t2 ", "stop")
    titles_are_over(client, services)
    assert title(client, said["conversation_id"]) == _QUESTION
    assert chat(client)["finish_reason"] == "stop"


@pytest.mark.parametrize("titled_by", [None])
def test_nobody_finds_titles_unless_told_to(
    client: FlaskClient, services: Services, upstream: Upstream
) -> None:
    """Without a TITLE_MODEL no call is made."""
    chat(client, _QUESTION)
    titles_are_over(client, services)
    assert len(upstream.requests) == 1


def test_answers_that_get_none(client: FlaskClient, services: Services, upstream: Upstream) -> None:
    """A prompt's answer, one that failed and one that was cut are no beginning to name."""
    body = {"variables": {"text": "x"}}
    client.post("/api/prompts/summarize", json=body, buffered=True)
    streamed(client, _QUESTION, model="openai/cut-2")
    titles_are_over(client, services)
    assert "title@1.0" not in calls(client)


class TestWithKeys:
    @pytest.fixture
    def settings(self, upstream: Upstream, titled_by: str | None) -> dict[str, Any]:
        given = {**against(upstream), "title_model": titled_by, "chat_model": "openai/mock-3"}
        return {**given, "port": 8000, "admin_key": ADMIN}

    def test_a_key_that_may_not(
        self, client: FlaskClient, services: Services, upstream: Upstream
    ) -> None:
        """What a key may not ask is not asked for it either."""
        key = issued(client, models=["openai/*"])["key"]
        answer = client.post(
            "/api/chat", json={"message": _QUESTION}, headers=bearer(key), buffered=True
        )
        assert answer.status_code == 200
        titles_are_over(client, services)
        assert len(upstream.requests) == 1
