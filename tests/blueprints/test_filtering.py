"""What may be said, seen from outside: refused, masked, cut, and nowhere to be found."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.services import Services, moderation
from app.storage.tables import metadata
from tests.blueprints.shared import against, application
from tests.blueprints.talk import (
    chat,
    eventually,
    frames,
    is_problem,
    messages,
    rows,
    streamed,
    text,
)
from tests.logged import lines_of
from tests.upstream import Upstream

# The model server says `t0 t1 t2 …`, one token at a time.
_RULES = {
    "rules": [
        {"name": "answers", "patterns": ["t3 t4"], "action": "block", "directions": ["answer"]},
        {"name": "questions", "words": ["forbidden"], "action": "block"},
        {"name": "numbers", "patterns": ["t1"], "action": "mask", "mask": "<one>"},
        {"name": "people", "personal": ["email"], "action": "mask"},
        {"name": "noted", "words": ["rival"], "action": "flag"},
    ]
}
_SHORT, _LONG = "openai/tokens-3", "openai/tokens-9"


@pytest.fixture(scope="module")
def upstream_of_module() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, upstream_of_module: Upstream) -> Iterator[Flask]:
    rules = json.dumps(_RULES)
    folder = tmp_path_factory.mktemp("filtering")
    with application(folder, filter_rules=rules, **against(upstream_of_module)) as made:
        yield made


def kept(services: Services) -> str:
    """All that the database has, as one text."""
    found = [
        services.database.read(lambda tx, table=table: str(tx.execute(select(table)).all()))  # type: ignore[misc]
        for table in metadata.sorted_tables
    ]
    return "\n".join(found)


def outcomes(client: FlaskClient, rule: str) -> dict[str, float]:
    """By action and direction, as Prometheus reads it."""
    found = {}
    for line in client.get("/metrics", buffered=True).text.splitlines():
        if line.startswith("parley_filter_outcomes_total{") and f'rule="{rule}"' in line:
            labels, _, value = line.partition("} ")
            pairs = dict(pair.split("=") for pair in labels.partition("{")[2].split(","))
            found[f"{pairs['action']} {pairs['direction']}".replace('"', "")] = float(value)
    return found


@pytest.mark.parametrize("path", ["/api/chat", "/api/chat/stream"])
def test_a_blocked_question(
    client: FlaskClient, services: Services, upstream_of_module: Upstream, path: str
) -> None:
    """It is refused with a sentence before anything is stored, and before any model is asked."""
    before, asked = rows(services), len(upstream_of_module.requests)
    said = client.post(path, json={"message": "A FORBIDDEN thing", "model": _SHORT}, buffered=True)
    problem = is_problem(said, 422, "content_filtered")
    assert "questions" in problem["detail"]
    assert rows(services) == before
    assert len(upstream_of_module.requests) == asked


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/chat", {"message": "x", "system": "forbidden"}),
        ("/api/prompts/summarize", {"variables": {"text": "what is forbidden"}}),
        ("/api/extract", {"schema": "contact", "text": "forbidden"}),
        (
            "/v1/chat/completions",
            {"messages": [{"role": "user", "content": "forbidden"}]},
        ),
        ("/api/agent", {"message": "forbidden"}),
    ],
)
def test_every_door(
    client: FlaskClient, upstream_of_module: Upstream, path: str, body: dict[str, Any]
) -> None:
    """Whichever way it comes in, and in whatever field, no model gets to see it."""
    asked = len(upstream_of_module.requests)
    answer = client.post(path, json={"model": _SHORT, **body}, buffered=True)
    assert 400 <= answer.status_code < 500
    assert "content_filtered" in answer.text
    assert len(upstream_of_module.requests) == asked


def test_a_blocked_answer_streamed(client: FlaskClient, services: Services) -> None:
    """It ends before the first letter of what is blocked, with `done` and `content_filter`; what
    was withheld is in no replay and in no table.
    """
    events = streamed(client, model=_LONG)
    assert text(events) == "t0 <one> t2 "
    assert events[-1].event == "done"
    assert events[-1].data["finish_reason"] == "content_filter"
    run_id = events[0].data["run_id"]
    replayed = frames(client.get(f"/api/runs/{run_id}/events", buffered=True).data)
    assert replayed == events
    services.live.forget(run_id)
    stored = frames(client.get(f"/api/runs/{run_id}/events", buffered=True).data)
    assert stored == events
    assert "t3" not in kept(services)


def test_a_blocked_answer_is_paid_for(client: FlaskClient) -> None:
    """What the model had said by then is counted, the withheld part as well."""
    answer = chat(client, model=_LONG)
    assert answer["finish_reason"] == "content_filter"
    assert answer["message"]["content"] == "t0 <one> t2 "
    assert answer["usage"]["estimated"] is True
    assert answer["usage"]["output_tokens"] >= 4


def test_a_blocked_answer_hangs_up(client: FlaskClient, upstream_of_module: Upstream) -> None:
    """The provider is not listened to any longer than that."""
    closed = len(upstream_of_module.closed_at)
    answer = chat(client, model="openai/tokens-500-5000")
    assert answer["finish_reason"] == "content_filter"
    eventually(lambda: upstream_of_module.open == 0)
    assert len(upstream_of_module.closed_at) == closed + 1


def test_both_wires(client: FlaskClient) -> None:
    """It is the same with the other vendor's format."""
    answer = chat(client, model="anthropic/tokens-9")
    assert answer["message"]["content"] == "t0 <one> t2 "
    assert answer["finish_reason"] == "content_filter"


def test_a_cut_answer_keeps_what_was_held(client: FlaskClient) -> None:
    """Where the provider breaks off, what was held back is said and kept before the error."""
    events = streamed(client, model="openai/cut-3")
    assert (text(events), events[-1].event) == ("t0 <one> t2 ", "error")


def test_masks(client: FlaskClient, services: Services, upstream_of_module: Upstream) -> None:
    """What a person writes is masked before it is stored, and before a model sees it."""
    message = "I am ada@example.org."
    answer = chat(client, message, model=_SHORT)
    (question, said) = messages(client, answer["conversation_id"])
    assert question["content"] == "I am [email]."
    assert said["content"] == "t0 <one> t2 "
    assert "ada@example.org" not in kept(services)
    assert "ada@example.org" not in str(upstream_of_module.requests[-1])


def test_outcomes_are_counted(client: FlaskClient) -> None:
    """Each rule is a figure by what it did and where."""
    chat(client, "Our rival, and the rival's rival.", model=_SHORT)
    assert outcomes(client, "noted") == {"flag question": 3.0}
    assert outcomes(client, "answers")["block answer"] >= 1
    assert outcomes(client, "numbers")["mask answer"] >= 1


def test_the_log_has_no_text(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line has the rule's name and what it did, and not a word of what was said."""
    lines = lines_of(moderation, monkeypatch)
    client.post("/api/chat", json={"message": "FORBIDDEN zanzibar"}, buffered=True)
    (line,) = lines
    assert (line["rule"], line["action"], line["direction"]) == ("questions", "block", "question")
    assert set(line) == {"event", "log_level", "rule", "action", "direction", "count"}
