"""One generation: an ordered log of events with one writer and any number of readers.

The greenlet that generates is the run's owner. It alone appends and it alone ends the run, in
every way that a run can end: `stop` only asks, and is heard at once while the owner is
`interruptible`, which it is not while it stores what was said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

from gevent import get_hub, getcurrent
from gevent.hub import Waiter

from app.events import Done, Event, Failure

OnDisconnect = Literal["cancel", "continue"]
Cause = Literal["stopped", "client_gone"]


class Interrupted(BaseException):
    """Thrown into the owner. No library's `except Exception` may swallow it."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause)
        self.cause = cause


class Run:
    """`id` and `owner` name it; the log starts empty and grows until a Done or a Failure."""

    def __init__(
        self, run_id: str, owner: str, conversation_id: str, on_disconnect: OnDisconnect
    ) -> None:
        self.id = run_id
        self.owner = owner
        self.conversation_id = conversation_id
        self.events: list[Event] = []
        self.ended = False
        self._on_disconnect = on_disconnect
        self._readers: set[Reader] = set()
        self._cause: Cause | None = None
        self._interruptible: object = None

    def append(self, batch: Sequence[Event]) -> None:
        """Add to the log and wake its readers. The last event of a log is Done or Failure."""
        self.events += batch
        self.ended = isinstance(batch[-1], (Done, Failure))
        for reader in self._readers:
            reader.wake()

    def stop(self, cause: Cause = "stopped") -> None:
        """Ask the run to end. Asking again, or when it has ended, changes nothing."""
        if self._cause is None and not self.ended:
            self._cause = cause
            # From the hub, because only there the owner is surely waiting and can be thrown into.
            get_hub().loop.run_callback(self._interrupt)

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """The stretch of the owner's work that `stop` may cut short. Raises Interrupted."""
        if self._cause is not None:
            raise Interrupted(self._cause)
        self._interruptible = getcurrent()
        try:
            yield
        finally:
            self._interruptible = None

    def _interrupt(self) -> None:
        owner, self._interruptible = self._interruptible, None
        if owner is not None and self._cause is not None:
            owner.throw(Interrupted(self._cause))  # type: ignore[attr-defined]  # a greenlet

    def join(self, reader: Reader) -> None:
        self._readers.add(reader)

    def leave(self, reader: Reader) -> None:
        """With the last reader gone, a run that was not asked to continue is cancelled."""
        self._readers.discard(reader)
        if not self._readers and self._on_disconnect == "cancel":
            self.stop("client_gone")


class Reader:
    """A position in a run's log. It counts as present from its making until `close`."""

    def __init__(self, run: Run, after: int = 0) -> None:
        self.position = after
        self._run = run
        self._waiter: Waiter[bool] | None = None
        run.join(self)

    def follow(self, idle: float | None = None) -> Iterator[Sequence[Event]]:
        """Yield what is there and what follows, in batches, until the run has ended.

        After `idle` seconds of silence an empty batch is yielded, so that a heartbeat can go out.
        """
        run = self._run
        # One timer for the whole stream, pushed back at each wait: a new one each costs tenfold.
        timer = None if idle is None else get_hub().loop.timer(idle, idle)
        try:
            while True:
                batch = run.events[self.position :]
                if batch:
                    self.position += len(batch)
                    yield batch
                elif run.ended:
                    return
                elif not self._wait(timer):
                    yield ()
        finally:
            if timer is not None:
                timer.stop()
                timer.close()

    def wake(self) -> None:
        """Called by the run's owner when there is more to read."""
        waiter, self._waiter = self._waiter, None
        if waiter is not None:
            get_hub().loop.run_callback(waiter.switch, True)

    def _wait(self, timer: Any) -> bool:
        """False if the timer was first."""
        waiter: Waiter[bool] = Waiter()
        self._waiter = waiter
        if timer is not None:
            timer.again(waiter.switch, False)
        return bool(waiter.get())

    def close(self) -> None:
        """Leave the run. Closing twice changes nothing."""
        self._run.leave(self)
