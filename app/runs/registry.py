"""The runs of this worker, by id: those that go on, and for a while those that have ended."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import gevent

from app.errors import ShuttingDown, Unavailable
from app.runs.run import Run
from app.runs.traced import traced

# Bytes that an event and its short text take, and what a run takes besides; measured.
_EVENT, _RUN = 120, 2_000


@dataclass(frozen=True)
class House:
    """The limits of the house: runs at once; and of ended logs in memory, seconds and bytes.

    What is forgotten is not lost: it is read again from storage.
    """

    open_runs: int = 5_000
    kept_seconds: float = 600.0
    kept_bytes: int = 33_554_432


class Runs:
    """Admits runs, finds them, forgets them, and ends them all at a shutdown."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._by_id: dict[str, Run] = {}
        self._ended: deque[tuple[float, int, str]] = deque()
        self._kept = 0
        self._open = 0
        self._closing = False
        self._refusal: Callable[[], Unavailable | None] | None = None
        self._on_start: list[Callable[[Run], None]] = []
        self._on_end: list[Callable[[Run, float], None]] = []

    def on_start(self, call: Callable[[Run], None]) -> None:
        """Have every run shown to `call` when it starts."""
        self._on_start.append(call)

    def on_end(self, call: Callable[[Run, float], None]) -> None:
        """Have every run shown to `call` when its work is over, with the seconds that it took."""
        self._on_end.append(call)

    def refuse_while(self, refusal: Callable[[], Unavailable | None]) -> None:
        """Admit no run while `refusal` gives a reason."""
        self._refusal = refusal

    @property
    def open(self) -> int:
        """How many are under way."""
        return self._open

    @property
    def closing(self) -> bool:
        """Whether a shutdown has begun and no run is admitted any more."""
        return self._closing

    @contextmanager
    def place(self) -> Iterator[Callable[[Run, Callable[[], None]], None]]:
        """A place for one run, given back at its end, or at once if it does not come to it.

        What is yielded starts the run: `start(run, generate)` lets `generate` own it, in a
        greenlet of its own.

        Raises:
            ShuttingDown, Unavailable: there is no place; nothing has happened yet.
        """
        if self._closing:
            raise ShuttingDown("This server is going down for a restart.", retry_after=2)
        if self._refusal is not None and (error := self._refusal()):
            raise error
        if self._open >= self._house.open_runs:
            raise Unavailable("This server is answering as many as it can.", retry_after=1)
        self._open += 1
        try:
            yield self._start
        except BaseException:
            self._open -= 1
            raise

    def _start(self, run: Run, generate: Callable[[], None]) -> None:
        self._by_id[run.id] = run
        for call in self._on_start:
            call(run)
        began = time.monotonic()
        gevent.spawn(traced(run, generate)).rawlink(lambda _: self._end(run, began))

    def _end(self, run: Run, began: float) -> None:
        self._open -= 1
        for call in self._on_end:
            call(run, time.monotonic() - began)
        if run.parked or not run.kept:  # the database has it, or nobody is to have it
            self._by_id.pop(run.id, None)
            return
        size = _RUN + _EVENT * len(run.events) + run.weight
        self._kept += size
        self._ended.append((time.monotonic(), size, run.id))
        self._forget()

    def _forget(self) -> None:
        oldest = time.monotonic() - self._house.kept_seconds
        while self._ended and (self._ended[0][0] < oldest or self._kept > self._house.kept_bytes):
            _, size, run_id = self._ended.popleft()
            self._kept -= size
            self._by_id.pop(run_id, None)

    def running(self, run_id: str) -> Run | None:
        """Any run of this worker that is in memory, whosever it is."""
        return self._by_id.get(run_id)

    def find(self, owner: str, run_id: str) -> Run | None:
        """The run if it is in memory and the owner's."""
        run = self._by_id.get(run_id)
        return run if run is not None and run.owner == owner else None

    def of(self, owner: str) -> list[Run]:
        """All of an owner's that are in memory."""
        return [run for run in self._by_id.values() if run.owner == owner]

    def forget(self, run_id: str) -> None:
        """Whoever reads it reads on; nobody else finds it any more."""
        self._by_id.pop(run_id, None)

    def stop_all(self, conversation_id: str) -> None:
        """Stop what is running in a conversation that is about to be deleted."""
        for run in list(self._by_id.values()):
            if run.conversation_id == conversation_id:
                run.stop()

    def drain(self, seconds: float) -> None:
        """Admit no more, give those that run so long to finish, then end the rest with a word."""
        self._closing = True
        self._wait_for_all(seconds)
        for run in list(self._by_id.values()):
            run.stop("shutting_down")
        self._wait_for_all(5.0)

    def _wait_for_all(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while self._open and time.monotonic() < deadline:
            gevent.sleep(0.05)
