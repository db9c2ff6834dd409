"""The runs of this worker, by id: those that go on and those that ended a short while ago."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

import gevent

from app.errors import NotFound
from app.runs.run import Run

# Seconds that an ended run's log stays in memory, to be read again.
_KEPT = 600.0


class Runs:
    """Starts runs, finds them, and forgets them."""

    def __init__(self) -> None:
        self._by_id: dict[str, Run] = {}
        self._ended: deque[tuple[float, str]] = deque()

    def start(self, run: Run, generate: Callable[[], None]) -> None:
        """Let `generate` own the run, in a greenlet of its own."""
        self._forget()
        self._by_id[run.id] = run
        gevent.spawn(generate).link(lambda _: self._ended.append((time.monotonic(), run.id)))

    def find(self, owner: str, run_id: str) -> Run:
        """Raises NotFound, for somebody else's too."""
        run = self._by_id.get(run_id)
        if run is None or run.owner != owner:
            raise NotFound("run")
        return run

    def stop_all(self, conversation_id: str) -> None:
        """Stop what is running in a conversation that is about to be deleted."""
        for run in list(self._by_id.values()):
            if run.conversation_id == conversation_id:
                run.stop()

    def _forget(self) -> None:
        while self._ended and self._ended[0][0] < time.monotonic() - _KEPT:
            self._by_id.pop(self._ended.popleft()[1], None)
