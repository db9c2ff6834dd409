"""A position in a run's log. However slow it is, it holds up nobody and keeps nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from gevent import get_hub
from gevent.hub import Waiter

from app.events import Event


class Log(Protocol):
    """What a reader reads."""

    events: list[Event]
    ended: bool

    def join(self, reader: Reader) -> None: ...

    def leave(self, reader: Reader) -> None: ...


class Outlet(Protocol):
    """A way past the reader's greenlet, for what can be sent without waiting."""

    def offer(self, batch: Sequence[Event]) -> bool:
        """Take the batch and send what the connection takes at once. False: it was not taken."""
        ...

    @property
    def full(self) -> bool:
        """Whether something that was taken is still to be flushed."""
        ...

    def flush(self) -> None:
        """Send the rest, however long the client takes."""
        ...


class Reader:
    """It counts as present from its making until `close`, whether or not it is followed."""

    def __init__(self, run: Log, after: int = 0) -> None:
        self.position = after
        self._run = run
        self._closed = False
        self._waiter: Waiter[bool] | None = None
        self._timer: Any = None
        self._outlet: Outlet | None = None
        run.join(self)

    def follow(
        self, idle: float | None = None, outlet: Outlet | None = None
    ) -> Iterator[Sequence[Event]]:
        """Yield what is there and what follows, in batches, until the run ends or we are closed.

        After `idle` seconds of silence an empty batch is yielded, so that a heartbeat can go out.
        While we wait and the client keeps up, the run's owner puts what is new into the `outlet`
        itself: that saves two changes of greenlets a token. Then nothing is yielded for it.
        """
        run, self._outlet = self._run, outlet
        # One timer for the whole stream, pushed back at each wait: a new one each costs tenfold.
        self._timer = None if idle is None else get_hub().loop.timer(idle, idle)
        try:
            while not self._closed:
                batch = run.events[self.position :]
                if batch:
                    self.position += len(batch)
                    yield batch
                elif run.ended:
                    return
                elif not self._wait():
                    yield ()
        finally:
            if self._timer is not None:
                self._timer.stop()
                self._timer.close()

    def wake(self) -> None:
        """Called when there is more to read, or nothing to wait for any more."""
        waiter = self._waiter
        if waiter is None:
            return
        if self._outlet is not None and self._put(self._outlet):
            if self._timer is not None:
                self._timer.again(waiter.switch, False)
            return
        self._waiter = None
        get_hub().loop.run_callback(waiter.switch, True)

    def _put(self, outlet: Outlet) -> bool:
        """Whether all is sent and our greenlet can go on waiting."""
        batch = self._run.events[self.position :]
        if self._closed or not outlet.offer(batch):
            return False
        self.position += len(batch)
        return not (outlet.full or self._run.ended)

    def _wait(self) -> bool:
        """False if the timer was first."""
        waiter: Waiter[bool] = Waiter()
        self._waiter = waiter
        if self._timer is not None:
            self._timer.again(waiter.switch, False)
        woken = bool(waiter.get())
        self._waiter = None
        if self._outlet is not None:
            self._outlet.flush()
        return woken

    def close(self) -> None:
        """Leave the run, from whichever greenlet. Closing twice changes nothing."""
        if not self._closed:
            self._closed = True
            self._run.leave(self)
            self.wake()
