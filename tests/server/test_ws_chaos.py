"""Sockets of many kinds at once, that cut themselves off, come back, stop and are killed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import gevent
import pytest
import requests
from simple_websocket import ConnectionClosed

from tests.server.callers import until
from tests.server.conftest import Quote
from tests.server.proc import sockets
from tests.server.process import Server, serving
from tests.server.speaker import Speaker, text
from tests.upstream import Upstream

_MODELS = ["mock-12-3000", "mock-3", "cut-3", "error-2", "stall-2", "status-503", "reasoning-3"]
_WHOLE = {"mock-12-3000": 12, "mock-3": 3, "reasoning-3": 3}


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream() as it:
        yield it


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, upstream: Upstream) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("chaos")
    with serving(
        folder,
        OPENAI_BASE_URL=f"{upstream.url}/v1",
        READ_TIMEOUT="1",
        READER_GRACE="20",
        MAX_RETRY_WAIT="0",
        LOG_LEVEL="ERROR",
    ) as it:
        yield it


class Person:
    """Has one run after the other, each over as many sockets as it takes to hear its end."""

    def __init__(self, server: Server, seed: int) -> None:
        self._server = server
        self._chance = random.Random(seed)
        self._speaker: Speaker | None = None
        self.cuts = 0

    def live(self, runs: int) -> None:
        for _ in range(runs):
            model = self._chance.choice(_MODELS)
            check(model, *self._have(model))
        self._leave()

    def _have(self, model: str) -> tuple[list[dict[str, Any]], bool]:
        """All that was heard of one run, and whether it was stopped."""
        on_disconnect = self._chance.choice(["continue", "finish"])
        run_id = self._on().begin(model=f"openai/{model}", on_disconnect=on_disconnect)
        heard: list[dict[str, Any]] = []
        stopped = self._chance.random() < 0.1
        if stopped:
            self._on().say("stop", run_id=run_id)
        while not heard or heard[-1]["event"] not in ("done", "error"):
            if self._chance.random() < 0.1:
                self._leave()
                self._on().say("resume", run_id=run_id, after=len(heard))
            said = self._on().hear()
            if said.get("run_id") == run_id and "id" in said:
                heard.append(said)
        return heard, stopped

    def _on(self) -> Speaker:
        if self._speaker is None:
            self._speaker = Speaker(self._server)
            self._speaker.hear_one("ready")
        return self._speaker

    def _leave(self) -> None:
        if self._speaker is not None:
            self.cuts += 1
            way = self._chance.choice(["close", "drop", "reset"])
            speaker, self._speaker = self._speaker, None
            with suppress(ConnectionClosed):
                speaker.close() if way == "close" else speaker.leave(reset=way == "reset")


def check(model: str, heard: list[dict[str, Any]], stopped: bool) -> None:
    """Numbered without a gap, with one ending, which is the one that belongs to it."""
    assert [said["id"] for said in heard] == list(range(1, len(heard) + 1))
    ends = [said for said in heard if said["event"] in ("done", "error")]
    assert ends == heard[-1:]
    if stopped and ends[0]["data"].get("finish_reason") == "stopped":
        return
    if model in _WHOLE:
        assert text(heard) == "".join(f"t{n} " for n in range(_WHOLE[model]))
        assert ends[0]["data"]["finish_reason"] == "stop"
    else:
        assert ends[0]["event"] == "error"


@pytest.mark.parametrize(
    ("people", "runs"), [(10, 6), pytest.param(40, 25, marks=pytest.mark.prove)]
)
def test_every_run_has_its_end(
    server: Server, upstream: Upstream, quote: Quote, people: int, runs: int
) -> None:
    """Whatever happens to its sockets, a run that goes on is heard whole, once, with its end."""
    persons = [Person(server, seed) for seed in range(people)]
    jobs = [gevent.spawn(person.live, runs) for person in persons]
    with gevent.Timeout(300):
        gevent.joinall(jobs, raise_error=True)
    until(lambda: upstream.open == 0, 30)
    until(lambda: sockets(server, upstream.url).callers == 0, 30)
    figures = requests.get(f"{server.url}/metrics", timeout=5).text
    assert "parley_open_streams 0.0" in figures
    quote(f"{people * runs} runs, {sum(person.cuts for person in persons)} sockets cut")
    assert "Traceback" not in server.said()
