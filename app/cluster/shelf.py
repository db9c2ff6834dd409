"""What one worker put down for a while, for others to find."""

from __future__ import annotations

from typing import Any

import redis

from app.cluster.connection import Connection


class Shelf:
    """Of one kind of things. Who puts something there bounds its size."""

    def __init__(self, connection: Connection, kind: str) -> None:
        self._connection = connection
        self._kind = kind

    def put(self, name: str, data: bytes, seconds: float) -> None:
        """Raises RedisAway."""
        key, milliseconds = self._connection.key(self._kind, name), max(1, int(seconds * 1000))
        self._connection.run(lambda client: client.set(key, data, px=milliseconds))

    def clear(self, start: str) -> None:
        """Take away all whose names begin so. Raises RedisAway."""
        pattern = self._connection.key(self._kind, f"{start}*")

        def work(client: redis.Redis) -> None:
            for name in client.scan_iter(pattern, count=1_000):
                client.delete(name)

        self._connection.run(work)

    def get(self, name: str) -> tuple[bytes, float] | None:
        """With the seconds that it will be there. Raises RedisAway."""
        key = self._connection.key(self._kind, name)

        def work(client: redis.Redis) -> Any:
            pipeline = client.pipeline(transaction=False)
            pipeline.get(key)
            pipeline.pttl(key)
            return pipeline.execute()

        data, milliseconds = self._connection.run(work)
        return None if data is None else (data, max(0, milliseconds) / 1000)
