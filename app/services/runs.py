"""Runs as their owner sees them: looked at, followed, stopped."""

from __future__ import annotations

import msgspec

from app.errors import NotFound
from app.runs.registry import Runs as Live
from app.runs.run import Run
from app.services.replay import lost, replay
from app.storage import messages, runs
from app.storage.database import Database, Transaction
from app.storage.runs import StoredRun


class Runs:
    """Every method raises NotFound for what is not there and for what is somebody else's."""

    def __init__(self, database: Database, live: Live) -> None:
        self._database = database
        self._live = live

    def read(self, owner: str, run_id: str) -> StoredRun:
        stored = self._database.read(lambda tx: runs.find(tx, owner, run_id))
        if stored.state == "running" and self._live.find(owner, run_id) is None:
            # Its process ended before it did: nobody will ever write its end.
            return msgspec.structs.replace(stored, state="interrupted")
        return stored

    def open(self, owner: str, run_id: str) -> Run:
        """The run with its log: from memory, or as it was, from storage."""
        return self._live.find(owner, run_id) or self._replayed(owner, run_id)

    def stop(self, owner: str, run_id: str) -> StoredRun:
        """Stop it if it still runs; the answer is the same every time."""
        running = self._live.find(owner, run_id)
        if running is not None:
            running.stop()
            running.wait()
        return self.read(owner, run_id)

    def _replayed(self, owner: str, run_id: str) -> Run:
        def work(tx: Transaction) -> Run:
            stored = runs.find(tx, owner, run_id)
            try:
                answer = messages.find(tx, stored.conversation_id, stored.message_id)
            except NotFound:
                return Run.replayed(run_id, owner, stored.conversation_id, [lost()])
            question = messages.find(tx, stored.conversation_id, answer.parent_id or "")
            log = replay(stored, question, answer)
            return Run.replayed(run_id, owner, stored.conversation_id, log)

        return self._database.read(work)
