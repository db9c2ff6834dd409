"""Runs of other workers, as they are followed here.

A mirror is a run whose log comes from Redis. Its readers count as the run's own: the first to come
and the last to leave are told to the worker that generates, and so is a stop.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Protocol
from weakref import WeakValueDictionary

import structlog
from gevent import Greenlet
from gevent.pool import Group

from app.cluster.bus import Bus
from app.cluster.connection import RedisAway
from app.errors import ShuttingDown
from app.runs.reader import Reader
from app.runs.run import Cause, Run
from app.runs.shared_log import SharedLogs, continued

log = structlog.get_logger()


class _Host(Protocol):
    def follow(self, mirror: Mirror) -> None: ...

    def leave(self, mirror: Mirror) -> None: ...

    def stop(self, mirror: Mirror) -> None: ...


class Mirror(Run):
    """`process` generates the run. It is followed while it has readers."""

    def __init__(
        self, run_id: str, owner: str, conversation_id: str, process: str, host: _Host
    ) -> None:
        super().__init__(run_id, owner, conversation_id)
        self.process = process
        self.heard_at = time.monotonic()
        self.leaving: Greenlet[..., None] | None = None
        self._host = host

    @property
    def read(self) -> bool:
        """Whether anybody here reads it."""
        return bool(self._readers)

    def join(self, reader: Reader) -> None:
        """Raises RedisAway."""
        if not self._readers and not self.ended:
            self._host.follow(self)
        super().join(reader)

    def leave(self, reader: Reader) -> None:
        self._readers.discard(reader)
        if not self._readers:
            self._host.leave(self)

    def stop(self, cause: Cause = "stopped") -> None:
        """Raises RedisAway."""
        if not self.ended:
            self._host.stop(self)

    def take(self, entries: Sequence[tuple[bytes, Mapping[bytes, bytes]]]) -> None:
        """What the log in Redis has come to."""
        self.heard_at = time.monotonic()
        if not self.ended and (new := continued(len(self.events), entries)):
            self.append(new)

    def dismiss(self) -> None:
        """End the connections, not the run: it is to be followed elsewhere."""
        for reader in list(self._readers):
            reader.close()


class Mirrors:
    """One for each run of another worker that somebody here reads."""

    def __init__(self, bus: Bus, logs: SharedLogs, process: str) -> None:
        self._bus = bus
        self._logs = logs
        self._process = process
        # Those that are read: the bus knows them. The others are forgotten with their last user.
        self._closing = False
        self._telling = Group()
        self._by_id: WeakValueDictionary[str, Mirror] = WeakValueDictionary()

    def open(self, run_id: str, owner: str, conversation_id: str, process: str) -> Mirror:
        """The run as `process` generates it. Raises ShuttingDown."""
        if self._closing:
            raise ShuttingDown("This server is going down for a restart.", retry_after=1)
        mirror = self._by_id.get(run_id)
        if mirror is None or mirror.parked:
            mirror = Mirror(run_id, owner, conversation_id, process, self)
            self._by_id[run_id] = mirror
        return mirror

    def follow(self, mirror: Mirror) -> None:
        """Raises RedisAway."""
        if mirror.leaving is not None:
            mirror.leaving.join()  # or it would be heard after what we say now
        self._tell(mirror, "join")
        self._bus.follow(self._logs.key(mirror.id), mirror.take)

    def leave(self, mirror: Mirror) -> None:
        """Also from the loop's own callbacks, which may not wait."""
        self._bus.unfollow(self._logs.key(mirror.id))
        if not mirror.ended:
            mirror.leaving = self._telling.spawn(self._leave, mirror)

    def _leave(self, mirror: Mirror) -> None:
        if mirror.read:
            return  # somebody has come meanwhile
        try:
            self._tell(mirror, "leave")
        except RedisAway:
            log.warning("leave_not_told", run_id=mirror.id)

    def stop(self, mirror: Mirror) -> None:
        """Raises RedisAway."""
        self._tell(mirror, "stop")

    def silent(self, seconds: float) -> Sequence[Mirror]:
        """Those of which nothing was heard for so long."""
        since = time.monotonic() - seconds
        return [mirror for mirror in self._by_id.values() if mirror.heard_at < since]

    def close(self) -> None:
        """End the connections of all who read here; nobody else comes in."""
        self._closing = True
        for mirror in list(self._by_id.values()):
            mirror.dismiss()
        self._telling.join()

    def _tell(self, mirror: Mirror, topic: str) -> None:
        said = {"run_id": mirror.id, "process": self._process}
        self._bus.tell(mirror.process, topic, said)
