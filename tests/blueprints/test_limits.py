"""Rate limits over HTTP: who is told what, and that nothing leaks."""

from __future__ import annotations

import re
from typing import Any

import gevent
import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.services import Services
from tests.blueprints.talk import chat, eventually, is_problem, live, rows, streamed
from tests.upstream import Upstream

pytestmark = pytest.mark.usefixtures("within_a_minute")

_ITEM = re.compile(r'"(requests|tokens)";(\w)=(\d+);(\w)=(\d+)')


def said(answer: Any, field: str) -> dict[str, dict[str, int]]:
    """A field's items by name, each with its parameters."""
    value = answer.headers[field]
    found = {m[1]: {m[2]: int(m[3]), m[4]: int(m[5])} for m in _ITEM.finditer(value)}
    assert ", ".join(m[0] for m in _ITEM.finditer(value)) == value
    return found


class TestRequests:
    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"limit_requests_per_minute": 3, "limit_tokens_per_minute": 100_000}

    def test_what_is_left_is_told(self, client: FlaskClient) -> None:
        """Each answer of the chat has the policy and what is left; other routes do not."""
        for path in ("/api/chat", "/api/chat/stream"):
            answer = client.post(path, json={"message": "Hello"}, buffered=True)
            policy, left = said(answer, "RateLimit-Policy"), said(answer, "RateLimit")
            assert policy == {"requests": {"q": 3, "w": 60}, "tokens": {"q": 100_000, "w": 60}}
            assert 0 <= left["requests"]["r"] < 3
            assert 90_000 < left["tokens"]["r"] < 100_000
            assert all(1 <= item["t"] <= 60 for item in left.values())
        assert "RateLimit" not in client.get("/api/me").headers

    def test_one_too_many(self, client: FlaskClient, services: Services) -> None:
        """It is a 429 with Retry-After, nothing is stored of it, and it was no request."""
        for _ in range(3):
            chat(client)
        before = rows(services)
        for path in ("/api/chat", "/api/chat/stream"):
            answer = client.post(path, json={"message": "Hello"}, buffered=True)
            problem = is_problem(answer, 429, "rate_limited")
            assert problem["retryable"] is True
            assert 1 <= int(answer.headers["Retry-After"]) == problem["retry_after"] <= 121
            assert said(answer, "RateLimit")["requests"]["r"] == 0
        assert rows(services) == before

    def test_what_is_refused_is_free(self, client: FlaskClient) -> None:
        """A body, a model or a conversation that is wrong takes nothing from the minute."""
        for wrong in ({}, {"message": ""}, {"message": "x", "conversation_id": "conv_none"}):
            for _ in range(5):
                assert client.post("/api/chat", json=wrong).status_code in (404, 422)
        chat(client)
        answer = client.post("/api/chat", json={"message": "Hello"})
        assert said(answer, "RateLimit")["requests"]["r"] == 1


class TestTokens:
    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"limit_tokens_per_minute": 10_000}

    def test_the_truth_replaces_the_estimate(self, client: FlaskClient) -> None:
        """What an answer did not use is there again when it has ended."""
        for _ in range(5):  # each reserves thousands
            used = chat(client)["usage"]
            assert used["input_tokens"] + used["output_tokens"] < 500
        answer = client.post("/api/chat", json={"message": "Hello"})
        assert said(answer, "RateLimit")["tokens"]["r"] > 7_000

    def test_more_than_a_minute_has(self, client: FlaskClient) -> None:
        """Nobody is told to wait for what will never pass."""
        body = {"message": "Hello", "max_output_tokens": 20_000}
        problem = is_problem(client.post("/api/chat", json=body), 422, "invalid_request")
        assert "max_output_tokens" in problem["errors"]
        assert problem["retryable"] is False


class TestStreams:
    @pytest.fixture
    def settings(self, with_upstream: dict[str, Any]) -> dict[str, Any]:
        return {**with_upstream, "limit_streams": 2, "first_byte_timeout": 30, "read_timeout": 30}

    def test_a_place_is_free_when_its_stream_has_ended(
        self, app: Flask, client: FlaskClient, services: Services, upstream: Upstream
    ) -> None:
        """Two at once; a third is refused until one has left, was stopped or broke off."""
        stalling = {"model": "openai/stall-2"}
        for _ in range(3):
            with live(client, **stalling) as one, live(client, **stalling) as other:
                one.read_until(b"t1")
                other.read_until(b"t1")
                answer = client.post("/api/chat", json={"message": "Hello"})
                is_problem(answer, 429, "rate_limited")
                client.post(f"/api/runs/{other.answer.headers['X-Run-ID']}/stop")
            eventually(lambda: not services.gate._counters._places)  # type: ignore[attr-defined]
        for model in ("cut-3", "status-500", "broken-3", "mock-3"):
            streamed(client, model=f"openai/{model}")
        with gevent.Timeout(5):
            eventually(lambda: not services.gate._counters._places)  # type: ignore[attr-defined]
