"""Runs whose log is in memory no more."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.services import Services
from tests.blueprints.shared import against, application
from tests.blueprints.talk import HEARTBEAT, eventually, frames
from tests.upstream import Upstream


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, upstream: Upstream) -> Iterator[Flask]:
    # A log is forgotten as soon as its run has ended.
    asked = {**against(upstream), "replay_seconds": -1.0}
    with application(tmp_path_factory.mktemp("shared"), **asked) as made:
        yield made


@pytest.mark.parametrize("model", ["demo", "openai/mock-5", "openai/cut-3", "anthropic/cut-3"])
@pytest.mark.parametrize("after", [0, 2, 4])
def test_the_log_is_made_again(
    client: FlaskClient, services: Services, model: str, after: int
) -> None:
    """From storage the same events come as from memory, byte for byte, an error's as well."""
    body = {"message": "Show me code 😀", "model": model}
    sent = client.post("/api/chat/stream", json=body, buffered=True).data
    run_id = frames(sent)[0].data["run_id"]
    eventually(lambda: services.live.find("local", run_id) is None)
    path = f"/api/runs/{run_id}/events?after={after}"
    blocks = sent.removeprefix(HEARTBEAT).split(b"\n\n")[:-1]
    tail = b"".join(block + b"\n\n" for block in blocks[after:])
    assert client.get(path, buffered=True).data == HEARTBEAT + tail
