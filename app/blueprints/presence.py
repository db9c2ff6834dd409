"""Noticing that a caller has left. WSGI notices only when it writes, which may be never."""

from __future__ import annotations

import select
from collections.abc import Callable, Mapping
from typing import Any

from gevent import get_hub
from gevent.monkey import get_original

_poll = get_original("select", "poll")
# Linux tells a closed connection from one that has more to read; elsewhere only a hang-up counts.
_GONE = getattr(select, "POLLRDHUP", 0) | select.POLLHUP | select.POLLERR


class Watch:
    """Calls `on_gone` once, from the hub, when the request's connection is closed by the caller.

    A watcher on the loop and not a greenlet: there is one for every open stream.
    """

    def __init__(self, environ: Mapping[str, Any], on_gone: Callable[[], None]) -> None:
        self._on_gone = on_gone
        sock = environ.get("gunicorn.socket")
        self._watcher: Any = None
        if sock is not None:
            self._fileno = sock.fileno()
            self._watcher = get_hub().loop.io(self._fileno, 1)
            self._watcher.start(self._readable)

    def _readable(self) -> None:
        poll = _poll()
        poll.register(self._fileno, _GONE)
        gone = poll.poll(0)
        # Whether it has gone or sent its next request already: there is nothing more to see.
        self.close()
        if gone:
            self._on_gone()

    def close(self) -> None:
        watcher, self._watcher = self._watcher, None
        if watcher is not None:
            watcher.stop()
            watcher.close()
