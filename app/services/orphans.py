"""Runs whose process is gone, ended in its place: what it had said is kept, and everybody told.

Several workers may find the same one dead, and it may not be dead at all: the row of the run says
who was first to end it, and after its end nothing can be added to a log.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import structlog

from app.errors import WorkerLost
from app.events import AgentStep, Answer, Done, Event, Failure, Terminal, Usage, collect
from app.metering.budgets import Alert
from app.metering.ledger import Ledger
from app.runs import codec
from app.runs.shared_log import Batch, SharedLogs
from app.services.replay import pieces_of
from app.services.settlement import message
from app.storage import conversations, messages, run_logs, runs
from app.storage.database import Database, Transaction
from app.storage.runs import StoredRun

log = structlog.get_logger()


class Orphans:
    def __init__(self, database: Database, ledger: Ledger, logs: SharedLogs) -> None:
        self._database = database
        self._ledger = ledger
        self._logs = logs

    def end(self, process: str) -> None:
        """End what a dead process has left running. Raises Unavailable: some are left."""
        left = self._database.read(lambda tx: runs.left_by(tx, process))
        for run in left:
            said = self._logs.read(run.id)
            self._end(run, said)
        if left:
            log.warning("runs_ended_for_another", process=process, runs=len(left))

    def _end(self, run: StoredRun, said: Sequence[Event]) -> None:
        answer = collect(said)
        end = answer.end or Failure(WorkerLost().problem())
        self._ledger.tell(self._database.write(lambda tx: self._write(tx, run, said, answer, end)))
        if answer.end is None:
            self._logs.add([Batch(run.id, len(said), [end], opens=not said)])

    def _write(
        self, tx: Transaction, run: StoredRun, said: Sequence[Event], answer: Answer, end: Terminal
    ) -> list[Alert]:
        start = answer.start
        model = start.model if start else run.model
        state: runs.State = "done" if isinstance(end, Done) else "interrupted"
        if not runs.finish(tx, run.id, model, state, pieces_of(said)):
            return []
        if start is not None:
            failed = end if isinstance(end, Failure) else None
            usage = end.usage if isinstance(end, Done) else Usage(estimated=True)
            cost = end.cost_usd if isinstance(end, Done) else None
            kept = message(answer, end, failed, usage, cost)
            messages.add(tx, run.conversation_id, msgspec.structs.replace(kept, model=model))
            conversations.touch(tx, run.conversation_id)
        if any(isinstance(event, AgentStep) for event in said):
            whole = said if answer.end else [*said, end]
            run_logs.add(tx, run.id, 0, codec.encode(whole))
        return self._ledger.abandon(tx, run.id)
