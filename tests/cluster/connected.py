"""Fixtures: a Redis for a module's tests, and workers' ways to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from app.cluster.connection import Connection
from tests.cluster.redis_server import RedisServer, immortal, running

Connect = Callable[[], Connection]


@pytest.fixture(scope="module")
def redis_of_module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with running(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def redis_server(redis_of_module: RedisServer) -> Iterator[RedisServer]:
    """Empty at first; whatever a test has left in it expires."""
    redis_of_module.flush()
    yield redis_of_module
    with redis_of_module.client() as client:
        assert immortal(client) == []


@pytest.fixture
def connect(redis_server: RedisServer) -> Iterator[Connect]:
    """A connection, as each worker has its own."""
    with ExitStack() as stack:

        def made() -> Connection:
            connection = Connection(redis_server.url, "test")
            stack.callback(connection.close)
            return connection

        yield made
