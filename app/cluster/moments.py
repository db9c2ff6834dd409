"""When something happened last, counted by all workers together."""

from __future__ import annotations

from typing import Any

import redis

from app.cluster.connection import Connection


class Moments:
    """The last `most` of each subject, for as many seconds as they matter."""

    def __init__(self, connection: Connection, kind: str, most: int, seconds: float) -> None:
        self._connection = connection
        self._kind = kind
        self._most = most
        self._seconds = seconds

    def note(self, subject: str) -> None:
        """It happened now. Raises RedisAway."""
        key = self._connection.key(self._kind, subject)

        def work(client: redis.Redis) -> None:
            pipeline = client.pipeline(transaction=False)
            pipeline.lpush(key, _seconds(client.time()))
            pipeline.ltrim(key, 0, self._most - 1)
            pipeline.pexpire(key, int(self._seconds * 1000))
            pipeline.execute()

        self._connection.run(work)

    def wait(self, subject: str) -> float:
        """Seconds until fewer than `most` have happened within `seconds`. Raises RedisAway."""
        key = self._connection.key(self._kind, subject)

        def work(client: redis.Redis) -> Any:
            pipeline = client.pipeline(transaction=False)
            pipeline.lindex(key, self._most - 1)
            pipeline.time()
            return pipeline.execute()

        oldest, now = self._connection.run(work)
        return 0.0 if oldest is None else max(0.0, float(oldest) + self._seconds - _seconds(now))


def _seconds(time: Any) -> float:
    seconds, microseconds = time
    return float(seconds + microseconds / 1_000_000)
