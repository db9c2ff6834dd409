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


class Reader:
    """It counts as present from its making until `close`, whether or not it is followed."""

    def __init__(self, run: Log, after: int = 0) -> None:
        self.position = after
        self._run = run
        self._closed = False
        self._waiter: Waiter[bool] | None = None
        run.join(self)

    def follow(self, idle: float | None = None) -> Iterator[Sequence[Event]]:
        """Yield what is there and what follows, in batches, until the run ends or we are closed.

        After `idle` seconds of silence an empty batch is yielded, so that a heartbeat can go out.
        """
        run = self._run
        # One timer for the whole stream, pushed back at each wait: a new one each costs tenfold.
        timer = None if idle is None else get_hub().loop.timer(idle, idle)
        try:
            while not self._closed:
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
        """Called when there is more to read, or nothing to wait for any more."""
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
        """Leave the run, from whichever greenlet. Closing twice changes nothing."""
        if not self._closed:
            self._closed = True
            self._run.leave(self)
            self.wake()
