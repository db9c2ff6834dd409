"""Who lives: each worker holds a lease in Redis and renews it; whose lease is gone is dead.

A lease runs out while Redis is frozen, too. So a worker is taken for dead only after it was missed
several times in a row, each by a question that Redis answered: whoever lives has renewed by then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import gevent
import redis
import structlog
from gevent.event import Event

from app.cluster.connection import Connection, RedisAway

log = structlog.get_logger()

_RENEW = 1.0  # seconds
_LEASE = 4_000  # milliseconds
_MISSED = 3  # times
_HOUR = 3600


class Leases:
    """`on_gone` is called with the name of each process that was found dead, at least once."""

    def __init__(self, connection: Connection, process: str) -> None:
        self._connection = connection
        self._process = process
        self._workers = connection.key("workers")
        self._gone: list[Callable[[str], None]] = []
        self._missed: Counter[str] = Counter()
        self._closing = Event()
        self._watching: gevent.Greenlet[[], None] | None = None

    def on_gone(self, call: Callable[[str], None]) -> None:
        self._gone.append(call)

    def start(self) -> None:
        """Say that we are here, and look after the others."""
        self._watching = gevent.spawn(self._watch)

    def alive(self, process: str) -> bool:
        """Whether a process has said so lately. Raises RedisAway."""
        return bool(self._connection.run(lambda client: client.exists(self._lease(process))))

    def close(self) -> None:
        """Say that we go: nobody has to miss us."""
        if self._watching is None:
            return
        self._closing.set()
        self._watching.join()
        self._watching = None
        try:
            self._connection.run(self._leave)
        except RedisAway:
            log.warning("lease_left_behind")

    def _watch(self) -> None:
        while not self._closing.is_set():
            try:
                self._look_after(self._connection.run(self._renew))
            except RedisAway:
                self._missed.clear()
            self._closing.wait(_RENEW)

    def _renew(self, client: redis.Redis) -> list[str]:
        """Returns whose lease is missing."""
        pipeline = client.pipeline(transaction=False)
        pipeline.set(self._lease(self._process), "", px=_LEASE)
        pipeline.sadd(self._workers, self._process)
        pipeline.expire(self._workers, _HOUR)
        pipeline.smembers(self._workers)
        names = sorted(name.decode() for name in pipeline.execute()[-1])
        leases: Any = client.mget([self._lease(name) for name in names])
        return [name for name, lease in zip(names, leases, strict=True) if lease is None]

    def _leave(self, client: redis.Redis) -> None:
        client.srem(self._workers, self._process)
        client.delete(self._lease(self._process), self._connection.key("inbox", self._process))

    def _look_after(self, missing: list[str]) -> None:
        self._missed = Counter({name: self._missed[name] + 1 for name in missing})
        for name, times in list(self._missed.items()):
            if times >= _MISSED:
                self._bury(name)

    def _bury(self, name: str) -> None:
        log.warning("worker_gone", process=name)
        try:
            for call in self._gone:
                call(name)
            self._connection.run(lambda client: client.srem(self._workers, name))
        except Exception:
            # It stays among the workers, and is found again in a second.
            log.exception("worker_not_buried", process=name)

    def _lease(self, process: str) -> str:
        return self._connection.key("lease", process)
