"""OpenAI's moderation as a rule: asked of questions, and of answers that wait for its word."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from gevent.pywsgi import WSGIServer

from tests.blueprints.shared import application
from tests.blueprints.talk import chat, is_problem, rows, streamed, text

StartResponse = Callable[[str, list[tuple[str, str]]], object]


class Judge:
    """OpenAI's side of it: a text with `word` in it is hateful. `broken`: it has no answer."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.word = "hate"
        self.broken = False

    def __call__(self, environ: dict[str, Any], start: StartResponse) -> Sequence[bytes]:
        body = json.loads(environ["wsgi.input"].read())
        assert environ["PATH_INFO"] == "/v1/moderations"
        assert environ["HTTP_AUTHORIZATION"] == "Bearer a-key"
        self.asked.append(body["input"])
        if self.broken:
            start("503 Unavailable", [("Content-Type", "application/json")])
            return [b"{}"]
        found = {"hate": self.word in body["input"], "violence": False, "illicit": None}
        start("200 OK", [("Content-Type", "application/json")])
        result = {"flagged": any(found.values()), "categories": found, "category_scores": {}}
        return [json.dumps({"id": "m", "model": body["model"], "results": [result]}).encode()]


@contextmanager
def judged(folder: Path, **rule: Any) -> Iterator[tuple[FlaskClient, Judge]]:
    """An application with one rule that asks."""
    judge = Judge()
    server = WSGIServer(("127.0.0.1", 0), judge, log=None)
    server.start()
    said = json.dumps({"rules": [{"name": "policy", "moderation": ["any"], **rule}]})
    settings = {
        "openai_api_key": "a-key",
        "openai_base_url": f"http://127.0.0.1:{server.server_port}/v1",
        "chat_model": "demo/demo",
        "filter_rules": said,
    }
    try:
        with application(folder, **settings) as app:
            yield app.test_client(), judge
    finally:
        server.stop()


def test_a_question_is_blocked(tmp_path: Path) -> None:
    """What it calls hateful is refused and not stored; anything else is answered."""
    with judged(tmp_path, action="block", directions=["question"]) as (client, judge):
        answer = client.post("/api/chat", json={"message": "I hate you"}, buffered=True)
        is_problem(answer, 422, "content_filtered")
        assert set(rows(client.application.extensions["parley"]).values()) == {0}
        chat(client, "Hello")
        assert judge.asked == ["I hate you", "Hello"]


def test_only_the_categories_of_the_rule(tmp_path: Path) -> None:
    """A rule for another category lets it through."""
    rule = {"action": "block", "directions": ["question"], "moderation": ["violence"]}
    with judged(tmp_path, **rule) as (client, _):
        chat(client, "I hate you")


def test_an_answer_waits_for_its_word(tmp_path: Path) -> None:
    """An answer that may be blocked is shown when it was judged whole, all of it or nothing."""
    with judged(tmp_path, action="block", directions=["answer"]) as (client, judge):
        events = streamed(client, "Please say nothing of it")
        assert events[-1].data["finish_reason"] == "stop"
        assert judge.asked == [text(events)] != [""]
        judge.word = "Parley"
        blocked = streamed(client, "Who are you?")
        assert blocked[-1].data["finish_reason"] == "content_filter"
        assert text(blocked) == ""
        assert "Parley" in judge.asked[-1]


def test_a_flag_holds_nothing_up(tmp_path: Path) -> None:
    """A rule that only flags asks when the answer is whole, and lets it stream until then."""
    with judged(tmp_path, action="flag") as (client, judge):
        events = streamed(client, "I hate it")
        assert len([event for event in events if event.event == "delta"]) > 3
        assert len(judge.asked) == 2
        assert 'rule="policy"' in client.get("/metrics", buffered=True).text


@pytest.mark.parametrize(("action", "status"), [("block", 503), ("flag", 200)])
def test_nobody_to_ask(tmp_path: Path, action: str, status: int) -> None:
    """Where it does not answer, what it could have blocked is refused for now, and what it could
    have flagged goes on.
    """
    with judged(tmp_path, action=action, directions=["question"]) as (client, judge):
        judge.broken = True
        answer = client.post("/api/chat", json={"message": "Hello"}, buffered=True)
        assert answer.status_code == status
        if status == 503:
            assert is_problem(answer, 503, "unavailable")["retryable"] is True
