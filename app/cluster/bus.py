"""What workers tell each other, and the logs that they follow: one connection that listens.

Every worker reads its own inbox and the news for all, and beside them the streams that somebody
here follows. Each is a Redis Stream, so nothing that is said while a connection is down is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import gevent
import msgspec
import redis
import structlog
from redis.exceptions import RedisError

from app.cluster.connection import Connection, RedisAway, is_away

log = structlog.get_logger()

# Hears what was said under a topic.
Hear = Callable[[Mapping[str, Any]], None]
# Takes a stream's entries as they come, each with its id.
Take = Callable[[Sequence[tuple[bytes, Mapping[bytes, bytes]]]], None]

_BLOCK = 1_000  # milliseconds; redis-py takes longer silence for a dead connection
_PATIENCE = 3.0  # seconds
_LENGTH = 1_000  # messages that an inbox keeps, more or less
_HOUR = 3600
_AT_ONCE = 200  # entries of a stream in one answer


class Bus:
    """`process` is who we are. Topics are heard from `start` on, in one greenlet."""

    def __init__(self, connection: Connection, process: str) -> None:
        self._connection = connection
        self._process = process
        self._inbox = connection.key("inbox", process)
        self._news = connection.key("news")
        self._hears: dict[str, Hear] = {}
        self._takes: dict[str, Take] = {}
        self._read: dict[str, bytes] = {self._inbox: b"0"}  # the last id of each stream
        self._closing = False
        self._client: redis.Redis | None = None
        self._listening: gevent.Greenlet[[], None] | None = None

    def on(self, topic: str, hear: Hear) -> None:
        self._hears[topic] = hear

    def tell(self, process: str, topic: str, said: Mapping[str, Any]) -> None:
        """To one worker. Raises RedisAway."""
        self._say(self._connection.key("inbox", process), topic, said)

    def announce(self, topic: str, said: Mapping[str, Any]) -> None:
        """To all others. Raises RedisAway."""
        self._say(self._news, topic, said)

    def follow(self, key: str, take: Take) -> None:
        """Hand over a stream's entries from its first on, until `unfollow`."""
        self._takes[key], self._read[key] = take, b"0"
        self._wake()

    def unfollow(self, key: str) -> None:
        self._takes.pop(key, None)
        self._read.pop(key, None)

    def start(self) -> None:
        self._client = self._connection.client(_PATIENCE)
        self._listening = gevent.spawn(self._listen)

    def close(self) -> None:
        if self._listening is None or self._client is None:
            return
        # It ends with what it reads next. To kill it while it connects would leave a socket open.
        self._closing = True
        self._wake()
        self._listening.join(_PATIENCE if self._connection.up else 0)
        self._listening.kill()
        self._client.close()

    def _say(self, key: str, topic: str, said: Mapping[str, Any]) -> None:
        message = msgspec.msgpack.encode([topic, self._process, said])

        def work(client: redis.Redis) -> None:
            pipeline = client.pipeline(transaction=False)
            pipeline.xadd(key, {b"m": message}, maxlen=_LENGTH, approximate=True)
            pipeline.expire(key, _HOUR)
            pipeline.execute()

        self._connection.run(work)

    def _wake(self) -> None:
        """The listener waits for what it knew when it began; a word to itself ends that."""
        try:
            self.tell(self._process, "", {})
        except RedisAway:
            return  # it is not waiting, then

    def _listen(self) -> None:
        assert self._client is not None
        while not self._closing:
            self._connection.wait()
            try:
                self._hear_from(self._client)
            except RedisError as error:
                if not is_away(error):
                    raise
                self._client.connection_pool.disconnect()
                self._connection.lost(error)

    def _hear_from(self, client: redis.Redis) -> None:
        if self._news not in self._read:
            self._read[self._news] = _last(client, self._news)
        asked: Any = dict(self._read)
        found: Any = client.xread(asked, count=_AT_ONCE, block=_BLOCK)
        for name, entries in found:
            key = name.decode()
            # Else it was unfollowed meanwhile, or is followed anew: from its first entry on.
            if self._read.get(key) == asked[key]:
                self._read[key] = entries[-1][0]
                self._hand_over(key, entries)

    def _hand_over(self, key: str, entries: Sequence[tuple[bytes, Mapping[bytes, bytes]]]) -> None:
        try:
            if key in self._takes:
                self._takes[key](entries)
                return
            for _, fields in entries:
                topic, sender, said = msgspec.msgpack.decode(fields[b"m"])
                if topic in self._hears and (key == self._inbox or sender != self._process):
                    self._hears[topic](said)
        except Exception:
            # One who cannot bear what it hears must not make the others deaf.
            log.exception("bus_hearer_broke", stream=key)


def _last(client: redis.Redis, key: str) -> bytes:
    """The newest id of a stream; what was said before is not for us."""
    newest: Any = client.xrevrange(key, count=1)
    return bytes(newest[0][0]) if newest else b"0"
