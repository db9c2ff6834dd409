"""Transactions in a thread, for a database that would hold up the loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from itertools import takewhile
from typing import Any, Generic, TypeVar, cast

from gevent import get_hub
from gevent.hub import Waiter
from gevent.monkey import get_original
from gevent.threadpool import ThreadPool
from sqlalchemy import Connection

from app.storage.short import Short

T = TypeVar("T")
Work = Callable[[Connection], T]

# The one that a thread can wait in; gevent's is for greenlets.
_Queue = get_original("queue", "SimpleQueue")

# Short ones that share a transaction: a tenth of a millisecond each, in which the loop stands.
_AT_ONCE = 32


class _Job(Generic[T]):
    """A piece of work that waits for its transaction, and what became of it."""

    __slots__ = ("done", "error", "short", "value", "work")

    def __init__(self, work: Work[T], *, short: bool) -> None:
        self.work = work
        self.short = short
        self.value: T | None = None
        self.error: Exception | None = None
        self.done: Waiter[None] = Waiter()


class Thread:
    """Runs what it is given in `transaction`, which is entered in the thread alone.

    What comes while a transaction is under way shares the next one: under load a commit, and the
    hand-over between threads, is paid once for many. Work that raises must not spoil the others':
    then all is rolled back and each is done again by itself.

    What is short is done on the loop and only the commit, which is what waits for the disk, is the
    thread's: two threads that both want Python's lock for each statement cost more than the
    statements. If it cannot be begun at once, or anything goes wrong, the thread does it all.
    """

    def __init__(
        self,
        transaction: Callable[[], AbstractContextManager[Connection]],
        short: Short | None = None,
    ) -> None:
        self._transaction = transaction
        self._short = short
        self._pool: ThreadPool | None = None
        self._batches: Any = _Queue()  # for the thread; the last is None
        self._waiting: list[_Job[Any]] = []  # for the next batch
        self._under_way: Sequence[_Job[Any]] = ()
        self._busy = False

    def run(self, work: Work[T], *, short: bool = False) -> T:
        """What `work` returns. Raises what it raises."""
        if self._pool is None:
            self._start()
        job = _Job(work, short=short)
        self._waiting.append(job)
        if not self._busy:
            self._busy = True
            get_hub().loop.run_callback(self._hand_over)
        job.done.get()
        if job.error is not None:
            raise job.error
        return cast(T, job.value)

    def _start(self) -> None:
        self._bell = get_hub().loop.async_()
        self._bell.start(self._deliver)
        self._pool = ThreadPool(1)
        self._end = self._pool.spawn(self._serve)

    def _hand_over(self) -> None:
        jobs = self._under_way = self._next()
        if self._short is not None and jobs[0].short and _done(jobs, self._short):
            self._batches.put(partial(self._commit, jobs, self._short))
        else:
            self._batches.put(partial(self._transact, jobs))

    def _next(self) -> Sequence[_Job[Any]]:
        """Those that wait, in their order, as far as they are of one kind."""
        short = self._waiting[0].short
        jobs = list(takewhile(lambda job: job.short is short, self._waiting))
        if short:
            jobs = jobs[:_AT_ONCE]
        del self._waiting[: len(jobs)]
        return jobs

    def _deliver(self) -> None:
        """Those whose work is done go on, and then it is the next batch's turn."""
        run_callback = get_hub().loop.run_callback
        for job in self._under_way:
            run_callback(job.done.switch, None)
        self._busy = bool(self._waiting)
        if self._busy:
            run_callback(self._hand_over)

    def _serve(self) -> None:
        for end in iter(self._batches.get, None):
            end()
            self._bell.send()

    def _commit(self, jobs: Sequence[_Job[Any]], short: Short) -> None:
        try:
            short.commit()
        except Exception:  # what it was is said when it is done again
            self._transact(jobs)

    def _transact(self, jobs: Sequence[_Job[Any]]) -> None:
        try:
            with self._transaction() as connection:
                for job in jobs:
                    job.value = job.work(connection)
        except Exception as error:
            if len(jobs) == 1:
                jobs[0].error = error
            else:
                for job in jobs:
                    self._transact([job])

    def close(self) -> None:
        """For when nothing is asked any more."""
        if self._pool is not None:
            self._batches.put(None)
            self._end.get()
            self._bell.stop()
            self._bell.close()
            self._pool.kill()


def _done(jobs: Sequence[_Job[Any]], short: Short) -> bool:
    try:
        connection = short.begin()
        if connection is None:
            return False
        for job in jobs:
            job.value = job.work(connection)
    except Exception:  # what it was is said when the thread does it again
        short.undo()
        return False
    return True
