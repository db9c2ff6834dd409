"""A model server to talk to, and an end to patience."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gevent
import pytest

from tests.blueprints.shared import against
from tests.upstream import Upstream


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """What hangs fails."""
    with gevent.Timeout(60):
        yield


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@pytest.fixture
def with_upstream(upstream: Upstream) -> dict[str, Any]:
    return against(upstream)
