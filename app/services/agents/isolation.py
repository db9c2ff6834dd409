"""A piece of work in a thread of its own, which holds up nobody else's.

The thread has a loop of its own, and the work is a greenlet in it: what waits there, for a socket
or a clock, is ended at once when it is not wanted any more. What computes cannot be told; it gets
an exception at its next line of Python, as far as it has one. Nobody waits for either.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from typing import Any, Generic, TypeVar, cast

import gevent
import structlog
from gevent import get_hub
from gevent.hub import Waiter
from gevent.monkey import get_original

T = TypeVar("T")

log = structlog.get_logger()

_start = get_original("_thread", "start_new_thread")
_lock = get_original("_thread", "allocate_lock")
_ident = get_original("_thread", "get_ident")

_MOST = 64  # threads at once
_GRACE = 0.05  # seconds until what was not ended is thrown at


class Crowded(Exception):
    """There are as many threads as there may be: some never end."""


class Unwanted(BaseException):
    """Thrown at what computes on although nobody waits for it."""


# Seconds after which a thread that computes has to let others have the interpreter. The loop waits
# so long for each of them, time and again, so it is less than usual while there are any.
_TURN, _SHORT_TURN = sys.getswitchinterval(), 0.0005

_working: set[_Work[Any]] = set()


def isolated(work: Callable[[], T]) -> T:
    """What `work` returns. To kill the greenlet that waits is to end the work.

    Raises what it raises, and Crowded.
    """
    if len(_working) >= _MOST:
        raise Crowded
    here = _Work(work)
    try:
        return here.wait()
    except BaseException:
        here.end()
        raise


class _Work(Generic[T]):
    """`_ended` is the thread's last word; after it, its identity may be another's."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._value: T | None = None
        self._error: BaseException | None = None
        self._done: Waiter[None] = Waiter()
        self._bell = get_hub().loop.async_()
        self._stop: Any = None  # rings in the thread
        self._unwanted = False
        self._ended = False
        self._guard = _lock()
        self._thread = 0

    def wait(self) -> T:
        self._bell.start(self._deliver)
        _working.add(self)
        sys.setswitchinterval(_SHORT_TURN)
        _start(self._run, ())
        self._done.get()
        if self._error is not None:
            raise self._error
        return cast(T, self._value)

    def end(self) -> None:
        """Ask it to end, and do not wait."""
        with self._guard:
            self._unwanted = True
            if self._ended:
                return
            if self._stop is not None:
                self._stop.send()
        gevent.spawn_later(_GRACE, self._throw)

    def _throw(self) -> None:
        """By CPython's own means: an exception for another thread, raised between two lines."""
        with self._guard:
            if self._ended:
                return
            log.warning("tool_thrown_at")
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(self._thread), ctypes.py_object(Unwanted)
            )

    def _deliver(self) -> None:
        """In the loop of who waits, once the thread is through."""
        self._bell.stop()
        self._bell.close()
        _working.discard(self)
        if not _working:
            sys.setswitchinterval(_TURN)
        if not self._unwanted:
            self._done.switch(None)

    def _run(self) -> None:
        """The thread."""
        try:
            self._in_a_loop()
        except BaseException as error:  # also Unwanted, wherever it struck
            self._error = self._error or error
        while not self._told():
            pass

    def _told(self) -> bool:
        """The last word. It is said again where Unwanted struck in the middle of it."""
        try:
            with self._guard:
                self._ended = True
            self._bell.send()
        except Unwanted:
            return False
        return True

    def _in_a_loop(self) -> None:
        hub = get_hub()
        try:
            with self._guard:
                self._thread = _ident()
                self._stop = hub.loop.async_()
            greenlet = gevent.spawn(self._carry_out)
            self._stop.start(greenlet.kill, gevent.GreenletExit, False)
            if self._unwanted:
                greenlet.kill(block=False)
            greenlet.join()
        finally:
            with self._guard:
                stop, self._stop = self._stop, None
            if stop is not None:
                stop.stop()
                stop.close()
            hub.destroy(destroy_loop=True)

    def _carry_out(self) -> None:
        try:
            self._value = self._work()
        except BaseException as error:
            self._error = error
