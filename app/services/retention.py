"""What is older than it may be is removed: a little at a time, by one worker at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import gevent
import structlog

from app.cluster.claims import Claims
from app.cluster.connection import RedisAway
from app.errors import ParleyError
from app.ids import now
from app.storage import retention
from app.storage.database import Database
from app.storage.retention import Removal

log = structlog.get_logger()

_DAY = 86_400_000  # milliseconds
# Seconds until the first sweep, between two of them, and between two of its transactions.
_FIRST, _AGAIN, _PAUSE = 60.0, 3_600.0, 0.05
_NAME = "retention"

# For each name of a setting what is removed, and rows of one transaction; a conversation has many.
REMOVALS: Mapping[str, tuple[Removal, int]] = {
    "conversations": (retention.old_conversations, 20),
    "runs": (retention.old_runs, 200),
    "feedback": (retention.old_feedback, 200),
    "ledger": (retention.old_calls, 200),
}


class Retention:
    """`days` by the names of REMOVALS; what is not named is kept for ever."""

    removals = REMOVALS

    def __init__(
        self, database: Database, days: Mapping[str, int], claims: Claims | None = None
    ) -> None:
        self._database = database
        self._days = days
        self._claims = claims
        self._sweeping: gevent.Greenlet[..., None] | None = None

    def watch(self) -> None:
        """Sweep now and then, until `close`."""
        if self._days:
            self._sweeping = gevent.spawn_later(_FIRST, self._watch)

    def close(self) -> None:
        if self._sweeping is not None:
            self._sweeping.kill()
        if self._claims is not None:
            self._claims.close()

    def sweep(self) -> dict[str, int]:
        """How many rows were removed; none where another worker is at it. Raises Unavailable."""
        removed: dict[str, int] = {}
        with self._turn() as mine:
            for name, days in self._days.items() if mine else ():
                removed[name] = self._swept(*self.removals[name], now() - days * _DAY)
        if any(removed.values()):
            self._database.erase()
            log.info("retention_swept", **removed)
        return removed

    def _swept(self, remove: Removal, most: int, before: int) -> int:
        total = 0
        while count := self._database.sweep(lambda tx: remove(tx, before, most)):
            total += count
            gevent.sleep(_PAUSE)
        return total

    @contextmanager
    def _turn(self) -> Iterator[bool]:
        """Whether it is ours. Without Redis it always is: there is nobody else, or no harm."""
        if self._claims is None:
            yield True
            return
        mine = self._claims.claim(_NAME)
        try:
            yield mine
        finally:
            if mine:
                # As others wake at about the same time, there is nothing left for them to do.
                self._claims.release(_NAME, after=_FIRST)

    def _watch(self) -> None:
        while True:
            try:
                self.sweep()
            except (ParleyError, RedisAway) as error:
                log.warning("retention_not_swept", reason=error.detail)
            gevent.sleep(_AGAIN)
