"""A position in a run's log. However slow it is, it holds up nobody and keeps nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from gevent import get_hub
from gevent.hub import Waiter

from app.events import Event

_TICKS = 10  # of the timer until silence has lasted too long


class Log(Protocol):
    """What a reader reads."""

    events: list[Event]
    ended: bool

    def join(self, reader: Reader) -> None: ...

    def leave(self, reader: Reader) -> None: ...


class Outlet(Protocol):
    """A way past the reader's greenlet, for what can be sent without waiting."""

    def offer(self, batch: Sequence[Event], last: bool) -> bool:
        """Take the batch and send what the connection takes at once.

        After the `last` batch the stream ends. False: there is a rest, or something broke, and
        `flush` is to be called.
        """
        ...

    def flush(self) -> None:
        """Send the rest, however long the client takes. Raises what broke."""
        ...


class Reader:
    """It counts as present from its making until `close`, whether or not it is followed."""

    __slots__ = ("_closed", "_heard", "_outlet", "_run", "_silent", "_waiter", "position")

    def __init__(self, run: Log, after: int = 0) -> None:
        self.position = after
        self._run = run
        self._closed = False
        self._heard = False
        self._silent = 0  # ticks since something was heard
        self._waiter: Waiter[bool] | None = None
        self._outlet: Outlet | None = None
        run.join(self)

    def take(self) -> Sequence[Event]:
        """What there is now."""
        batch = self._run.events[self.position :]
        self.position += len(batch)
        return batch

    def follow(
        self, idle: float | None = None, outlet: Outlet | None = None
    ) -> Iterator[Sequence[Event]]:
        """Yield what is there and what follows, in batches, until the run ends or we are closed.

        After `idle` seconds of silence, or up to a tenth more, an empty batch is yielded, so that
        a heartbeat can go out.
        While we wait and the client keeps up, the run's owner puts what is new into the `outlet`
        itself: that saves two changes of greenlets a token. Then nothing is yielded for it.
        """
        self._outlet = outlet
        timer = None if idle is None else self._ticking(idle)
        try:
            while not self._closed:
                if batch := self.take():
                    self._heard = True
                    yield batch
                elif self._run.ended:
                    return
                elif not self._wait():
                    yield ()
        finally:
            if timer is not None:
                timer.stop()
                timer.close()

    def wake(self, batch: Sequence[Event] = ()) -> None:
        """Called when `batch` was added to the log, or when there is nothing left to wait for."""
        waiter = self._waiter
        if waiter is None:
            return
        outlet, position = self._outlet, self.position + len(batch)
        # A position past the log's end is another reason to look for oneself.
        if outlet is not None and batch and position == len(self._run.events):
            self.position = position
            self._heard = True
            ended = self._run.ended
            if outlet.offer(batch, ended) and not ended:
                return
        self._waiter = None
        get_hub().loop.run_callback(waiter.switch, True)

    def _wait(self) -> bool:
        """False if nothing was heard for too long."""
        waiter: Waiter[bool] = Waiter()
        self._waiter = waiter
        try:
            woken = bool(waiter.get())
        finally:
            self._waiter = None
        if self._outlet is not None:
            self._outlet.flush()
        return woken

    def _ticking(self, idle: float) -> Any:
        """One timer for the whole stream, which looks ten times in `idle`: a token sets a flag."""
        timer = get_hub().loop.timer(idle / _TICKS, idle / _TICKS)
        timer.start(self._tick)
        return timer

    def _tick(self) -> None:
        self._silent = 0 if self._heard else self._silent + 1
        self._heard = False
        if self._silent >= _TICKS and self._waiter is not None:
            waiter, self._waiter, self._silent = self._waiter, None, 0
            waiter.switch(False)

    def close(self) -> None:
        """Leave the run, from whichever greenlet. Closing twice changes nothing."""
        if not self._closed:
            self._closed = True
            self._run.leave(self)
            self.wake()
