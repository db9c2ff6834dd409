"""A run whose owner plays a script, as the generation does with a model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import gevent
from gevent.event import Event as Signal

from app.events import Done, Event, FinishReason, TextDelta, Usage
from app.runs.run import Interrupted, OnDisconnect, Run


def said(text: str) -> list[Event]:
    return [TextDelta(char) for char in text]


def end(reason: FinishReason = "stop") -> Done:
    return Done(reason, Usage(), None)


class Script:
    """Appends its batches, waits for `go_on` where one is None, and ends the run.

    `interrupted` is the cause of each interruption that the owner has felt.
    """

    def __init__(
        self,
        batches: Iterable[Sequence[Event] | None],
        on_disconnect: OnDisconnect = "continue",
        grace: float = 30.0,
    ) -> None:
        self.run = Run("run_1", "ada", "conv_1", on_disconnect, grace)
        self.go_on = Signal()
        self.interrupted: list[str] = []
        self.stored = Signal()
        self._batches = batches
        self.storing: Callable[[], object] = lambda: None

    def __call__(self) -> None:
        try:
            with self.run.interruptible():
                for batch in self._batches:
                    gevent.sleep(0)
                    if batch is None:
                        self.go_on.wait()
                    else:
                        self.run.append(batch)
        except Interrupted as cut:
            self.interrupted.append(cut.cause)
        self.storing()
        self.stored.set()
        self.run.append([end("stopped" if self.interrupted else "stop")])

    def start(self) -> gevent.Greenlet[[], None]:
        return gevent.spawn(self)
