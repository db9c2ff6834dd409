"""Every adapter, every fault of the catalogue, streamed or not: the documented end and no other."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import gevent
import pytest
from flask import Flask

from app.config import CompatibleServer
from tests.blueprints.shared import against, application
from tests.blueprints.talk import frames, text
from tests.upstream import Upstream
from tests.upstream.catalogue import CATALOGUE

_CALLS = 3
_DEADLINE = 4.0
# Without the one that takes ten seconds by design.
_ENTRIES = [entry for entry in CATALOGUE if entry.model != "mock-200-50000"]


class Outcome(NamedTuple):
    """How a request ended: an error's code, or None for a whole answer with some text or call."""

    model: str
    code: str | None
    seconds: float


@pytest.fixture
def server() -> Iterator[Upstream]:
    with Upstream() as it:
        yield it


@pytest.fixture
def asked(server: Upstream, tmp_path: Path) -> Iterator[Flask]:
    settings: dict[str, Any] = {
        **against(server),
        "compatible": (CompatibleServer("other", f"{server.url}/v1"),),
        "first_byte_timeout": 1.0,
        "read_timeout": 1.0,
        "run_timeout": _DEADLINE,
        "max_upstream_calls": _CALLS,
        "max_retry_wait": 0.2,
    }
    with application(tmp_path, **settings) as made:
        yield made


def ask(app: Flask, model: str, streamed: bool) -> Outcome:
    began = time.monotonic()
    route = "/api/chat/stream" if streamed else "/api/chat"
    answer = app.test_client().post(route, json={"message": "hi", "model": model}, buffered=True)
    seconds = time.monotonic() - began
    if not streamed:
        said = answer.get_json()
        return Outcome(model, None if answer.status_code == 200 else said["code"], seconds)
    events = frames(answer.data)
    ends = [event for event in events if event.event in ("done", "error")]
    assert ends == events[-1:]
    whole = ends[0].event == "done"
    if whole:
        assert text(events) or any(e.event == "tool_call" for e in events), model
    return Outcome(model, None if whole else ends[0].data["code"], seconds)


@pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize("provider", ["openai", "anthropic", "other"])
def test_the_matrix(asked: Flask, server: Upstream, provider: str, streamed: bool) -> None:
    """Each fault ends in its own error or in a correct answer, in time and with few calls."""
    jobs = [gevent.spawn(ask, asked, f"{provider}/{e.model}", streamed) for e in _ENTRIES]
    gevent.joinall(jobs, raise_error=True)
    ended = {job.get().model: job.get().code for job in jobs}
    assert ended == {f"{provider}/{entry.model}": entry.code for entry in _ENTRIES}
    assert max(server.calls.values()) == _CALLS
    # The time is the machine's, too: all of them run at once.
    assert max(job.get().seconds for job in jobs) < _DEADLINE * 3


@pytest.mark.parametrize(
    ("slack", "times"), [(2.0, 1), pytest.param(0.25, 10, marks=pytest.mark.prove)]
)
@pytest.mark.parametrize("kind", ["pinging-3", "flaky-9-mock-1"])
def test_nothing_goes_past_the_deadline(
    server: Upstream, tmp_path: Path, kind: str, slack: float, times: int
) -> None:
    """A lively silence and a row of retries end with the answer's time, not after it."""
    settings = {**against(server), "run_timeout": 1.0, "max_retry_wait": 5.0, "read_timeout": 9.0}
    with application(tmp_path, **settings, max_upstream_calls=50) as app:
        ask(app, "openai/mock-1", True)
        for _ in range(times):
            server.reset()
            assert ask(app, f"openai/{kind}", True).seconds < 1.0 + slack
