"""One way to the database: a function that gets a connection runs as one transaction.

A caller can't hold a transaction open over anything slow, because it never has one. On SQLite
the work runs in a thread: a write inline would stop every stream of the worker until the disk
has answered. There is one thread to write and one to read, which is all that SQLite can use and
leaves nothing to lock. On PostgreSQL psycopg cooperates with gevent, so the work runs inline.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Generic, Protocol, TypeAlias, TypeVar, cast

import gevent
import psycopg
import structlog
from gevent.event import AsyncResult
from gevent.threadpool import ThreadPool
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import StaticPool

from app.errors import Unavailable

log = structlog.get_logger()

T = TypeVar("T")
Transaction: TypeAlias = Connection
Work = Callable[[Transaction], T]

# Milliseconds. A killed greenlet leaves its query running in PostgreSQL; this ends it.
_STATEMENT_TIMEOUT = 15_000


class Database(Protocol):
    """Runs work as one transaction and returns what it returns.

    Raises Unavailable where the database cannot be reached.
    """

    engine: Engine

    def read(self, work: Work[T]) -> T: ...

    def write(self, work: Work[T]) -> T: ...

    def close(self) -> None: ...


def connect(database_url: str) -> Database:
    url = make_url(database_url.replace("postgres://", "postgresql://", 1))
    if url.get_backend_name() == "sqlite":
        return SQLite(url)
    return PostgreSQL(url.set(drivername="postgresql+psycopg"))


class SQLite:
    """A file in WAL mode, or memory where the URL names no file."""

    def __init__(self, url: URL) -> None:
        # `hide_parameters` below keeps what people said out of error messages and so of logs.
        in_memory = url.database in (None, "", ":memory:")
        if not in_memory:
            Path(str(url.database)).absolute().parent.mkdir(parents=True, exist_ok=True)
        self._writer = _Thread(_sqlite_engine(url, immediate=True))
        self._reader = self._writer if in_memory else _Thread(_sqlite_engine(url, immediate=False))
        self.engine = self._writer.engine

    def read(self, work: Work[T]) -> T:
        return self._reader.run(work)

    def write(self, work: Work[T]) -> T:
        return self._writer.run(work)

    def close(self) -> None:
        self._reader.close()
        self._writer.close()


class _Job(Generic[T]):
    """A piece of work that waits for its transaction, and what became of it."""

    def __init__(self, work: Work[T]) -> None:
        self.work = work
        self.value: T | None = None
        self.error: Exception | None = None
        self.done: AsyncResult[None] = AsyncResult()

    def run(self, connection: Connection) -> None:
        self.value = self.work(connection)


class _Thread:
    """A thread with a connection of its own.

    What comes while a transaction is under way shares the next one: under load a commit, and the
    hand-over between threads, is paid once for many. Work that raises must not spoil the others':
    then all is rolled back and each is done again by itself.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._pool = ThreadPool(1)
        self._connection: Connection | None = None
        self._waiting: list[_Job[Any]] = []
        self._busy = False

    def run(self, work: Work[T]) -> T:
        job = _Job(work)
        self._waiting.append(job)
        if not self._busy:
            self._busy = True
            gevent.spawn(self._serve)
        job.done.get()
        if job.error is not None:
            raise job.error
        return cast(T, job.value)

    def _serve(self) -> None:
        while self._waiting:
            jobs, self._waiting = self._waiting, []
            self._pool.apply(self._transact, (jobs,))
            for job in jobs:
                job.done.set(None)
        self._busy = False

    def _transact(self, jobs: list[_Job[Any]]) -> None:
        try:
            with _available(), self._opened().begin():
                for job in jobs:
                    job.run(self._opened())
        except Exception as error:
            if len(jobs) == 1:
                jobs[0].error = error
            else:
                for job in jobs:
                    self._transact([job])

    def _opened(self) -> Connection:
        if self._connection is None:
            self._connection = self.engine.connect()
        return self._connection

    def close(self) -> None:
        self._pool.apply(self._close)
        self._pool.kill()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self.engine.dispose()


class PostgreSQL:
    """A pool of psycopg connections, each used by one greenlet at a time."""

    def __init__(self, url: URL) -> None:
        options = f"-c statement_timeout={_STATEMENT_TIMEOUT}"
        self.engine = create_engine(
            url,
            hide_parameters=True,
            pool_size=10,
            max_overflow=10,
            pool_timeout=5,
            pool_pre_ping=True,
            connect_args={"connect_timeout": 3, "options": options},
        )

    def read(self, work: Work[T]) -> T:
        return _transact(self.engine, work)

    def write(self, work: Work[T]) -> T:
        return _transact(self.engine, work)

    def close(self) -> None:
        self.engine.dispose()


def _transact(engine: Engine, work: Work[T]) -> T:
    with _available(), engine.begin() as connection:
        return work(connection)


@contextmanager
def _available() -> Iterator[None]:
    try:
        yield
    except (OperationalError, sqlite3.OperationalError, psycopg.OperationalError) as error:
        log.exception("database_unavailable")
        raise Unavailable(
            "The database does not answer just now. Try again in a moment.", retry_after=2
        ) from error


def _sqlite_engine(url: URL, *, immediate: bool) -> Engine:
    engine = create_engine(
        url,
        poolclass=StaticPool,
        hide_parameters=True,
        connect_args={"check_same_thread": False, "timeout": 5},
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: object, _record: object) -> None:
        connection.isolation_level = None  # type: ignore[attr-defined]  # we begin ourselves
        cursor = connection.cursor()  # type: ignore[attr-defined]
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A transaction that starts as a reader cannot wait for its turn to write: it fails.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    return engine
