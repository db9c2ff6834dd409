"""How long a provider is waited for, and what it says of waiting."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from app.blueprints import streaming
from tests.blueprints.talk import HEARTBEAT, eventually, frames, is_problem, messages, text
from tests.upstream import Upstream


@pytest.fixture
def settings(with_upstream: dict[str, Any]) -> dict[str, Any]:
    return with_upstream


def test_a_wait_is_passed_on(client: FlaskClient, upstream: Upstream) -> None:
    """A provider's Retry-After reaches the caller, in the header and in the document."""
    upstream.retry_after = "7"
    body = {"message": "hi", "model": "openai/status-429"}
    answer = client.post("/api/chat", json=body, buffered=True)
    assert is_problem(answer, 503, "provider_rate_limited")["retry_after"] == 7
    assert answer.headers["Retry-After"] == "7"
    streamed = client.post("/api/chat/stream", json=body, buffered=True)
    assert frames(streamed.data)[-1].data["retry_after"] == 7


def test_a_provider_that_is_not_there(client: FlaskClient, upstream: Upstream) -> None:
    """Where nobody listens, the answer is 502 and says so."""
    upstream.__exit__()
    answer = client.post("/api/chat", json={"message": "hi", "model": "openai/x"}, buffered=True)
    assert is_problem(answer, 502, "provider_unreachable")["retryable"]


def test_silence_has_a_heartbeat(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the model is silent comments go out, so that no router closes the stream."""
    monkeypatch.setattr(streaming, "_IDLE", 0.02)
    body = {"message": "hi", "model": "openai/stall-1"}
    sent = client.post("/api/chat/stream", json=body, buffered=True).data
    silence = sent[sent.index(b"event: delta") : sent.index(b"event: error")]
    assert silence.count(HEARTBEAT) >= 2


class TestTheWallDeadline:
    """However lively the provider, an answer may take so long and no longer."""

    @pytest.fixture
    def settings(self, with_upstream: dict[str, Any]) -> dict[str, Any]:
        patient = {"first_byte_timeout": 10.0, "read_timeout": 10.0}
        return {**with_upstream, **patient, "run_timeout": 0.3}

    @pytest.mark.parametrize("provider", ["openai", "anthropic"])
    @pytest.mark.parametrize(
        ("kind", "said"),
        [("stall-3", 3), ("silent-0", 0), ("mock-1000-10000", 1)],
        ids=["silent later", "silent from the start", "never silent"],
    )
    def test_it_ends_the_run(
        self, client: FlaskClient, upstream: Upstream, provider: str, kind: str, said: int
    ) -> None:
        """The stream ends in one `error` provider_timeout and the connection upstream is closed."""
        body = {"message": "hi", "model": f"{provider}/{kind}"}
        events = frames(client.post("/api/chat/stream", json=body, buffered=True).data)
        assert [frame.event for frame in events].count("error") == 1
        assert (events[-1].event, events[-1].data["code"]) == ("error", "provider_timeout")
        assert events[-1].data["status"] == 504
        assert "0.3 seconds" in events[-1].data["detail"]
        stored = messages(client, events[0].data["conversation_id"])[-1]
        assert stored["content"] == text(events)
        assert stored["content"].count(" ") >= said
        eventually(lambda: upstream.open == 0)
