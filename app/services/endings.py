"""How runs end in the database: answer, run and ledger in one transaction, and once.

Where the database cannot be reached an ending is put by on this machine's disk, which keeps it as
surely, and is brought in when the database is back. Whoever was told `done` finds the answer.
"""

from __future__ import annotations

from collections.abc import Sequence

import gevent
import msgspec
import structlog
from gevent.event import Event

from app.errors import ParleyError, Problem, Unavailable, WorkerLost
from app.metering.budgets import Alert
from app.metering.ledger import Bill, Ledger
from app.storage import calls, conversations, messages, run_logs, runs
from app.storage.availability import InDoubt
from app.storage.database import LITTLE, Database, Transaction
from app.storage.messages import StoredMessage
from app.storage.spool import Spool
from app.storage.thread import T, Work

log = structlog.get_logger()

# Seconds between two attempts to bring in what was put by; and between two looks for what the dead
# have left, while there is nothing of our own.
_AGAIN, _LOOK = 0.5, 15.0


class Ending(msgspec.Struct, frozen=True, kw_only=True, tag="ending"):
    """All that is to be written of a run's end. `pieces` is how its text was cut into events.

    `log` is of an agent's: how many events are kept already, and those that are not.
    """

    run_id: str
    conversation_id: str
    state: runs.State
    pieces: tuple[int, ...]
    message: StoredMessage
    bill: Bill
    log: tuple[int, bytes] | None = None

    @property
    def is_short(self) -> bool:
        """Whether storing it writes little."""
        return self.log is None and sum(map(abs, self.pieces)) <= LITTLE

    def broken(self, problem: Problem) -> Ending:
        """The same, of an answer that was not kept as far as its reader knows."""
        said = msgspec.structs.replace(
            self.message, status="incomplete", finish_reason=None, error=problem
        )
        return msgspec.structs.replace(self, state="failed", message=said, log=None)


class Unbegun(msgspec.Struct, frozen=True, tag="unbegun"):
    """A run that was refused, and may have been stored all the same."""

    run_id: str


class Settled(msgspec.Struct, frozen=True, tag="settled"):
    """What the calls of a run came to that is not kept itself."""

    run_id: str
    bills: tuple[Bill, ...]


Line = Ending | Unbegun | Settled
_lines = msgspec.json.Decoder(Line)


class Endings:
    """Of one process. Between `watch` and `close` it brings in what was put by, here or by a
    process that is gone.
    """

    def __init__(self, database: Database, ledger: Ledger, spool: Spool) -> None:
        self._database = database
        self._ledger = ledger
        self._spool = spool
        self._kept: list[Line] = []  # what the disk did not take
        self._put_by = Event()
        self._watching: gevent.Greenlet[[], None] | None = None

    def begin(self, run_id: str, work: Work[T], *, short: bool = False) -> T:
        """What `work` returns, which stores a run; it is short if it reads no conversation.

        Raises what it raises.
        """
        write = self._database.jot if short else self._database.write
        try:
            return write(work)
        except InDoubt:
            unbegun = Unbegun(run_id)
            if not self._put(unbegun):
                self._kept.append(unbegun)
            raise

    def store(self, ending: Ending) -> bool:
        """Return when it is kept. False: the run was taken for dead, and ended by somebody else.

        Raises:
            Unavailable: neither the database nor the disk takes it.
        """
        try:
            write = self._database.jot if ending.is_short else self._database.write
            mine, alerts = write(lambda tx: self._write(tx, ending))
        except Unavailable as error:
            if not self._put(ending):
                self._kept.append(ending.broken(error.problem()))
                raise
            return True
        self._ledger.tell(alerts)
        return mine

    def settle(self, run_id: str, bills: Sequence[Bill]) -> None:
        """The same for calls alone, of a run that is not kept. It is written now or later."""
        try:
            alerts = self._database.write(lambda tx: self._book(tx, bills))
        except Unavailable:
            settled = Settled(run_id, tuple(bills))
            if not self._put(settled):
                self._kept.append(settled)
        else:
            self._ledger.tell(alerts)

    def watch(self) -> None:
        self._watching = gevent.spawn(self._watch)

    def close(self) -> None:
        if self._watching is not None:
            self._watching.kill()
        self._spool.close()

    def bring_in(self) -> int:
        """Write what was put by, in its order. How many lines that were.

        Raises Unavailable, OSError: what is not written yet is kept.
        """
        while self._kept:
            self._take(msgspec.json.encode(self._kept[0]))
            self._kept.pop(0)
        return self._spool.hand_on(self._take)

    def _put(self, line: Line) -> bool:
        """Whether it is on the disk."""
        try:
            self._spool.add(msgspec.json.encode(line))
        except OSError:
            log.exception("not_put_by", run_id=line.run_id)
            return False
        finally:
            self._put_by.set()
        log.warning("put_by", run_id=line.run_id)
        return True

    def _watch(self) -> None:
        while True:
            self._put_by.clear()
            try:
                if brought := self.bring_in():
                    log.warning("brought_in", lines=brought)
            except (ParleyError, OSError) as error:
                log.warning("not_brought_in", reason=str(error))
                gevent.sleep(_AGAIN)
            else:
                self._put_by.wait(_LOOK)
                gevent.sleep(_AGAIN if self._put_by.is_set() else 0)

    def _take(self, line: bytes) -> None:
        try:
            self._late(_lines.decode(line))
        except Unavailable:
            raise
        except Exception:
            log.exception("refused_for_good")
            self._spool.refuse(line)

    def _late(self, line: Line) -> None:
        if isinstance(line, Ending):
            self._ledger.tell(self._database.write(lambda tx: self._write_late(tx, line)))
        elif isinstance(line, Settled):
            self._ledger.tell(self._database.write(lambda tx: self._book(tx, line.bills)))
        else:
            self._database.write(lambda tx: self._take_back(tx, line.run_id))

    def _book(self, tx: Transaction, bills: Sequence[Bill]) -> list[Alert]:
        return [alert for bill in bills for alert in self._ledger.book(tx, bill)]

    def _write(self, tx: Transaction, ending: Ending) -> tuple[bool, list[Alert]]:
        # Where the conversation was deleted while the model spoke, the answer goes with it.
        if _finished(tx, ending, "running"):
            messages.add(tx, ending.conversation_id, ending.message)
            _log(tx, ending)
            mine = True
        else:
            mine = runs.state_of(tx, ending.run_id) is None
            if not mine and not messages.is_there(tx, ending.message.id):
                lost = ending.broken(WorkerLost().problem())
                messages.add(tx, ending.conversation_id, lost.message)
        return mine, self._ledger.book(tx, ending.bill)

    def _write_late(self, tx: Transaction, ending: Ending) -> list[Alert]:
        """Also over what others have made of a run that they took for dead."""
        if _finished(tx, ending, "running") or _finished(tx, ending, "interrupted"):
            messages.put(tx, ending.conversation_id, ending.message)
            _log(tx, ending)
        return self._ledger.book(tx, ending.bill)

    def _take_back(self, tx: Transaction, run_id: str) -> None:
        runs.remove(tx, run_id)
        unmade = tuple(call.id for call in calls.of_run(tx, run_id))
        self._ledger.book(tx, Bill(unmade=unmade))


def _finished(tx: Transaction, ending: Ending, was: runs.State) -> bool:
    model = str(ending.message.model)
    if not runs.finish(tx, ending.run_id, model, ending.state, ending.pieces, was):
        return False
    conversations.touch(tx, ending.conversation_id)
    return True


def _log(tx: Transaction, ending: Ending) -> None:
    if ending.log is not None:
        position, events = ending.log
        run_logs.add(tx, ending.run_id, position, events)
