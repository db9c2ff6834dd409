"""A plain WebSocket client for Node, against a real server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.clients.door import Door, node, opened, prompt


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with opened(tmp_path_factory.mktemp("ws")) as door:
        yield door


def had(door: Door, case: str) -> Any:
    return node("ws.mjs", door.url, door.key, case)


def test_three_at_once(door: Door) -> None:
    """Runs share a socket, each under the id of its message; nothing is compressed."""
    assert had(door, "chat") == {
        "said": {"1": "t0 ", "2": "t0 t1 ", "3": "t0 t1 t2 "}, "code": 1000, "compressed": "",
    }  # fmt: skip


def test_a_new_socket(door: Door) -> None:
    """A run that is resumed on another socket is whole."""
    assert had(door, "resume") == {"text": "".join(f"t{n} " for n in range(20))}


def test_a_stop(door: Door) -> None:
    """A run that is stopped says so."""
    assert had(door, "stop") == "stopped"
    door.until_closed(0)


def test_an_error(door: Door) -> None:
    """A bad message is answered, under its id."""
    assert had(door, "error") == {"event": "error", "reply_to": "bad", "code": "invalid_request"}


def test_leaving(door: Door) -> None:
    """A socket that is dropped closes the connection to the model at once."""
    skew = time.monotonic() - time.time()
    left = had(door, "terminate")["left"] / 1000
    assert prompt(door.until_closed(left + skew))
