from __future__ import annotations

from collections.abc import Iterator

import gevent
import pytest


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """What hangs fails."""
    with gevent.Timeout(30):
        yield
