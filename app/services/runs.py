"""Runs as their owner sees them: looked at, followed, stopped."""

from __future__ import annotations

from app.runs.registry import Runs as Live
from app.runs.run import Run
from app.storage import runs
from app.storage.database import Database
from app.storage.runs import StoredRun


class Runs:
    """Every method raises NotFound for what is not there and for what is somebody else's."""

    def __init__(self, database: Database, live: Live) -> None:
        self._database = database
        self._live = live

    def read(self, owner: str, run_id: str) -> StoredRun:
        return self._database.read(lambda tx: runs.find(tx, owner, run_id))

    def live(self, owner: str, run_id: str) -> Run:
        """The run with its log, while it is in memory."""
        return self._live.find(owner, run_id)

    def stop(self, owner: str, run_id: str) -> StoredRun:
        """Stop it if it still runs; the answer is the same every time."""
        stored = self.read(owner, run_id)
        if stored.state == "running":
            self.live(owner, run_id).stop()
        return stored
