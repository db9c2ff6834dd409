"""One run for one Idempotency-Key, however often and however closely together it is sent."""

from __future__ import annotations

from collections.abc import Callable

from gevent.event import AsyncResult

from app.errors import Conflict
from app.runs.run import Run
from app.services.runs import Runs
from app.storage import runs
from app.storage.database import Database
from app.storage.runs import Once


class Idempotency:
    """Keys are an owner's own. The row of the run is what remembers them."""

    def __init__(self, database: Database, known: Runs) -> None:
        self._database = database
        self._known = known
        self._under_way: dict[tuple[str, str], AsyncResult[Run]] = {}

    def once(self, owner: str, once: Once | None, start: Callable[[], Run]) -> Run:
        """Start a run, or give the one that was started with this key.

        Raises:
            Conflict: the key came with something else before.
        """
        if once is None:
            return start()
        pending = self._under_way.get((owner, once.key))
        if pending is not None:
            pending.wait()
        return self._earlier(owner, once) or self._first(owner, once, start)

    def _first(self, owner: str, once: Once, start: Callable[[], Run]) -> Run:
        mine = (owner, once.key)
        if mine in self._under_way:  # somebody came between, while the database was asked
            return self.once(owner, once, start)
        self._under_way[mine] = AsyncResult()
        try:
            return start()
        finally:
            self._under_way.pop(mine).set(None)

    def _earlier(self, owner: str, once: Once) -> Run | None:
        found = self._database.read(lambda tx: runs.find_once(tx, owner, once.key))
        if found is None:
            return None
        run_id, fingerprint = found
        if fingerprint != once.fingerprint:
            raise Conflict(
                "This Idempotency-Key was used with another body. Take a new key for a new message."
            )
        return self._known.open(owner, run_id)
