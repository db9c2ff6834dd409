"""One run for one Idempotency-Key, however often and however closely together it is sent."""

from __future__ import annotations

from collections.abc import Callable

from gevent.event import AsyncResult

from app.errors import Conflict
from app.runs.run import Run
from app.services.runs import Runs
from app.storage import runs
from app.storage.database import Database
from app.storage.runs import KeyTaken, Once


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
        mine = (owner, once.key)
        while (pending := self._under_way.get(mine)) is not None:
            pending.wait()
        # Ours before the database is asked: what it says is old when somebody comes between.
        self._under_way[mine] = AsyncResult()
        try:
            return self._earlier(owner, once) or start()
        except KeyTaken:  # by another process, in this moment
            earlier = self._earlier(owner, once)
            if earlier is None:
                raise
            return earlier
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
