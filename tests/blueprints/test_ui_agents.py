"""Agents through the AI SDK's door: calls as parts, and decisions as the SDK posts them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.blueprints.agenting import MODEL, acting, call, results, with_tools
from tests.blueprints.issuing import ADMIN, bearer, issued
from tests.blueprints.talk import is_problem, messages
from tests.blueprints.ui_talk import Chat, said
from tests.encoders.ui_reader import Message, chunks, message
from tests.upstream import Upstream


@pytest.fixture(scope="module")
def served() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, served: Upstream) -> Iterator[Flask]:
    settings = {"port": 8000, "admin_key": ADMIN}
    with with_tools(tmp_path_factory.mktemp("shared"), served, **settings) as made:
        yield made


@pytest.fixture
def upstream(served: Upstream) -> Upstream:
    served.reset()
    return served


@pytest.fixture
def client(client: FlaskClient) -> FlaskClient:
    client.environ_base["HTTP_AUTHORIZATION"] = bearer(ADMIN)["Authorization"]
    return client


@pytest.fixture
def chat(client: FlaskClient, request: pytest.FixtureRequest) -> Chat:
    return Chat(client, request.node.name, model=MODEL, tools=None)


def kinds(found: Message) -> list[str]:
    return [part["type"] for part in found.parts]


def test_calls_are_parts(chat: Chat, upstream: Upstream) -> None:
    """A tool that is called is a part with its input and output, in the step that called it."""
    upstream.acting = acting([call("echo", text="a"), call("failing")], "Done.")
    found = chat.say("Do it.")
    echoed, failed = found.calls()
    assert (echoed["tool"], echoed["input"], echoed["output"]) == ("echo", {"text": "a"}, "a")
    assert (echoed["state"], failed["state"]) == ("output-available", "output-error")
    assert kinds(found).count("step-start") == 2
    assert [kind for kind in kinds(found) if kind == "data-step"] == ["data-step"] * 2
    assert found.text() == "Done."
    assert found.metadata["stop_reason"] == "answered"


def test_tools_can_be_chosen(chat: Chat, upstream: Upstream) -> None:
    """The tools that the body names are those that the model is told of."""
    upstream.acting = acting("Hi.")
    chat.body = {"model": MODEL, "tools": ["echo"], "max_steps": 2}
    chat.say("Hi")
    names = [tool["function"]["name"] for tool in upstream.requests[-1]["tools"]]
    assert names == ["echo"]


def test_an_agent_remembers(chat: Chat, client: FlaskClient, upstream: Upstream) -> None:
    """It has the chat's history, and what it answers is part of it."""
    upstream.acting = acting("One.")
    found = chat.say("First")
    upstream.acting = acting("Two.")
    chat.say("Second")
    asked = [m["content"] for m in upstream.requests[-1]["messages"]]
    assert asked[-3:] == ["First", "One.", "Second"]
    stored = messages(client, found.metadata["conversation_id"])
    assert [m["content"] for m in stored] == ["First", "One.", "Second", "Two."]


def test_another_answer_is_another_task(
    chat: Chat, client: FlaskClient, upstream: Upstream
) -> None:
    """To regenerate has the same done anew, beside what was done."""
    upstream.acting = acting("One.")
    chat.say("Before")
    first = chat.say("Do it.")
    second = chat.again(first.id)
    assert second.id != first.id
    asked = [m["content"] for m in upstream.requests[-1]["messages"]]
    assert asked[-3:] == ["Before", "One.", "Do it."]
    assert asked.count("Do it.") == 1


class Waiting:
    """A chat whose agent waits for a person. `call` is the id of the call."""

    def __init__(self, chat: Chat, upstream: Upstream) -> None:
        upstream.acting = acting([call("delete_everything", what="logs")], "Done.")
        self.chat = chat
        self.found = chat.say("Clean up.")
        self.call = self.found.calls()[0]["call"]

    def post(self, *, approved: bool, call_id: str | None = None) -> Any:
        answer = {
            **said(str(self.found.id), "", "assistant"),
            "parts": self._parts(approved, call_id),
        }
        body = {
            **self.chat.body,
            "id": self.chat.id,
            "messages": [self.chat.messages[0], answer],
            "trigger": "submit-message",
            "messageId": self.found.id,
        }
        return self.chat.client.post("/api/ui/chat", json=body, buffered=True)

    def _parts(self, approved: bool, call_id: str | None) -> list[dict[str, Any]]:
        asked = {"type": "dynamic-tool", "toolName": "delete_everything", "input": {}}
        said = {"state": "approval-responded", "approval": {"id": self.call, "approved": approved}}
        return [{"type": "step-start"}, {**asked, "toolCallId": call_id or self.call, **said}]


@pytest.fixture
def waiting(chat: Chat, upstream: Upstream) -> Waiting:
    return Waiting(chat, upstream)


def test_a_call_waits_for_a_person(waiting: Waiting) -> None:
    """The stream ends with a finish that says so, and the call asks for approval."""
    found = waiting.found
    assert found.calls()[0]["state"] == "approval-requested"
    assert found.end is not None
    assert (found.end["type"], found.end["finishReason"]) == ("finish", "tool-calls")
    assert found.metadata["stop_reason"] == "approval"


@pytest.mark.parametrize(
    ("approved", "kind", "told"),
    [(True, "tool-output-available", "deleted"), (False, "tool-output-denied", "")],
)
def test_a_decision_goes_on(
    waiting: Waiting, upstream: Upstream, approved: bool, kind: str, told: str
) -> None:
    """What the person has decided is posted as the SDK does it; what follows is streamed alone."""
    answer = waiting.post(approved=approved)
    assert answer.status_code == 200, answer.text
    found = chunks(answer.data)
    assert [chunk["type"] for chunk in found[:2]] == ["tool-approval-response", kind]
    assert found[0]["approved"] is approved
    text = "".join(chunk["delta"] for chunk in found if chunk["type"] == "text-delta")
    assert (text, found[-1]["type"]) == ("Done.", "finish")
    assert told in results(upstream.requests[-1])[0]
    # Whoever comes anew gets all of it.
    path = f"/api/ui/chat/{waiting.chat.id}/stream"
    whole = message(waiting.chat.client.get(path, buffered=True).data)
    assert whole.text() == "Done."
    assert whole.calls()[0]["state"] == kind.removeprefix("tool-")


def test_a_decision_that_is_posted_again_changes_nothing(
    waiting: Waiting, upstream: Upstream
) -> None:
    """The same decision twice is one, and both get what follows."""
    first = waiting.post(approved=True)
    asked = len(upstream.requests)
    assert chunks(waiting.post(approved=True).data) == chunks(first.data)
    assert len(upstream.requests) == asked
    is_problem(waiting.post(approved=False), 409, "conflict")


def test_a_decision_about_nothing(waiting: Waiting) -> None:
    """A call that is not there, or an answer that is not the last, is a 404."""
    is_problem(waiting.post(approved=True, call_id="call_none"), 404, "not_found")
    waiting.found.id = "msg_other"
    is_problem(waiting.post(approved=True), 404, "not_found")


def test_a_chat_that_waits_can_be_read_and_stopped(waiting: Waiting) -> None:
    """After a reload the call asks again; a stop ends the wait."""
    client, path = waiting.chat.client, f"/api/ui/chat/{waiting.chat.id}"
    assert message(client.get(f"{path}/stream", buffered=True).data) == waiting.found
    assert client.post(f"{path}/stop").get_json()["state"] == "stopped"
    found = message(client.get(f"{path}/stream", buffered=True).data)
    assert found.end == {"type": "abort", "reason": "stopped"}
    assert found.calls()[0]["state"] == "output-error"


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"max_steps": 3}, "max_steps"),
        ({"tools": None, "cache": True}, "cache"),
        ({"tools": ["nothing_of_the_kind"]}, "tools"),
    ],
)
def test_what_does_not_fit_is_named(client: FlaskClient, more: dict[str, Any], field: str) -> None:
    """Limits without an agent, a cache for one, and a tool that is not there: by field."""
    body = {"id": "x", "messages": [said("u1", "Hi")], "model": MODEL, **more}
    answer = client.post("/api/ui/chat", json=body)
    assert field in is_problem(answer, 422, "invalid_request")["errors"]


def test_an_agent_needs_its_scope(app: Flask, client: FlaskClient) -> None:
    """A key for chats alone may chat here, and not have tools called."""
    key = issued(client, owner="ada", scopes=["chat"])["key"]
    body = {"id": "x", "messages": [said("u1", "Hi")], "model": MODEL}
    other = app.test_client()
    answer = other.post("/api/ui/chat", json={**body, "tools": None}, headers=bearer(key))
    is_problem(answer, 403, "not_allowed")
    assert other.post("/api/ui/chat", json=body, headers=bearer(key)).status_code == 200
