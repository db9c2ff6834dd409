"""Whatever moves of one owner, taken away: from the memory of every worker, and from Redis."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import gevent
import structlog
from gevent import Timeout

from app.cluster.connection import RedisAway
from app.runs.registry import Runs
from app.runs.run import Run
from app.runs.sharing import Sharing
from app.services.answers import Answers

log = structlog.get_logger()

_TOPIC = "owner_deleted"
# Seconds for the runs of an owner to hear that they are to end; and until what was on its way to
# Redis when they did is there.
_PATIENCE, _LATE = 5.0, 1.0


class Erasure:
    """Of this worker; the others hear of it and do the same."""

    def __init__(self, live: Runs, answers: Answers, sharing: Sharing | None) -> None:
        self._live = live
        self._answers = answers
        self._sharing = sharing
        self._also: list[Callable[[str], None]] = []
        if sharing is not None:
            sharing.bus.on(_TOPIC, self._told)

    def also(self, forget: Callable[[str], None]) -> None:
        """Call it for each owner, at every worker: there is more that remembers something."""
        self._also.append(forget)

    def stop(self, owner: str) -> None:
        """End what runs of the owner's, and forget it, here and elsewhere."""
        if self._sharing is not None:
            try:
                self._sharing.bus.announce(_TOPIC, {"owner": owner})
            except RedisAway:
                log.warning("deletion_not_told_to_workers")
        self._forget(owner)

    def clear(self, owner: str, run_ids: Sequence[str]) -> None:
        """Take away what is left in Redis. Raises RedisAway: it is there until it expires."""
        if self._sharing is not None:
            self._sharing.logs.remove(run_ids)
        self._answers.forget(owner, everywhere=True)

    def _told(self, said: Mapping[str, Any]) -> None:
        gevent.spawn(self._forget, said["owner"])  # who tells it has others to tell

    def _forget(self, owner: str) -> None:
        runs = self._live.of(owner)
        for run in runs:
            run.stop()
        with Timeout(_PATIENCE, False):  # type: ignore[arg-type]  # the block just ends
            for run in runs:
                run.wait()
        for run in runs:
            self._live.forget(run.id)
        self._answers.forget(owner)
        for forget in self._also:
            forget(owner)
        self._unshare(runs)
        if self._sharing is not None and runs:
            gevent.spawn_later(_LATE, self._unshare, runs)

    def _unshare(self, runs: Sequence[Run]) -> None:
        if self._sharing is None:
            return
        try:
            for run in runs:
                self._sharing.forget(run)
        except RedisAway:
            log.warning("deleted_logs_left_in_redis", runs=len(runs))
