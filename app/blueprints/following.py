"""One run's events on their way to a WebSocket that others share."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from app.blueprints.websocket import Ended, Socket
from app.encoders.messages import frames, message
from app.errors import ParleyError
from app.events import Event, Failure
from app.runs.reader import Reader
from app.runs.run import Run

log = structlog.get_logger()


class Following:
    """From event `after` + 1 on. It counts as the run's reader from its making until `close`.

    It is the reader's Outlet, too: while the socket keeps up, what is new is written to it at once.
    """

    def __init__(self, socket: Socket, run: Run, after: int) -> None:
        self.run = run
        self._socket = socket
        self._number = after
        self._fault: Exception | None = None
        self._reader = Reader(run, after)

    def __call__(self) -> None:
        """Return when the run has ended, or nobody wants to hear of it. Raises as `Socket.flush`.

        Nobody would be told of a fault in here otherwise, so it ends in a terminal error.
        """
        try:
            for batch in self._reader.follow(None, self):
                self._socket.send(self._said(batch))
        except (OSError, Ended):  # the client is gone, and no ending would reach it
            raise
        except Exception:
            log.exception("stream_broke", run_id=self.run.id)
            failure = Failure(ParleyError().problem())
            self._socket.send([message(self.run.id, self._number + 1, failure)])

    def offer(self, batch: Sequence[Event], last: bool) -> bool:
        try:
            return self._socket.push(frames(self._said(batch)))
        except Exception as fault:
            self._fault = fault  # raised again by `flush`, and so where it is known what to do
            return False

    def flush(self) -> None:
        if self._fault is not None:
            raise self._fault
        self._socket.flush()

    def close(self) -> None:
        """Leave the run, from whichever greenlet."""
        self._reader.close()

    def _said(self, batch: Sequence[Event]) -> list[str]:
        run_id, number = self.run.id, self._number
        said = [message(run_id, number + n, event) for n, event in enumerate(batch, 1)]
        self._number = number + len(batch)
        return said
