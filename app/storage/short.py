"""SQLite's transactions that are done on the loop, up to their commit."""

from __future__ import annotations

import sqlite3

from sqlalchemy import Connection, Engine, RootTransaction
from sqlalchemy.exc import DBAPIError


class Short:
    """One transaction at a time, on a connection that never waits for a lock.

    Until its commit a transaction is in memory: it needs the disk for nothing but pages that nobody
    has read for long. `commit` waits for the disk, and is for a thread.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        self._transaction: RootTransaction | None = None

    def begin(self) -> Connection | None:
        """None where it would have to wait, for another process that writes, or cannot be."""
        try:
            connection = self._connection = self._connection or self._engine.connect()
            self._transaction = connection.begin()
            connection.connection.cursor().execute("BEGIN IMMEDIATE")
        except (sqlite3.Error, DBAPIError):
            self.undo()
            return None
        return connection

    def commit(self) -> None:
        """Raises what the driver raises; then it is taken back."""
        transaction, self._transaction = self._transaction, None
        assert transaction is not None, "it was begun"
        try:
            transaction.commit()
        except BaseException:
            self._drop()
            raise

    def undo(self) -> None:
        transaction, self._transaction = self._transaction, None
        try:
            if transaction is not None:
                transaction.rollback()
        except Exception:  # whatever it is: a transaction that stays open would lock the file
            self._drop()

    def _drop(self) -> None:
        """What could not be ended ends with its connection, and so does the lock."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()

    def close(self) -> None:
        self._drop()
        self._engine.dispose()
