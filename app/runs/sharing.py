"""The life of runs beyond their worker: each is copied to Redis, and others' are followed there."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from app.cluster.bus import Bus
from app.cluster.connection import Connection, RedisAway
from app.cluster.leases import Leases
from app.runs.mirror import Mirrors
from app.runs.publisher import Publisher
from app.runs.registry import Runs
from app.runs.run import Run
from app.runs.shared_log import SharedLogs
from app.runs.visitors import Visitors

log = structlog.get_logger()


class Sharing:
    """Of the worker that is called `process`, whose runs are in `live`.

    A log is kept in Redis for `open_seconds` at most, and `ended_seconds` after its end.
    """

    def __init__(
        self,
        connection: Connection,
        process: str,
        live: Runs,
        open_seconds: float,
        ended_seconds: float,
    ) -> None:
        self.connection = connection
        self.bus = Bus(connection, process)
        self.leases = Leases(connection, process)
        self.logs = SharedLogs(connection, open_seconds, ended_seconds)
        self.mirrors = Mirrors(self.bus, self.logs, process)
        self._publisher = Publisher(connection, self.logs)
        self._visitors = Visitors(self.bus, live.running)
        self.leases.on_gone(self._visitors.gone)
        self.bus.on("conversation_deleted", lambda said: live.stop_all(said["conversation_id"]))
        live.on_start(self._started)

    def start(self, on_gone: Callable[[str], None]) -> None:
        """Listen, copy, and look after the others; `on_gone` ends the runs of a dead one."""
        self.leases.on_gone(on_gone)
        self.bus.start()
        self._publisher.start()
        self.leases.start()

    def stop_all(self, conversation_id: str) -> None:
        """Stop what the other workers have running in a conversation that was deleted."""
        try:
            self.bus.announce("conversation_deleted", {"conversation_id": conversation_id})
        except RedisAway:
            log.warning("deletion_not_told", conversation_id=conversation_id)

    def leave(self) -> None:
        """The last run here has ended: who follows others' runs here follows them elsewhere."""
        self._publisher.flush()
        self.mirrors.close()
        self.leases.close()

    def close(self) -> None:
        self.mirrors.close()
        self._publisher.close()
        self.leases.close()
        self.bus.close()
        self.connection.close()

    def forget(self, run: Run) -> None:
        """Copy no more of it, and take away what there is. Raises RedisAway."""
        self._publisher.drop(run)
        self.logs.remove([run.id])

    def _started(self, run: Run) -> None:
        if not run.kept:
            return
        self._publisher.publish(run)
        self._visitors.started(run)
