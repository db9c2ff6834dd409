"""Calls from other threads into the one whose loop everything else lives in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, cast

import gevent
from gevent.monkey import get_original

from app.bells import Bell

T = TypeVar("T")

_ident = get_original("threading", "get_ident")


def at_home(work: Callable[..., T]) -> Callable[..., T]:
    """`work` as it is for whoever calls from this thread; others wait until it was done in it.

    They wait by way of gevent, in their own loop: who is killed there ends the work here.
    """
    loop, home = gevent.get_hub().loop, _ident()

    def call(*args: Any, **kwargs: Any) -> T:
        if _ident() == home:
            return work(*args, **kwargs)
        return _Crossing(loop, lambda: work(*args, **kwargs)).wait()

    return call


class _Crossing(Generic[T]):
    """One call."""

    def __init__(self, home: Any, work: Callable[[], T]) -> None:
        self._home = home
        self._work = work
        self._value: T | None = None
        self._error: BaseException | None = None
        self._done = Bell()
        self._greenlet: gevent.Greenlet[..., None] | None = None

    def wait(self) -> T:
        self._home.run_callback_threadsafe(self._begin)
        try:
            self._done.wait()
        finally:
            self._home.run_callback_threadsafe(self._end)
        if self._error is not None:
            raise self._error
        return cast(T, self._value)

    def _begin(self) -> None:
        self._greenlet = gevent.spawn(self._carry_out)

    def _end(self) -> None:
        if self._greenlet is not None:
            self._greenlet.kill(block=False)

    def _carry_out(self) -> None:
        try:
            self._value = self._work()
        except BaseException as error:
            self._error = error
        self._done.ring()
