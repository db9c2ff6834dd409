"""What is short is done on the loop, but for its commit."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import gevent
import pytest
from gevent import monkey
from sqlalchemy import event, func, select
from sqlalchemy.engine import Engine

from app.errors import Unavailable
from app.storage import conversations
from app.storage.database import Database, Transaction
from app.storage.short import Short
from app.storage.tables import conversations as table

# Not gevent's: a thread sleeps, as it does while the disk writes; and which thread it is.
_block = monkey.get_original("time", "sleep")
_thread = monkey.get_original("threading", "get_ident")


def titled(title: str) -> Callable[[Transaction], None]:
    """Work that stores a conversation."""

    def work(tx: Transaction) -> None:
        conversations.create(tx, "ada", title, None)

    return work


def titles(database: Database) -> set[str]:
    found = database.read(lambda tx: tx.scalars(select(table.c.title)).all())
    return {title.strip('"') for title in found}


@contextmanager
def at_commit(call: Callable[[], object]) -> Iterator[None]:
    """Have `call` made in the place where a commit is about to be."""

    def about(_connection: object) -> None:
        call()

    event.listen(Engine, "commit", about)
    try:
        yield
    finally:
        event.remove(Engine, "commit", about)


def test_the_work_is_done_on_the_loop_and_the_commit_is_not(sqlite: Database) -> None:
    """So only what waits for the disk changes threads."""
    here, worked, committed = _thread(), list[int](), list[int]()
    with at_commit(lambda: committed.append(_thread())):
        sqlite.jot(lambda _: worked.append(_thread()))
    assert worked == [here]
    assert committed
    assert here not in committed


def test_a_slow_commit_stops_nobody(sqlite: Database) -> None:
    """While the disk is busy the other greenlets go on, and who wrote waits."""
    ticks = 0
    with at_commit(lambda: _block(0.3)):
        job = gevent.spawn(sqlite.jot, titled("Slow"))
        while not job.ready():
            gevent.sleep(0.01)
            ticks += 1
        job.get()
    assert ticks > 5
    assert titles(sqlite) == {"Slow"}


def test_many_share_a_commit(sqlite: Database) -> None:
    """100 that write at once need a few commits between them."""
    commits = list[int]()
    with at_commit(lambda: commits.append(1)):
        jobs = [gevent.spawn(sqlite.jot, titled(str(number))) for number in range(100)]
        gevent.joinall(jobs, raise_error=True)
    assert titles(sqlite) == {str(number) for number in range(100)}
    assert len(commits) <= 10


def test_what_fails_spoils_nothing_for_the_others(sqlite: Database) -> None:
    """Its own error reaches each, and the rest is stored; long work among it keeps its turn."""

    def fails(tx: Transaction) -> None:
        conversations.create(tx, "ada", "Half", None)
        raise LookupError

    ways = [sqlite.jot, sqlite.jot, sqlite.write, sqlite.jot, sqlite.jot]
    works = [titled("one"), fails, titled("two"), fails, titled("three")]
    jobs = [gevent.spawn(way, work) for way, work in zip(ways, works, strict=True)]
    gevent.joinall(jobs)
    assert [type(job.exception) for job in jobs] == [
        type(None),
        LookupError,
        type(None),
        LookupError,
        type(None),
    ]
    assert titles(sqlite) == {"one", "two", "three"}


def test_who_waits_for_another_process_does_so_in_the_thread(
    sqlite: Database, tmp_path: Path
) -> None:
    """A file that somebody else holds makes the writer wait, and nobody besides."""
    sqlite.jot(titled("First"))
    other = sqlite3.connect(tmp_path / "parley.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    ticks = 0
    job = gevent.spawn(sqlite.jot, titled("Second"))
    while ticks < 20:
        gevent.sleep(0.01)
        ticks += 1
    assert not job.ready()
    other.execute("COMMIT")
    other.close()
    job.get(timeout=10)
    assert titles(sqlite) == {"First", "Second"}


def test_a_file_that_stays_locked_is_unavailable(sqlite: Database, tmp_path: Path) -> None:
    """As for any other write; afterwards it goes on."""
    sqlite.write(lambda tx: tx.exec_driver_sql("PRAGMA busy_timeout=20") and None)
    other = sqlite3.connect(tmp_path / "parley.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable):
        sqlite.jot(titled("Waits"))
    other.execute("COMMIT")
    other.close()
    sqlite.jot(titled("Goes on"))
    assert titles(sqlite) == {"Goes on"}


def test_a_commit_that_fails_is_done_again(sqlite: Database) -> None:
    """What the loop has written is taken back, and the thread writes it once."""
    failures = [sqlite3.OperationalError("disk I/O error")]

    def fail_once() -> None:
        if failures:
            raise failures.pop()

    with at_commit(fail_once):
        sqlite.jot(titled("Once"))
    assert not failures
    assert sqlite.read(lambda tx: tx.scalar(select(func.count()).select_from(table))) == 1


def test_a_transaction_that_cannot_be_begun_is_the_threads(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever breaks on the loop, nobody waits for ever: not this one, and not who comes next."""

    def breaks(_short: Short) -> None:
        raise RuntimeError

    with monkeypatch.context() as broken:
        broken.setattr(Short, "begin", breaks)
        sqlite.jot(titled("First"))
    sqlite.jot(titled("Second"))
    assert titles(sqlite) == {"First", "Second"}


def test_work_that_would_wait_is_done_in_the_thread(sqlite: Database) -> None:
    """On the loop nothing may wait; what tries to is an error there, and none in the thread."""
    here, seen = _thread(), list[int]()

    def waits(tx: Transaction) -> None:
        seen.append(_thread())
        gevent.sleep(0.01)
        conversations.create(tx, "ada", "Waited", None)

    sqlite.jot(waits)
    assert seen[0] == here
    assert seen[-1] != here
    assert titles(sqlite) == {"Waited"}
