"""One generation: an ordered log of events with one writer and any number of readers.

The greenlet that generates is the run's owner. It alone appends and it alone ends the run, in
every way that a run can end: `stop` only asks, and is heard at once while the owner is
`interruptible`, which it is not while it stores what was said.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

from gevent import get_hub, getcurrent

from app.events import Done, Event, Failure, Parked
from app.runs.reader import Reader

# What becomes of a run without readers: it is cancelled at once, or after a grace time, or not.
OnDisconnect = Literal["cancel", "continue", "finish"]
Cause = Literal["stopped", "client_gone", "abandoned", "shutting_down"]


class Interrupted(BaseException):
    """Thrown into the owner. No library's `except Exception` may swallow it."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause)
        self.cause = cause


class Stretch:
    """A block of its owner's, which may be cut short once. There is one in every open stream."""

    __slots__ = ("_owner",)

    def __enter__(self) -> None:
        self._owner: Any = getcurrent()

    def __exit__(self, *_: object) -> None:
        self._owner = None

    def cut(self, error: BaseException) -> None:
        """Throw it into whoever is in the block, if anybody is. Only from the hub."""
        owner, self._owner = self._owner, None
        if owner is not None:
            owner.throw(error)


class Run:
    """`id` and `owner` name it; the log starts empty and grows until a Done or a Failure.

    `grace` is how long, in seconds, a run that continues may be without a reader.
    """

    def __init__(
        self,
        run_id: str,
        owner: str,
        conversation_id: str,
        on_disconnect: OnDisconnect = "cancel",
        grace: float = 30.0,
    ) -> None:
        self.id = run_id
        self.owner = owner
        self.conversation_id = conversation_id
        self.events: list[Event] = []
        self.ended = False
        self.weight = 0  # bytes of its events beyond what one has in common with all
        self.copy: Callable[[], None] | None = None  # hears that there is something new
        self.kept = True  # whether it can be read again when it has ended, or elsewhere
        self._on_disconnect = on_disconnect
        self._grace = grace
        self._waiting: Any = None  # the timer that runs while nobody reads
        self._readers: set[Reader] = set()
        self._cause: Cause | None = None
        self._stretch: Stretch | None = None

    @classmethod
    def replayed(cls, run_id: str, owner: str, conversation_id: str, log: Sequence[Event]) -> Run:
        """A run that ended long ago, to be read again."""
        run = cls(run_id, owner, conversation_id)
        run.append(log)
        return run

    @classmethod
    def resumed(
        cls,
        run_id: str,
        owner: str,
        conversation_id: str,
        log: Sequence[Event],
        on_disconnect: OnDisconnect,
        grace: float,
    ) -> Run:
        """A run that was parked and goes on, here or elsewhere. Nobody reads it yet."""
        run = cls(run_id, owner, conversation_id, on_disconnect, grace)
        run.events += log
        return run

    @property
    def parked(self) -> bool:
        """Whether it waits for a person: the log ends for those who read it, and goes on later."""
        return self.ended and isinstance(self.events[-1], Parked)

    def append(self, batch: Sequence[Event]) -> None:
        """Add to the log and wake its readers. It ends with Done, Failure or, for now, Parked."""
        self.events += batch
        if isinstance(batch[-1], (Done, Failure, Parked)):
            self.ended = True
            self._stop_waiting()
        for reader in self._readers:
            reader.wake(batch)
        if self.copy is not None:
            self.copy()

    def stop(self, cause: Cause = "stopped") -> None:
        """Ask the run to end. Asking again, or when it has ended, changes nothing."""
        if self._cause is None and not self.ended:
            self._cause = cause
            # From the hub, because only there the owner is surely waiting and can be thrown into.
            get_hub().loop.run_callback(self._interrupt)

    def wait(self) -> None:
        """Return when the run has ended."""
        reader = Reader(self, len(self.events))
        for _ in reader.follow():
            pass
        reader.close()

    def interruptible(self) -> Stretch:
        """The stretch of the owner's work that `stop` may cut short. Raises Interrupted."""
        if self._cause is not None:
            raise Interrupted(self._cause)
        self._stretch = Stretch()
        return self._stretch

    def _interrupt(self) -> None:
        if self._stretch is not None and self._cause is not None:
            self._stretch.cut(Interrupted(self._cause))

    def join(self, reader: Reader) -> None:
        self._readers.add(reader)
        self._stop_waiting()

    def leave(self, reader: Reader) -> None:
        """With its last reader a run loses its reason, unless it was asked to go on."""
        self._readers.discard(reader)
        if self._readers or self.ended:
            return
        if self._on_disconnect == "cancel":
            self.stop("client_gone")
        elif self._on_disconnect == "continue" and self._waiting is None:
            self._waiting = get_hub().loop.timer(self._grace)
            self._waiting.start(self.stop, "abandoned")

    def _stop_waiting(self) -> None:
        timer, self._waiting = self._waiting, None
        if timer is not None:
            timer.stop()
            timer.close()
