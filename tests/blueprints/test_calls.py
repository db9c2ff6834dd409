"""What a turn costs, in what no other work on the machine moves: calls of Python functions."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

import flask
import flask_smorest
import greenlet
import marshmallow
import prometheus_client
import pytest
import structlog
import webargs
import werkzeug
from flask.testing import FlaskClient

import app

_ROOMS = (app, flask, flask_smorest, marshmallow, prometheus_client, structlog, webargs, werkzeug)
_OURS = tuple(str(Path(str(room.__file__)).parent) for room in _ROOMS)
# The client's own.
_THEIRS = (str(Path(werkzeug.__file__).with_name("test.py")), flask.testing.__file__)

_TURN = {"message": "hi", "model": "openai/mock-1"}


@pytest.fixture
def settings(with_upstream: dict[str, Any]) -> dict[str, Any]:
    return with_upstream


@cache
def is_ours(file: str) -> bool:
    return file.startswith(_OURS) and file not in _THEIRS


class Count:
    """Calls in all greenlets of this thread: of the application, and what it makes a turn with."""

    calls = 0

    def note(self, frame: FrameType, kind: str, _arg: object) -> None:
        self.calls += kind == "call" and is_ours(frame.f_code.co_filename)


@contextmanager
def counting() -> Iterator[Count]:
    count = Count()

    def switched(_kind: str, _args: object) -> None:
        if sys.getprofile() is None:  # a greenlet begins without one
            sys.setprofile(count.note)

    before = greenlet.settrace(switched)
    sys.setprofile(count.note)
    try:
        yield count
    finally:
        sys.setprofile(None)
        greenlet.settrace(before)


def test_a_turn_makes_few_calls(client: FlaskClient) -> None:
    """From the request to the last byte of its stream, without the server's own."""
    for _ in range(3):  # what is made once
        client.post("/api/chat/stream", json=_TURN, buffered=True)
    with counting() as count:
        for _ in range(10):
            client.post("/api/chat/stream", json=_TURN, buffered=True)
    assert 100 < count.calls / 10 <= 1_000, f"{count.calls / 10:.0f} calls a turn"
