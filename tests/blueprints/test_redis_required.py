"""Where Redis is required nobody is let in without it; where it is not, nobody notices."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import gevent
import pytest
from flask import Flask

from tests.blueprints.shared import application
from tests.cluster.redis_server import RedisServer, running


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    with running(tmp_path) as found:
        yield found


@pytest.fixture
def app(tmp_path: Path, server: RedisServer, required: bool) -> Iterator[Flask]:
    with application(tmp_path, redis_url=server.url, redis_required=required) as made:
        made.extensions["parley"].start()
        yield made


@pytest.mark.parametrize(("required", "status"), [(True, 503), (False, 200)])
def test_without_redis(app: Flask, server: RedisServer, status: int) -> None:
    """Within a second: a 503 that says when to come back, or an answer; and it heals by itself."""
    client, body = app.test_client(), {"message": "hi"}
    assert client.post("/api/chat", json=body).status_code == 200
    server.stop()
    answers = []
    for _ in range(3):
        began = time.monotonic()
        answers.append(client.post("/api/chat", json=body))
        assert time.monotonic() - began < 1
    assert answers[-1].status_code == client.get("/readyz").status_code == status
    if status == 503:
        assert (answers[-1].json or {})["code"] == "unavailable"
        assert answers[-1].headers["Retry-After"]
    server.start()
    with gevent.Timeout(10):
        while client.get("/readyz").status_code != 200:
            gevent.sleep(0.05)
    assert client.post("/api/chat", json=body).status_code == 200
