"""Agents over two workers: a run is parked at one, and goes on at the other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from flask import Flask

from app.services import Services
from tests.blueprints.agenting import (
    acting,
    agent,
    beside,
    call,
    decide,
    events,
    live,
    streamed,
)
from tests.blueprints.talk import eventually
from tests.cluster.redis_server import RedisServer, running
from tests.services.agents.misbehaving import ENDED, STARTED
from tests.storage.databases import fresh
from tests.upstream import Upstream


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    with running(tmp_path) as server:
        yield server


@pytest.fixture
def workers(
    tmp_path: Path, redis_server: RedisServer, upstream: Upstream
) -> Iterator[tuple[Flask, Flask]]:
    url = fresh(tmp_path)
    with ExitStack() as stack:
        made = [
            stack.enter_context(beside(tmp_path, upstream, url, redis_url=redis_server.url))
            for _ in range(2)
        ]
        for app in made:
            _of(app).start()
        yield made[0], made[1]


def _of(app: Flask) -> Services:
    found: Services = app.extensions["parley"]
    return found


def test_a_run_goes_on_at_another_worker(workers: tuple[Flask, Flask], upstream: Upstream) -> None:
    """Whoever is told goes on, and at either worker the log is one, from its first event on."""
    STARTED.clear()
    one, other = (app.test_client() for app in workers)
    upstream.acting = acting([call("delete_everything", what="logs")], [call("late")], "Done.")
    before = streamed(one)
    run_id = before[0].data["run_id"]
    assert events(other, run_id) == before
    (wanted,) = other.get(f"/api/runs/{run_id}/steps").get_json()["waiting"]
    assert decide(other, run_id, wanted["call_id"], decision="approve").status_code == 200
    followed = events(one, run_id, after=before[-1].number)
    assert followed[-1].data["stop_reason"] == "answered"
    assert events(one, run_id) == events(other, run_id)
    assert events(one, run_id)[before[-1].number :] == followed
    assert STARTED == ["delete logs"]


def test_a_tool_is_stopped_from_another_worker(
    workers: tuple[Flask, Flask], upstream: Upstream
) -> None:
    """A stop is heard wherever the tool runs."""
    STARTED.clear()
    ENDED.clear()
    one, other = (app.test_client() for app in workers)
    upstream.acting = acting([call("sleep_for_ever")], "Done.")
    with live(one, on_disconnect="continue") as stream:
        stream.read_until(b"tool_call")
        run_id = stream.frames[0].data["run_id"]
        eventually(lambda: STARTED)
        assert other.post(f"/api/runs/{run_id}/stop").get_json()["state"] == "stopped"
        assert stream.read_all()[-1].data["stop_reason"] == "stopped"
    eventually(lambda: ENDED)


def test_steps_are_seen_at_every_worker(workers: tuple[Flask, Flask], upstream: Upstream) -> None:
    """What a run has done is the same wherever it is asked for."""
    one, other = (app.test_client() for app in workers)
    upstream.acting = acting([call("echo", text="a")], "Done.")
    said = agent(one)
    assert other.get(f"/api/runs/{said['run_id']}/steps").get_json()["steps"] == said["steps"]
