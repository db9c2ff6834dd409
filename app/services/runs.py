"""Runs as their owner sees them: looked at, followed, stopped."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import gevent
import msgspec
import structlog
from gevent import Timeout

from app.errors import NotFound, ParleyError, WorkerLost
from app.events import Done, Event, Failure, Parked
from app.runs import codec
from app.runs.mirror import Mirror, Mirrors
from app.runs.reader import Reader
from app.runs.registry import Runs as Live
from app.runs.run import Run
from app.services.replay import LiveRun, lost, replay
from app.storage import messages, run_logs, runs
from app.storage.database import Database, Transaction
from app.storage.runs import StoredRun

log = structlog.get_logger()

# Seconds without a word from another worker, after which the database is asked.
_SILENCE = 5.0
# Seconds for a stop to be heard by another worker, or for that worker to be found dead.
_PATIENCE = 20.0


class Runs:
    """Every method raises NotFound for what is not there and for what is somebody else's."""

    def __init__(
        self, database: Database, live: Live, process: str, mirrors: Mirrors | None = None
    ) -> None:
        self._database = database
        self._live = live
        self._process = process
        self._mirrors = mirrors
        self._watching: gevent.Greenlet[[], None] | None = None
        self._stop_waiting: Callable[[str, str], None] = lambda _owner, _run_id: None

    def watch(self) -> None:
        """Until `close`, see whether what is followed here has ended unheard."""
        self._watching = gevent.spawn(self._watch)

    def close(self) -> None:
        if self._watching is not None:
            self._watching.kill()

    def read(self, owner: str, run_id: str) -> StoredRun | LiveRun:
        live = self._live.find(owner, run_id)
        if live is not None and not live.conversation_id:
            return LiveRun.of(live)
        stored = self._database.read(lambda tx: runs.find(tx, owner, run_id))
        if stored.state != "running" or live or self._abroad(stored):
            return stored
        # Its process ended before it did: nobody will ever write its end.
        return msgspec.structs.replace(stored, state="interrupted")

    def open_in(self, owner: str, conversation_id: str) -> Sequence[StoredRun | LiveRun]:
        """Those in a conversation that go on, or wait for a person. None of somebody else's."""
        found = self._database.read(lambda tx: runs.open_in(tx, owner, conversation_id))
        known = [self.read(owner, run.id) for run in found]
        return [run for run in known if run.state in ("running", "waiting")]

    def open(self, owner: str, run_id: str) -> Run:
        """The run with its log: from memory, from another worker's, or as it was, from storage.

        Raises Unavailable: it goes on at another worker, and cannot be followed from here now.
        """
        return self._running(owner, run_id) or self._replayed(owner, run_id)

    def log(self, owner: str, run_id: str) -> Sequence[Event]:
        """What there is of an agent's run now: all of it where it is ours, or what is kept of it.
        None of a run of another kind.
        """

        def work(tx: Transaction) -> Sequence[Event]:
            runs.find(tx, owner, run_id)
            return kept(tx, run_id)

        live = self._live.find(owner, run_id)
        return live.events if live is not None else self._database.read(work)

    def on_stop(self, stop: Callable[[str, str], None]) -> None:
        """Have runs that wait for a person stopped by `stop`, by owner and id."""
        self._stop_waiting = stop

    def stop(self, owner: str, run_id: str) -> StoredRun | LiveRun:
        """Stop it if it still runs; the answer is the same every time. Raises as `open`."""
        running = self._running(owner, run_id)
        if running is None or running.parked:
            self._stop_waiting(owner, run_id)
        if running is not None:
            reader = Reader(running, len(running.events))
            try:
                running.stop()
                with Timeout(_PATIENCE, WorkerLost()):
                    for _ in reader.follow():
                        pass
            finally:
                reader.close()
        return self.read(owner, run_id)

    def _watch(self) -> None:
        while True:
            gevent.sleep(_SILENCE)
            for mirror in self._mirrors.silent(_SILENCE) if self._mirrors else ():
                try:
                    self._settle(mirror)
                except ParleyError as error:
                    log.warning("mirror_not_settled", run_id=mirror.id, reason=error.detail)

    def _settle(self, mirror: Mirror) -> None:
        """The database knows of an end that Redis has lost, or that nobody was left to write."""
        stored = self._database.read(lambda tx: runs.find(tx, mirror.owner, mirror.id))
        if stored.state != "running" and not mirror.ended:
            whole = self._replayed(mirror.owner, mirror.id).events
            mirror.append(whole[len(mirror.events) :] or [lost()])

    def _running(self, owner: str, run_id: str) -> Run | None:
        if (run := self._live.find(owner, run_id)) is not None:
            return run
        if self._mirrors is None:
            return None
        stored = self._database.read(lambda tx: runs.find(tx, owner, run_id))
        if not self._abroad(stored):
            return None
        return self._mirrors.open(run_id, owner, stored.conversation_id, str(stored.process))

    def _abroad(self, run: StoredRun) -> bool:
        """Whether another worker generates it."""
        known = run.process not in (None, self._process)
        return self._mirrors is not None and run.state == "running" and known

    def _replayed(self, owner: str, run_id: str) -> Run:
        def work(tx: Transaction) -> Run:
            stored = runs.find(tx, owner, run_id)
            if told := kept(tx, run_id):
                if not isinstance(told[-1], (Done, Failure, Parked)):
                    told.append(lost())
                return Run.replayed(run_id, owner, stored.conversation_id, told)
            try:
                answer = messages.find(tx, stored.conversation_id, stored.message_id)
            except NotFound:
                return Run.replayed(run_id, owner, stored.conversation_id, [lost()])
            question = messages.find(tx, stored.conversation_id, answer.parent_id or "")
            log = replay(stored, question, answer)
            return Run.replayed(run_id, owner, stored.conversation_id, log)

        return self._database.read(work)


def kept(tx: Transaction, run_id: str) -> list[Event]:
    """The log of an agent's run, as far as it is kept."""
    return [event for piece in run_logs.read(tx, run_id) for event in codec.decode(piece)]
