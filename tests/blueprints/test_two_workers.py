"""Two applications on one database and one Redis, as two workers are."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import gevent
import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import Config, create_app
from app.services import Services
from tests.blueprints.talk import eventually, frames, is_problem, live, rows
from tests.cluster.redis_server import RedisServer, immortal, running
from tests.storage import databases

pytestmark = pytest.mark.usefixtures("within_a_minute")


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    with running(tmp_path) as server:
        yield server


@pytest.fixture
def settings() -> dict[str, Any]:
    return {}


@pytest.fixture
def workers(
    tmp_path: Path, redis_server: RedisServer, settings: dict[str, Any]
) -> Iterator[list[Flask]]:
    config = Config(
        **{
            "database_url": databases.fresh(tmp_path),
            "spool_dir": f"{tmp_path}/spool",
            "demo_tokens_per_second": 200.0,
            "log_level": "ERROR",
            "redis_url": redis_server.url,
            **settings,
        }
    )
    with ExitStack() as stack:
        made = [create_app(config) for _ in range(2)]
        for app in made:
            stack.callback(_of(app).close)
            _of(app).start()
        yield made


def _of(app: Flask) -> Services:
    found: Services = app.extensions["parley"]
    return found


def _post(app: Flask, path: str, **headers: str) -> Any:
    return app.test_client().post(path, json={"message": "Hello"}, headers=headers, buffered=True)


@pytest.mark.parametrize("path", ["/api/chat", "/api/chat/stream"])
def test_one_idempotency_key_makes_one_run(
    workers: list[Flask], redis_server: RedisServer, path: str
) -> None:
    """Of twenty posts at once over both workers one starts a run; all get its answer."""
    jobs = [
        gevent.spawn(_post, workers[n % 2], path, **{"Idempotency-Key": "once"}) for n in range(20)
    ]
    gevent.joinall(jobs, raise_error=True)
    answers = [job.get() for job in jobs]
    assert {answer.status_code for answer in answers} == {200}
    if path == "/api/chat":
        assert len({answer.get_json()["run_id"] for answer in answers}) == 1
    else:
        assert len({repr(frames(answer.data)) for answer in answers}) == 1
    assert rows(_of(workers[0])) == {"conversations": 1, "messages": 2, "runs": 1}
    for app in workers:
        eventually(lambda app=app: not _of(app).live._open)
    with redis_server.client() as client:
        assert immortal(client) == []


class TestLimits:
    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {
            "limit_requests_per_minute": 6,
            "limit_streams": 2,
            "demo_tokens_per_second": 40.0,
        }

    def test_a_limit_is_one_for_both(self, workers: list[Flask]) -> None:
        """Streams at once and requests a minute: what one worker lets in the other knows of."""
        one, other = (app.test_client() for app in workers)
        with live(one) as first, live(other) as second:
            first.read_until(b"event: delta")
            second.read_until(b"event: delta")
            for client in (one, other):
                is_problem(client.post("/api/chat", json={"message": "x"}), 429, "rate_limited")
        eventually(lambda: not _of(workers[0]).live._open)
        eventually(lambda: not _of(workers[1]).live._open)

        def passes(client: FlaskClient) -> bool:
            said = client.post("/api/chat", json={"message": "x"}, buffered=True)
            return said.status_code == 200

        eventually(lambda: passes(one))  # their places are free a moment later; asking is too
        passed = 1
        while passes((one, other)[passed % 2]):
            passed += 1
        # Five where a minute of the clock has just begun: of the one before, parts are rounded off.
        assert passed in {4, 5}


class TestWithoutRedis:
    @pytest.fixture(params=["local", "refuse"])
    def settings(self, request: pytest.FixtureRequest) -> dict[str, Any]:
        return {
            "limit_requests_per_minute": 3,
            "limit_streams": 2,
            "demo_tokens_per_second": 10_000.0,
            "limits_without_redis": request.param,
        }

    def test_limits_are_as_configured(
        self, workers: list[Flask], redis_server: RedisServer, settings: dict[str, Any]
    ) -> None:
        """Frozen, each worker counts for itself, or refuses; nothing takes over a second, and when
        it is thawed nothing has to be restarted.
        """
        alone = settings["limits_without_redis"] == "local"
        redis_server.freeze()
        for app in workers:
            answers: list[Any] = []
            while not answers or answers[-1].status_code == 200:
                begun = time.monotonic()
                answers.append(_post(app, "/api/chat"))
                assert time.monotonic() - begun < 1
            assert int(answers[-1].headers["Retry-After"]) >= 1
            # One more where a minute of the clock has just begun: parts are rounded off.
            passed, last = len(answers) - 1, answers[-1].status_code
            assert (passed in {3, 4}, last) == (True, 429) if alone else (passed, last) == (0, 503)
        redis_server.thaw()
        eventually(lambda: _post(workers[0], "/api/chat").status_code == 200)
        eventually(lambda: "RateLimit" in _post(workers[1], "/api/chat").headers)
