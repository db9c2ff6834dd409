"""One way to the database: a function that gets a connection runs as one transaction.

A caller can't hold a transaction open over anything slow, because it never has one. On SQLite
the work runs in a thread: a write inline would stop every stream of the worker until the disk
has answered; of what is short the commit at least. There is one thread to write and one to read,
which is all that SQLite can use and leaves nothing to lock.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Protocol, TypeAlias

import structlog
from gevent import get_hub
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import StaticPool

from app.storage.availability import available
from app.storage.postgresql import PostgreSQL
from app.storage.short import Short
from app.storage.thread import T, Thread, Work

log = structlog.get_logger()

Transaction: TypeAlias = Connection

# `secure_delete`: what was deleted is overwritten with zeros.
_PRAGMAS = ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "secure_delete=ON")
_TRIES = 3

# Characters that are little to write.
LITTLE = 50_000


class Database(Protocol):
    """Runs work as one transaction and returns what it returns.

    Raises Unavailable where the database cannot be reached, within two seconds.
    """

    engine: Engine

    def read(self, work: Work[T]) -> T: ...

    def write(self, work: Work[T]) -> T: ...

    def jot(self, work: Work[T]) -> T:
        """Write what reads and writes but a few rows, for which somebody waits."""

    def report(self, work: Work[T]) -> T:
        """Read what may take longer than the two seconds."""

    def sweep(self, work: Work[T]) -> T:
        """Write what may take longer than the two seconds: a removal of many rows."""

    def alone(self, work: Work[T]) -> T:
        """Write while no other process is `alone`, for as long as it takes."""

    def erase(self) -> None:
        """Overwrite what was deleted, as far as that is ours to do: on SQLite in file and log."""

    def close(self) -> None: ...


def connect(database_url: str) -> Database:
    """`postgres://` is PostgreSQL, too."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        return SQLite(url)
    return PostgreSQL(url.set(drivername="postgresql+psycopg"))


class SQLite:
    """A file in WAL mode, or memory where the URL names no file."""

    def __init__(self, url: URL) -> None:
        # `hide_parameters` below keeps what people said out of error messages and so of logs.
        in_memory = url.database in (None, "", ":memory:")
        self._file = None if in_memory else str(url.database)
        if not in_memory:
            Path(str(url.database)).absolute().parent.mkdir(parents=True, exist_ok=True)
        # A transaction that starts as a reader cannot wait for its turn to write: it fails.
        self._writer = _File(url, "BEGIN IMMEDIATE", short=not in_memory)
        self._reader = self._writer if in_memory else _File(url, "BEGIN")
        self.engine = self._writer.engine

    def read(self, work: Work[T]) -> T:
        return self._reader.thread.run(work)

    def write(self, work: Work[T]) -> T:
        return self._writer.thread.run(work)

    def jot(self, work: Work[T]) -> T:
        return self._writer.thread.run(work, short=True)

    def report(self, work: Work[T]) -> T:
        return self.read(work)

    def sweep(self, work: Work[T]) -> T:
        return self.write(work)

    def alone(self, work: Work[T]) -> T:
        return self.write(work)  # whoever writes is alone

    def erase(self) -> None:
        """The file is overwritten by deleting; its log holds the texts until it is cut."""
        if self._file is not None:
            get_hub().threadpool.apply(_cut_log, (self._file,))

    def close(self) -> None:
        self._reader.close()
        self._writer.close()


def _cut_log(file: str) -> None:
    """Once what reads it just now has ended."""
    with closing(sqlite3.connect(file, timeout=5)) as connection:
        for _ in range(_TRIES):
            (busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if not busy:
                return
    log.warning("deleted_texts_left_in_log")


class _File:
    """A connection that is used in a thread of its own, and one for what is `short`."""

    def __init__(self, url: URL, begin: str, *, short: bool = False) -> None:
        self.engine = _sqlite_engine(url)
        self._short = Short(_sqlite_engine(url, timeout=0)) if short else None
        self.thread = Thread(self._transaction, self._short)
        self._begin = begin
        self._connection: Connection | None = None

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with available():
            connection = self._connection = self._connection or self.engine.connect()
            with connection.begin():
                # Said to the driver: by way of SQLAlchemy it takes several times as long.
                connection.connection.cursor().execute(self._begin)
                yield connection

    def close(self) -> None:
        self.thread.close()
        if self._connection is not None:
            self._connection.close()
        if self._short is not None:
            self._short.close()
        self.engine.dispose()


def _sqlite_engine(url: URL, timeout: float = 5) -> Engine:
    engine = create_engine(
        url,
        poolclass=StaticPool,
        hide_parameters=True,
        connect_args={"check_same_thread": False, "timeout": timeout},
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: object, _record: object) -> None:
        connection.isolation_level = None  # type: ignore[attr-defined]  # we begin ourselves
        cursor = connection.cursor()  # type: ignore[attr-defined]
        for pragma in _PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine
