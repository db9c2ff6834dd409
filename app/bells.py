"""How another thread wakes a greenlet that waits for it."""

from __future__ import annotations

from gevent import get_hub
from gevent.hub import Waiter
from gevent.monkey import get_original

_lock = get_original("_thread", "allocate_lock")


class Bell:
    """Made and waited for in one thread, once; rung in any, before that, meanwhile or too late."""

    def __init__(self) -> None:
        self._waiter: Waiter[None] = Waiter()
        self._watcher = get_hub().loop.async_()
        self._watcher.start(self._waiter.switch, None)
        self._guard = _lock()
        self._open = True

    def wait(self) -> None:
        try:
            self._waiter.get()
        finally:
            with self._guard:
                self._open = False
                self._watcher.stop()
                self._watcher.close()

    def ring(self) -> None:
        """What waits may have left, and its loop be gone."""
        with self._guard:
            if self._open:
                self._watcher.send()
