"""asyncio in a thread of its own, waited for by greenlets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from gevent.monkey import get_original
from gevent.threadpool import ThreadPool

from app.bells import Bell

T = TypeVar("T")
_Queue = get_original("queue", "SimpleQueue")

Work = Callable[[], Coroutine[Any, Any, T]]


class AsyncThread:
    """It begins with the first work, so that a process can fork before that."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pool: ThreadPool | None = None

    def run(self, work: Work[T], seconds: float) -> T:
        """What it returns, or raises; TimeoutError when time is up.

        A greenlet that is killed while it waits cancels it.
        """
        loop, done = self._started(), Bell()
        tasks: list[asyncio.Task[T]] = []

        def begin() -> None:
            tasks.append(loop.create_task(asyncio.wait_for(work(), seconds)))
            tasks[0].add_done_callback(lambda _: done.ring())

        loop.call_soon_threadsafe(begin)
        try:
            done.wait()
        except BaseException:
            if not loop.is_closed():
                loop.call_soon_threadsafe(lambda: tasks[0].cancel())
            raise
        if tasks[0].cancelled():
            raise TimeoutError("This server is going down.")
        return tasks[0].result()

    def close(self) -> None:
        """What is under way is cancelled."""
        if self._pool is not None and self._loop is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._end.get()
            self._pool.kill()
            self._pool = self._loop = None

    def _started(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._pool, made = ThreadPool(1), _Queue()
            self._end = self._pool.spawn(_serve, made)
            self._loop = made.get()  # in a moment, and meanwhile nobody else may begin one
        return self._loop


def _serve(made: Any) -> None:
    """What a loop stands on belongs to the thread that makes it."""
    loop = asyncio.new_event_loop()
    made.put(loop)
    try:
        loop.run_forever()
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
            loop.run_until_complete(asyncio.gather(task, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
