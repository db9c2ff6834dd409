"""Streams as the bus hands them over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import gevent
import pytest
import redis

from app.cluster.bus import Bus
from tests.cluster.connected import Connect
from tests.cluster.connected import connect as connect  # a fixture
from tests.cluster.connected import redis_of_module as redis_of_module  # a fixture
from tests.cluster.connected import redis_server as redis_server  # a fixture
from tests.cluster.redis_server import RedisServer

Entries = Sequence[tuple[bytes, Mapping[bytes, bytes]]]

_KEY = "test:followed"


@pytest.fixture
def bus(connect: Connect) -> Iterator[Bus]:
    made = Bus(connect(), "here")
    made.start()
    yield made
    made.close()


@pytest.fixture
def client(redis_server: RedisServer) -> Iterator[redis.Redis]:
    with redis_server.client() as it:
        yield it


class Heard:
    """The numbers of what was handed over, in its order."""

    def __init__(self) -> None:
        self.numbers: list[int] = []

    def __call__(self, entries: Entries) -> None:
        self.numbers += [int(number.partition(b"-")[0]) for number, _ in entries]

    def wait(self, count: int) -> list[int]:
        with gevent.Timeout(10):
            while len(self.numbers) < count:
                gevent.sleep(0.005)
        return self.numbers


def add(client: redis.Redis, number: int) -> None:
    client.xadd(_KEY, {b"n": b""}, id=f"{number}-0")
    client.expire(_KEY, 60)


@pytest.mark.parametrize("times", range(5))
def test_followed_anew_while_an_answer_is_on_its_way(
    bus: Bus, client: redis.Redis, times: int
) -> None:
    """Who follows a stream gets it from its first entry, whoever has followed it just before."""
    before, after = Heard(), Heard()
    add(client, 1)
    bus.follow(_KEY, before)
    before.wait(1)
    adding = gevent.spawn(add, client, 2)
    gevent.sleep(0)  # it is sent, and no answer of Redis has been looked at
    bus.unfollow(_KEY)
    bus.follow(_KEY, after)
    adding.join()
    add(client, 3)
    assert after.wait(3) == [1, 2, 3]
    assert before.numbers == [1]


def test_unfollowed(bus: Bus, client: redis.Redis) -> None:
    """Who has left hears nothing any more; others do."""
    gone, there = Heard(), Heard()
    add(client, 1)
    bus.follow(_KEY, gone)
    gone.wait(1)
    bus.unfollow(_KEY)
    add(client, 2)
    bus.follow(_KEY, there)
    assert there.wait(2) == [1, 2]
    assert gone.numbers == [1]
