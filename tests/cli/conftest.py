"""A model server to talk to, and an end to patience."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gevent
import pytest

from app.servers import CompatibleServer
from tests.cli.commands import SECRET
from tests.upstream import Upstream


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    with gevent.Timeout(60):
        yield


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@pytest.fixture
def settings(upstream: Upstream) -> dict[str, Any]:
    own = CompatibleServer("own", f"{upstream.url}/v1", SECRET)
    return {"compatible": (own,), "chat_model": "demo/demo", "read_timeout": 0.2}
