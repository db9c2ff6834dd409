"""Agents of a real server: one that is killed while a run waits, and tools whose caller leaves."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.blueprints.agenting import MODEL, TOOLS, acting, call, obedient
from tests.blueprints.talk import Frame, frames
from tests.server.process import Server, serving
from tests.upstream import Upstream

_ENVIRONMENT = {"TOOLS_MODULES": TOOLS[0]}


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


def _events(server: Server, run_id: str, after: int = 0) -> list[Frame]:
    url = f"{server.url}/api/runs/{run_id}/events?after={after}"
    return frames(requests.get(url, timeout=30).content)


def _post(server: Server, path: str, body: dict[str, Any]) -> Any:
    answer = requests.post(f"{server.url}{path}", json=body, timeout=30)
    assert answer.ok, answer.text
    return answer


def test_an_approval_after_a_kill(tmp_path: Path, upstream: Upstream) -> None:
    """A server that dies without a word while a run waits: the next one goes on where it stood."""
    upstream.acting = acting(
        [call("echo", text="a")], [call("delete_everything", what="logs")], "Done."
    )
    environment = {**_ENVIRONMENT, "OPENAI_BASE_URL": f"{upstream.url}/v1"}
    body = {"message": "Do it.", "model": MODEL}
    with serving(tmp_path, **environment) as first:
        before = frames(_post(first, "/api/agent/stream", body).content)
        assert before[-1].data["stop_reason"] == "approval"
        os.killpg(first.process.pid, signal.SIGKILL)
        first.process.wait(timeout=15)
    run_id = before[0].data["run_id"]
    with serving(tmp_path, **environment) as second:
        assert _events(second, run_id) == before
        told = requests.get(f"{second.url}/api/runs/{run_id}/steps", timeout=30).json()
        (wanted,) = told["waiting"]
        path = f"/api/runs/{run_id}/approvals/{wanted['call_id']}"
        _post(second, path, {"decision": "approve"})
        after = _events(second, run_id, before[-1].number)
        whole = _events(second, run_id)
    assert after[0].data["output"] == "deleted logs"
    assert after[-1].data["stop_reason"] == "answered"
    assert whole[: len(before) - 1] == before[:-1]
    assert [frame.data["index"] for frame in whole if frame.event == "step"] == [1, 2, 3]
    assert len(upstream.requests) == 3


@pytest.mark.prove
@pytest.mark.parametrize(
    "name", ["sleep_for_ever", "sleep_in_a_thread", "compute_for_ever", "huge", "stubborn"]
)
def test_every_run_ends_within_its_time(tmp_path: Path, upstream: Upstream, name: str) -> None:
    """250 ms after its deadline, at the latest, a run has ended with an answer."""
    upstream.acting = obedient([call(name)] * 50)
    environment = {**_ENVIRONMENT, "OPENAI_BASE_URL": f"{upstream.url}/v1"}
    with serving(tmp_path, **environment) as server:
        for _ in range(5):
            began = time.monotonic()
            body = {"message": "Do it.", "model": MODEL, "timeout": 2}
            said = _post(server, "/api/agent", body).json()
            assert time.monotonic() - began < 2.25
            assert said["message"]["content"]
            assert said["steps"][-1]["last"]
