"""Transactions, and what becomes of the other greenlets meanwhile."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import gevent
import pytest
from gevent import monkey
from sqlalchemy import func, select

from app.errors import Unavailable
from app.storage import conversations
from app.storage.database import Database, Transaction, connect
from app.storage.migrate import migrate
from app.storage.tables import conversations as table

# A sleep that gevent did not patch: the thread sleeps, as it does while the disk writes.
_block = monkey.get_original("time", "sleep")


def count(database: Database) -> int:
    return database.read(lambda tx: tx.scalar(select(func.count()).select_from(table)) or 0)


def test_work_that_fails_leaves_nothing(database: Database) -> None:
    """An exception in the work takes back what it wrote, and reaches the caller."""

    def work(tx: Transaction) -> None:
        conversations.create(tx, "ada", "Half", None)
        raise LookupError

    with pytest.raises(LookupError):
        database.write(work)
    assert count(database) == 0


def test_many_writers_do_not_meet(database: Database) -> None:
    """100 greenlets that write at once all succeed, and readers among them never fail."""

    def both(number: int) -> None:
        database.write(lambda tx: conversations.create(tx, "ada", str(number), None))
        count(database)

    jobs = [gevent.spawn(both, number) for number in range(100)]
    gevent.joinall(jobs, raise_error=True)
    assert count(database) == 100


def test_a_slow_write_stops_nobody(sqlite: Database) -> None:
    """While the disk is busy the other greenlets go on."""
    ticks = 0
    job = gevent.spawn(sqlite.write, lambda _: _block(0.3))
    while not job.ready():
        gevent.sleep(0.01)
        ticks += 1
    job.get()
    assert ticks > 5


def test_a_killed_greenlet_does_not_take_the_transaction_with_it(sqlite: Database) -> None:
    """What a greenlet that was killed had begun is finished or taken back, and writing goes on."""

    def slow(tx: Transaction) -> None:
        _block(0.1)
        conversations.create(tx, "ada", "Late", None)

    job = gevent.spawn(sqlite.write, slow)
    gevent.sleep(0.02)
    job.kill()
    sqlite.write(lambda tx: conversations.create(tx, "ada", "Next", None))
    assert count(sqlite) in (1, 2)


def test_a_locked_file_is_unavailable(sqlite: Database, tmp_path: Path) -> None:
    """Another process that holds the file makes writing fail with an error that says wait."""
    sqlite.write(lambda tx: tx.exec_driver_sql("PRAGMA busy_timeout=20") and None)
    other = sqlite3.connect(tmp_path / "parley.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable) as caught:
        sqlite.write(lambda tx: conversations.create(tx, "ada", "Waits", None))
    assert caught.value.retry_after
    assert count(sqlite) == 0
    other.execute("COMMIT")
    other.close()
    sqlite.write(lambda tx: conversations.create(tx, "ada", "Goes on", None))
    assert count(sqlite) == 1


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_memory_will_do(url: str) -> None:
    """Without a file the database lives in memory, for reading and writing alike."""
    database = connect(url)
    migrate(database)
    made = database.write(lambda tx: conversations.create(tx, "ada", "Hi", None))
    assert database.read(lambda tx: conversations.find(tx, "ada", made.id)) == made
    database.close()


def test_the_folder_is_made(tmp_path: Path) -> None:
    """A database in a folder that is not there yet is no error."""
    database = connect(f"sqlite:///{tmp_path}/a/b/parley.db")
    migrate(database)
    database.close()
    assert (tmp_path / "a" / "b" / "parley.db").exists()
