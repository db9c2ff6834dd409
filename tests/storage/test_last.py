"""Changes to a row that everybody wants: done last, with the commit, and all or nothing."""

from __future__ import annotations

from collections.abc import Callable

import gevent
import pytest
from sqlalchemy import text

from app.storage import budgets, last
from app.storage.database import Database, Transaction, connect
from app.storage.migrate import migrate

_ROW = "budget_id = 'b' AND period = 'day'"


@pytest.fixture
def row(database: Database) -> Callable[[], tuple[int, int]]:
    """A row that has been spent from; its figures, spent and held."""

    def make(tx: Transaction) -> None:
        tx.execute(text("INSERT INTO spending VALUES ('b', 'day', 1, 0, 0)"))

    database.write(make)
    query = text(f"SELECT spent, held FROM spending WHERE {_ROW}")

    def figures() -> tuple[int, int]:
        spent, held = database.read(lambda tx: tx.execute(query).one())
        return spent, held

    return figures


def hold(tx: Transaction, more: int, amount: int) -> bool:
    """With the commit where that goes, and else at once."""
    if budgets.hold_last(tx, "b", "day", more, amount):
        return True
    return budgets.hold(tx, "b", "day", more, amount)


def unspent(server: str) -> Database:
    """A PostgreSQL with one row, of which nothing is spent."""
    database = connect(server)
    migrate(database)
    database.write(lambda tx: tx.execute(text("DELETE FROM spending")) and None)
    database.write(lambda tx: budgets.used(tx, "b", "day"))
    return database


def test_it_happens(database: Database, row: Callable[[], tuple[int, int]]) -> None:
    """What is put off is done when the transaction is through."""
    assert database.write(lambda tx: hold(tx, 7, 10))
    assert row() == (1, 7)


def test_one_that_cannot_be_done_is_done_anew(
    database: Database, row: Callable[[], tuple[int, int]]
) -> None:
    """Nothing of the first attempt stays; in the second the work hears at once that it is no."""
    attempts = []

    def work(tx: Transaction) -> bool:
        done = hold(tx, 7, 7)
        attempts.append(done)
        tx.execute(text("INSERT INTO teams (name) VALUES ('kept once')"))
        return done

    assert not database.write(work)
    assert attempts == ([True, False] if database.engine.dialect.name != "sqlite" else [False])
    assert row() == (1, 0)
    assert database.read(lambda tx: tx.scalar(text("SELECT count(*) FROM teams"))) == 1


def test_an_error_takes_it_back(database: Database, row: Callable[[], tuple[int, int]]) -> None:
    """Work that fails after it has put something off leaves nothing, for the next one neither."""

    def work(tx: Transaction) -> None:
        hold(tx, 7, 10)
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        database.write(work)
    database.write(lambda tx: tx.execute(text("DELETE FROM teams")) and None)
    assert row() == (1, 0)


def test_the_row_is_not_kept_meanwhile(server: str) -> None:
    """Somebody who takes long after the hold keeps nobody else from holding."""
    database = unspent(server)

    def slow(tx: Transaction) -> None:
        assert budgets.hold_last(tx, "b", "day", 1, 100)
        tx.execute(text("SELECT pg_sleep(1)"))

    with gevent.Timeout(20):
        one = gevent.spawn(database.write, slow)
        gevent.sleep(0.2)
        for _ in range(20):
            assert database.write(lambda tx: hold(tx, 1, 100))
        assert not one.ready()
        one.get()
    query = text(f"SELECT held FROM spending WHERE {_ROW}")
    assert database.read(lambda tx: tx.scalar(query)) == 21
    database.close()


def test_many_at_once_never_go_over(server: str) -> None:
    """Of a hundred who each want a seventh, seven get it."""
    database = unspent(server)
    jobs = [gevent.spawn(database.write, lambda tx: hold(tx, 10, 75)) for _ in range(100)]
    gevent.joinall(jobs, raise_error=True)
    assert sum(job.get() for job in jobs) == 7
    database.close()


def test_without_a_transaction_that_allows_it_nothing_is_put_off(database: Database) -> None:
    """Who has to know at once is told to do it at once."""

    def work(tx: Transaction) -> bool:
        last.begin(tx, puts_off=False)
        return budgets.hold_last(tx, "b", "day", 1, 100)

    assert not database.write(work)
