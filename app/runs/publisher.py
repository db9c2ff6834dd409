"""Copies the logs of this worker's runs to Redis, many in one exchange.

Readers here are served from memory and wait for none of this. Of a run there are at most ten
writes a second, besides its first word and its end, which go out at once. What Redis did not take
while it was away goes out when it is back: the log in memory has it all.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import gevent
import structlog
from gevent.event import Event as Signal

from app.cluster.connection import Connection, RedisAway
from app.events import Event, Start
from app.runs.run import Run
from app.runs.shared_log import Added, Batch, SharedLogs

log = structlog.get_logger()

_PAUSE = 0.1  # seconds between two writes of a run
_AT_ONCE = 500  # runs in one exchange


class Copy:
    """One run's log, and how much of it is in Redis."""

    __slots__ = ("_publisher", "opened", "run", "sent", "spoke")

    def __init__(self, publisher: Publisher, run: Run) -> None:
        self._publisher = publisher
        self.run = run
        self.sent = 0
        self.opened = False
        self.spoke = False  # the first word is out

    def __call__(self) -> None:
        """There is something new."""
        waiting = self._publisher.waiting
        if not waiting or self.urgent():
            self._publisher.hurry.set()
        waiting[self] = None

    def urgent(self) -> bool:
        return not self.spoke or self.run.ended

    def next(self) -> Batch:
        events = self.run.events[self.sent :]
        return Batch(self.run.id, self.sent, events, opens=not self.opened)


class Publisher:
    def __init__(self, connection: Connection, logs: SharedLogs) -> None:
        self.waiting: dict[Copy, None] = {}
        self.hurry = Signal()
        self._connection = connection
        self._logs = logs
        self._closing = False
        self._publishing: gevent.Greenlet[[], None] | None = None

    def publish(self, run: Run) -> None:
        """Copy what is in the log and what will come."""
        run.copy = Copy(self, run)
        if run.events:
            run.copy()

    def drop(self, run: Run) -> None:
        """Copy no more of it."""
        run.copy = None
        for copy in [copy for copy in self.waiting if copy.run is run]:
            del self.waiting[copy]

    def start(self) -> None:
        self._publishing = gevent.spawn(self._publish)

    def flush(self) -> None:
        """Send what there is now."""
        if self._connection.up:
            self._send(list(self.waiting))

    def close(self) -> None:
        if self._publishing is not None:
            self._closing = True
            self.hurry.set()
            self._publishing.join(1 if self._connection.up else 0)
            self._publishing.kill()

    def _publish(self) -> None:
        due = 0.0
        while not self._closing:
            self.hurry.wait(max(0.0, due - time.monotonic()) if self.waiting else None)
            self.hurry.clear()
            self._connection.wait()
            whole = time.monotonic() >= due
            due = time.monotonic() + _PAUSE if whole else due
            try:
                self._send([copy for copy in self.waiting if whole or copy.urgent()])
            except Exception:
                # The fault of one batch must not end the copying of all; its run comes again.
                log.exception("logs_not_published")

    def _send(self, copies: Sequence[Copy]) -> None:
        for at in range(0, len(copies), _AT_ONCE):
            some = [(copy, copy.next()) for copy in copies[at : at + _AT_ONCE]]
            for copy, _ in some:
                # Before the exchange: what comes while it lasts makes it wait again.
                self.waiting.pop(copy, None)
            try:
                outcomes = self._logs.add([batch for _, batch in some])
            except RedisAway:
                # Perhaps some were added: a second time they are refused, or known already.
                self.waiting.update(dict.fromkeys(copies[at:]))
                return
            for (copy, batch), outcome in zip(some, outcomes, strict=True):
                self._sent(copy, batch, outcome)

    def _sent(self, copy: Copy, batch: Batch, outcome: Added) -> None:
        reached = batch.before + len(batch.events)
        if outcome == "lost":
            copy.sent, copy.opened = 0, False
            copy()
        elif outcome == "closed" and self._logs.reached(copy.run.id) != reached:
            # Somebody took this worker for dead, and ended its run.
            log.warning("log_closed", run_id=copy.run.id)
            copy.run.copy = None
        else:
            copy.sent, copy.opened = reached, True
            copy.spoke = copy.spoke or _speaks(batch.events)


def _speaks(events: Sequence[Event]) -> bool:
    return not all(isinstance(event, Start) for event in events)
