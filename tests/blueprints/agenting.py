"""How the tests speak to agents, and models that do as they are told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from app import Config, create_app
from tests.blueprints.shared import against, application
from tests.blueprints.talk import Frame, Live, frames
from tests.upstream import Upstream
from tests.upstream.answers import Call, cut

MODEL = "openai/act-1"
TOOLS = ("tests.services.agents.misbehaving",)
# No test of these waits for a provider to be given up.
PATIENT = {"first_byte_timeout": 15.0, "read_timeout": 15.0}


def with_tools(folder: Path, upstream: Upstream, **more: Any) -> AbstractContextManager[Flask]:
    """An application whose models have tools to call, on a database of its own."""
    settings = {**against(upstream), **PATIENT, "tools_modules": TOOLS, **more}
    return application(folder, **settings)


@contextmanager
def beside(folder: Path, upstream: Upstream, database_url: str, **more: Any) -> Iterator[Flask]:
    """The same on a database that others have, too: another worker, or the next start."""
    settings = {**against(upstream), **PATIENT, "tools_modules": TOOLS, "log_level": "ERROR"}
    places = {"database_url": database_url, "spool_dir": f"{folder}/spool"}
    made = create_app(Config(**{**settings, **places, **more}))
    try:
        yield made
    finally:
        made.extensions["parley"].close()


Acting = Callable[[dict[str, Any]], str | Sequence[Call]]


def call(name: str, /, **arguments: Any) -> Call:
    return Call(name, cut(json.dumps(arguments)))


def acting(*turns: str | Sequence[Call]) -> Acting:
    """Each turn once, and then the last one again and again, whatever it is asked."""
    left = list(turns)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


def obedient(calls: Sequence[Call], answer: str = "This is what I know.") -> Acting:
    """Calls for as long as it may, and answers when it may not."""
    return lambda body: answer if forbidden(body) else calls


def forbidden(body: dict[str, Any]) -> bool:
    """Whether the request asks for an answer without tools."""
    choice = body.get("tool_choice")
    return choice in ("none", {"type": "none"}) or not body.get("tools")


def agent(client: FlaskClient, message: str = "Do it.", **body: Any) -> dict[str, Any]:
    """A run that must not fail."""
    answer = client.post(
        "/api/agent", json={"message": message, "model": MODEL, **body}, buffered=True
    )
    assert answer.status_code == 200, answer.text[:600]
    said: dict[str, Any] = answer.get_json()
    return said


def streamed(client: FlaskClient, message: str = "Do it.", **body: Any) -> list[Frame]:
    """The same as a stream, whatever it ends with."""
    sent = {"message": message, "model": MODEL, **body}
    answer = client.post("/api/agent/stream", json=sent, buffered=True)
    assert answer.status_code == 200, answer.text[:600]
    return frames(answer.data)


@contextmanager
def live(client: FlaskClient, message: str = "Do it.", **body: Any) -> Iterator[Live]:
    """Ask, and leave at the end of the block."""
    sent = {"message": message, "model": MODEL, **body}
    answer = client.post("/api/agent/stream", json=sent)
    try:
        yield Live(answer)
    finally:
        answer.close()


def events(client: FlaskClient, run_id: str, after: int = 0) -> list[Frame]:
    """A run's log, from one event on, until it ends."""
    answer = client.get(f"/api/runs/{run_id}/events?after={after}", buffered=True)
    assert answer.status_code == 200, answer.text[:600]
    return frames(answer.data)


def decide(client: FlaskClient, run_id: str, call_id: str, **body: Any) -> Any:
    return client.post(f"/api/runs/{run_id}/approvals/{call_id}", json=body, buffered=True)


def results(body: dict[str, Any]) -> list[str]:
    """What tools returned, as a model of either vendor is told."""
    found = []
    for message in body["messages"]:
        if message["role"] == "tool":
            found.append(message["content"])
        elif isinstance(message["content"], list):
            blocks = [b for b in message["content"] if b["type"] == "tool_result"]
            found += [block["content"] for block in blocks]
    return found
