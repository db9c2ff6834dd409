"""One port, several workers, one answer to Prometheus."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import gevent
import pytest
import requests

from tests.cluster.redis_server import running as redis_running
from tests.metrics.figures import Figures, figures, total
from tests.server.fleet import fleet
from tests.server.proc import children
from tests.server.process import Server

_TURNS = 12


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("workers")
    with (
        redis_running(folder) as redis,
        fleet(folder, 1, {"REDIS_URL": redis.url, "TMPDIR": str(folder)}, workers=2) as (only,),
    ):
        yield only


def read(server: Server) -> Figures:
    return figures(requests.get(f"{server.url}/metrics", timeout=10).text)


def until(condition: object, seconds: float = 30.0) -> None:
    with gevent.Timeout(seconds):
        while not condition():  # type: ignore[operator]
            gevent.sleep(0.05)


def talk(server: Server) -> None:
    """Each on a connection of its own, so that both workers get some."""
    for _ in range(_TURNS):
        said = requests.post(f"{server.url}/api/chat", json={"message": "hi"}, timeout=30)
        assert said.status_code == 200, said.text


def test_whoever_is_asked_answers_for_all(server: Server) -> None:
    """However often it is asked, on whatever connection, the figures are the sum of both."""
    talk(server)
    until(lambda: read(server)["parley_runs_total", "demo", "done"] == _TURNS)
    for _ in range(8):
        seen = read(server)
        assert seen["parley_runs_total", "demo", "done"] == _TURNS
        assert seen["parley_requests_total", "POST", "/api/chat", "200"] == _TURNS
        assert seen[("parley_run_seconds_count",)] == _TURNS
        assert seen[("parley_workers",)] == 2
        assert seen[("parley_redis_up",)] == 1


def test_the_loop_is_watched(server: Server) -> None:
    """Each worker says how late its event loop is, without being asked."""
    before = total(read(server), "parley_loop_delay_seconds_count")
    until(lambda: total(read(server), "parley_loop_delay_seconds_count") >= before + 4)


def test_a_worker_that_dies_takes_nothing_with_it(server: Server) -> None:
    """Counters do not go down, the dead one's gauges are gone, and so are its files."""
    before = read(server)["parley_runs_total", "demo", "done"]
    victim = children(server.process.pid)[0]
    os.kill(victim, signal.SIGKILL)
    until(lambda: victim not in children(server.process.pid))
    until(lambda: len(children(server.process.pid)) == 2)
    until(lambda: read(server)[("parley_workers",)] == 2)
    assert read(server)["parley_runs_total", "demo", "done"] == before
    (folder,) = server.log.parent.parent.glob("parley-metrics-*")
    assert not list(folder.glob(f"*_{victim}.db"))


def test_the_folder_goes_with_the_server(tmp_path: Path) -> None:
    """What the workers wrote is nobody's when they are gone."""
    with redis_running(tmp_path) as redis:
        settings = {"REDIS_URL": redis.url, "TMPDIR": str(tmp_path)}
        with fleet(tmp_path, 1, settings, workers=2) as (server,):
            assert list(tmp_path.glob("parley-metrics-*"))
            server.process.send_signal(signal.SIGTERM)
            server.process.wait(timeout=30)
    assert not list(tmp_path.glob("parley-metrics-*"))
