"""Alive, ready, and the figures."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from app.services import Services
from tests.blueprints.talk import chat, is_problem, live, streamed


def test_alive(client: FlaskClient) -> None:
    """The process answers."""
    answer = client.get("/healthz")
    assert (answer.status_code, answer.get_json()) == (200, {"status": "ok"})


def test_ready(client: FlaskClient) -> None:
    """With a current database the process can work."""
    answer = client.get("/readyz")
    assert (answer.status_code, answer.get_json()) == (200, {"status": "ready"})


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE alembic_version SET version_num = '0001'",
        "DELETE FROM alembic_version",
        "DROP TABLE alembic_version",
    ],
)
def test_an_older_revision_is_not_ready(
    client: FlaskClient, services: Services, statement: str
) -> None:
    """A database of an older revision is 503 with the command that helps, and alive anyway."""
    services.database.write(lambda tx: tx.execute(text(statement)) and None)
    problem = is_problem(client.get("/readyz"), 503, "unavailable")
    assert "flask migrate" in problem["detail"]
    assert problem["retryable"] is True
    assert client.get("/healthz").status_code == 200


@pytest.mark.skipif("TEST_DATABASE" in os.environ, reason="PostgreSQL is no file of ours.")
@pytest.mark.parametrize("damage", ["gone", "overwritten"])
def test_a_lost_database_is_not_ready(client: FlaskClient, tmp_path: Path, damage: str) -> None:
    """Where the file is gone or holds something else, nothing could be kept: that is 503."""
    chat(client)
    for file in tmp_path.glob("parley.db*"):
        if damage == "gone":
            file.unlink()
        else:
            file.write_bytes(b"not a database " * 1_000)
    is_problem(client.get("/readyz"), 503, "unavailable")
    assert client.get("/healthz").status_code == 200


def figures(client: FlaskClient) -> dict[tuple[str, ...], float]:
    """Every sample, by its name and the values of its labels."""
    answer = client.get("/metrics", buffered=True)
    assert answer.content_type.startswith("text/plain")
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


class TestFigures:
    """What Prometheus reads after this and that."""

    @pytest.fixture
    def settings(self, with_upstream: dict[str, Any]) -> dict[str, Any]:
        return with_upstream

    def test_requests_are_counted(self, client: FlaskClient) -> None:
        """By method, route and status; an id in a path makes no route of its own."""
        client.get("/api/conversations/one", buffered=True)
        client.get("/api/conversations/two", buffered=True)
        client.get("/nope", buffered=True)
        seen = figures(client)
        route = "/api/conversations/<conversation_id>"
        assert seen["parley_requests_total", "GET", route, "404"] == 2
        assert seen["parley_requests_total", "GET", "none", "404"] == 1

    @pytest.mark.parametrize("method", ["BREW", "X" * 20, "get"])
    def test_a_callers_words_make_no_series(self, client: FlaskClient, method: str) -> None:
        """A method that nobody knows is not kept as a label, or callers could fill the memory."""
        client.open("/api/chat", method=method, buffered=True)
        assert not [sample for sample in figures(client) if method in sample]

    def test_runs_are_counted(self, client: FlaskClient) -> None:
        """By provider and by how they ended."""
        chat(client, model="demo")
        chat(client, model="openai/mock-3")
        streamed(client, model="openai/cut-3")
        seen = figures(client)
        assert seen["parley_runs_total", "demo", "done"] == 1
        assert seen["parley_runs_total", "openai", "done"] == 1
        assert seen["parley_runs_total", "openai", "failed"] == 1

    def test_tokens_are_counted(self, client: FlaskClient) -> None:
        """What the provider says: 10 in, and with 5 pieces and 2 of reasoning 7 out, twice."""
        for _ in range(2):
            chat(client, model="openai/mock-5")
        seen = figures(client)
        assert seen["parley_tokens_total", "input", "openai"] == 20
        assert seen["parley_tokens_total", "output", "openai"] == 14

    def test_the_first_token_is_timed(self, client: FlaskClient) -> None:
        """Once for each run that said something, from its start to its first text."""
        streamed(client, model="openai/mock-3-60000")
        streamed(client, model="openai/status-500")
        seen = figures(client)
        assert seen["parley_first_token_seconds_count", "openai"] == 1
        assert 0.05 < seen["parley_first_token_seconds_sum", "openai"] < 5

    def test_open_streams_are_counted(self, client: FlaskClient) -> None:
        """A stream counts while it is open, however it ends."""
        assert figures(client)[("parley_open_streams",)] == 0
        with live(client, model="openai/stall-1") as stream:
            stream.read_until(b"event: start")
            assert figures(client)[("parley_open_streams",)] == 1
        assert figures(client)[("parley_open_streams",)] == 0
