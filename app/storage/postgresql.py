"""PostgreSQL: a pool of connections, each used by one greenlet at a time.

psycopg cooperates with gevent, so the work runs inline. A server that is stopped says so; one that
is frozen, or behind a cable that was cut, says nothing at all, and its kernel may go on to take
what we send. Therefore the clock is ours: what has not been answered in time is given up, its
connection with it, and whoever asked is told to come again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

import structlog
from gevent import Timeout
from gevent.lock import BoundedSemaphore
from gevent.monkey import get_original
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, Engine, Transaction, create_engine, event, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

from app.errors import Unavailable
from app.storage import last
from app.storage.availability import InDoubt, available, unavailable
from app.storage.thread import T, Work

log = structlog.get_logger()

# Of one worker, which holds one for some milliseconds at a time. Ten workers fit into the hundred
# that a PostgreSQL usually has, if one is left out for the release command and for people.
_CONNECTIONS = 9

# Seconds. A turn's own transactions have the first, from the wait for a connection to the commit:
# whoever asks shall hear within two that there is no database. What sums up a year of calls, or
# removes them, has the second, but no more than the first to get its connection.
_QUICK, _LONG = 1.75, 30.0
# What a crowd may wait for a connection, as long as one after another gets its turn.
_CROWD = 15.0

# What a query may take at most, in milliseconds: a greenlet that is killed leaves it running. And
# how long a process that is frozen may keep its rows from everybody else.
_SETTINGS = {"statement_timeout": 25_000, "idle_in_transaction_session_timeout": 15_000}

# What libpq is told; a DATABASE_URL may say otherwise. The first four let an idle connection notice
# that its server is gone. All are in seconds, but `tcp_user_timeout` in milliseconds.
_LIBPQ: dict[str, Any] = {
    "keepalives": 1,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "connect_timeout": 3,
    "tcp_user_timeout": 20_000,
    "application_name": "parley",
}

_SETTLED = (TransactionStatus.IDLE, TransactionStatus.INTRANS, TransactionStatus.INERROR)
# Any number will do that is always the same: who wants to be alone takes this lock.
_ALONE = 7_072_676_559_121

# The kernel's own; gevent's would wait for its loop.
_poll = get_original("select", "poll")
_POLLIN = 1


class PostgreSQL:
    """The URL may hold what libpq takes: `sslmode`, `sslrootcert` and all the others."""

    def __init__(self, url: URL) -> None:
        self.engine = _engine(url)
        # When a connection was given up last. What was made before leads to the same server, and
        # would be waited for in vain as well.
        self._silent = 0.0
        self._heard = 0.0  # when a transaction was through last
        event.listen(self.engine, "connect", self._made)
        event.listen(self.engine, "checkout", self._check)
        # The pool's own queue cannot be left by a greenlet that is thrown out of it.
        self._places = BoundedSemaphore(_CONNECTIONS)

    def read(self, work: Work[T]) -> T:
        return self._transact(work, _QUICK)

    def write(self, work: Work[T]) -> T:
        return self._transact(work, _QUICK)

    def jot(self, work: Work[T]) -> T:
        return self.write(work)

    def report(self, work: Work[T]) -> T:
        return self._transact(work, _LONG)

    def sweep(self, work: Work[T]) -> T:
        return self._transact(work, _LONG)

    def alone(self, work: Work[T]) -> T:
        with available(), self.engine.begin() as connection:
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_ALONE})"))
            return work(connection)

    def erase(self) -> None:
        """Nothing: what was deleted is nobody's to read, and overwritten by the server's vacuum."""

    def close(self) -> None:
        """Once what is under way has ended."""
        with Timeout(_QUICK, False):  # type: ignore[arg-type]  # the block just ends
            for _ in range(_CONNECTIONS):
                self._places.acquire()
        self.engine.dispose()

    def _transact(self, work: Work[T], seconds: float) -> T:
        try:
            return self._done(work, seconds, puts_off=True)
        except last.Refused:
            return self._done(work, seconds, puts_off=False)

    def _done(self, work: Work[T], seconds: float, *, puts_off: bool) -> T:
        asked = monotonic()
        with self._place(asked), available():
            left = max(asked, self._heard) + _QUICK - monotonic()
            clock = Timeout.start_new(max(left, 0.01))
            try:
                with self._connected() as connection:
                    transaction = connection.begin()
                    last.begin(connection, puts_off=puts_off)
                    if seconds > _QUICK:
                        connection.execute(text("SELECT 1"))
                        clock.close()
                        clock = Timeout.start_new(seconds)
                    value = work(connection)
                    _commit(connection, transaction, clock)
                    self._heard = monotonic()
                    return value
            except Timeout as cut:
                if cut is not clock:
                    raise
                if left > _QUICK / 2:  # it is not the crowd's fault
                    self._silent = monotonic()
                log.warning("database_too_slow", waited=round(monotonic() - asked, 3))
                raise unavailable() from cut
            finally:
                clock.close()

    @contextmanager
    def _place(self, asked: float) -> Iterator[None]:
        """Whoever waits in a crowd waits longer than for a server that has fallen silent."""
        while not self._places.acquire(timeout=_QUICK / 4):
            since = monotonic() - asked
            if since > _CROWD or min(since, monotonic() - self._heard) > _QUICK:
                log.warning("database_busy", waited=round(since, 3))
                raise unavailable()
        try:
            yield
        finally:
            self._places.release()

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        """A connection that goes back to the pool, unless it waits for an answer: this would be
        taken for the answer to whatever is asked next.
        """
        connection = self.engine.connect()
        try:
            yield connection
        except BaseException:
            if not connection.invalidated and _status(connection) not in _SETTLED:
                connection.invalidate()
            raise
        finally:
            connection.close()

    def _made(self, _connection: object, record: ConnectionPoolEntry) -> None:
        record.info["since"] = monotonic()

    def _check(self, connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
        """The last thing that a server says is that it goes. Asking each time costs a journey."""
        if record.info["since"] < self._silent or connection.closed or _readable(connection):
            raise DisconnectionError("This connection leads nowhere any more.")


def _readable(connection: Any) -> bool:
    waiting = _poll()
    waiting.register(connection.fileno(), _POLLIN)
    return bool(waiting.poll(0))


def _commit(connection: Connection, transaction: Transaction, clock: Timeout) -> None:
    try:
        with available():
            last.commit(connection)
            transaction.commit()
    except Unavailable as error:
        raise unavailable(InDoubt) from error
    except Timeout as cut:
        if cut is not clock:
            raise
        raise unavailable(InDoubt) from cut


def _status(connection: Connection) -> TransactionStatus:
    status: TransactionStatus = connection.connection.dbapi_connection.info.transaction_status  # type: ignore[union-attr]  # psycopg's
    return status


def _engine(url: URL) -> Engine:
    settings = " ".join(f"-c {name}={value}" for name, value in _SETTINGS.items())
    ours = {**_LIBPQ, "options": settings}
    return create_engine(
        url,
        hide_parameters=True,
        pool_size=_CONNECTIONS,
        max_overflow=0,
        # What is not needed grows old and is closed by whoever stands between.
        pool_use_lifo=True,
        connect_args={name: value for name, value in ours.items() if name not in url.query},
    )
