"""What a database that does not answer looks like to everybody else: Unavailable."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import structlog
from psycopg.errors import ReadOnlySqlTransaction
from sqlalchemy.exc import DBAPIError, OperationalError

from app.errors import Unavailable

log = structlog.get_logger()

# The last is what a server says that is being replaced by its standby.
_AWAY = (
    OperationalError,
    sqlite3.OperationalError,
    psycopg.OperationalError,
    psycopg.InterfaceError,
    ReadOnlySqlTransaction,
)


class InDoubt(Unavailable):
    """The connection broke while it committed: nobody knows whether that was done."""


@contextmanager
def available() -> Iterator[None]:
    """Raises Unavailable for everything that another attempt, a little later, may well survive."""
    try:
        yield
    except Exception as error:
        if not _is_away(error):
            raise
        # Without a traceback: while it is away this is said of every request.
        log.warning("database_unavailable", kind=type(error).__name__, reason=_reason(error))
        raise unavailable() from error


def _reason(error: Exception) -> str:
    """What the driver says. What people said is in none of it: it is about the connection."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return (str(cause).splitlines() or [""])[0][:200]


def unavailable(kind: type[Unavailable] = Unavailable) -> Unavailable:
    return kind("The database does not answer just now. Try again in a moment.", retry_after=2)


def _is_away(error: Exception) -> bool:
    """SQLAlchemy wraps what its driver raises, but not what we ask of the driver ourselves."""
    cause = error.orig if isinstance(error, DBAPIError) else None
    return isinstance(error, _AWAY) or isinstance(cause, _AWAY)
