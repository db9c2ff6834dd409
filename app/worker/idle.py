"""Connections that wait for their next request."""

from __future__ import annotations

from typing import Any, cast

import gevent


class Idle(gevent.Timeout):
    """The wait for a request, which a shutdown need not wait for."""

    def __init__(self, seconds: float, waiting: set[Idle]) -> None:
        super().__init__(seconds, cast(None, False))  # False: the block just ends
        self._waiting = waiting

    def __enter__(self) -> Any:
        self._greenlet = gevent.getcurrent()
        self._waiting.add(self)
        return super().__enter__()

    def __exit__(self, *args: Any) -> Any:
        self._waiting.discard(self)
        return super().__exit__(*args)

    def end(self) -> None:
        """As if the time were up."""
        gevent.get_hub().loop.run_callback(self._greenlet.throw, self)
