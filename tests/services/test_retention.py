"""What is older than it may be goes, and nothing else."""

from __future__ import annotations

import pytest
from sqlalchemy import Table, func, select, update

from app.cluster.claims import Claims
from app.ids import new_id, now
from app.services.retention import Retention
from app.storage import conversations, messages
from app.storage.database import Database, Transaction
from app.storage.feedback import Rating, put
from app.storage.messages import StoredMessage, said_by_user
from app.storage.runs import StoredRun, add
from app.storage.tables import calls, feedback, runs
from app.storage.tables import conversations as table
from app.storage.usage import Only
from tests.cluster.connected import Connect
from tests.storage.booked import book, call
from tests.storage.conftest import database, server, sqlite

__all__ = ["database", "server", "sqlite"]

_DAY = 86_400_000


def planted(database: Database, age: float, *, state: str = "done") -> str:
    """A conversation with an answer, its run and its rating, all so many days old."""
    moment = now() - int(age * _DAY)

    def work(tx: Transaction) -> str:
        made = conversations.create(tx, "ada", "Title", None)
        question = said_by_user(None, "Hi")
        answer = StoredMessage(
            id=new_id("msg"),
            parent_id=question.id,
            role="assistant",
            parts=question.parts,
            status="complete",
            created_at=moment,
        )
        messages.add(tx, made.id, question)
        messages.add(tx, made.id, answer)
        rating: Rating = "up"
        put(tx, "ada", Only(owner="ada"), answer.id, rating, None)
        add(
            tx,
            "ada",
            StoredRun(
                id=f"run_{moment:012x}{new_id('x')[-20:]}",
                conversation_id=made.id,
                message_id=answer.id,
                model="demo/demo",
                state=state,  # type: ignore[arg-type]
                created_at=moment,
            ),
        )
        tx.execute(update(table).where(table.c.id == made.id).values(updated_at=moment))
        tx.execute(
            update(feedback).where(feedback.c.message_id == answer.id).values(created_at=moment)
        )
        return made.id

    return database.write(work)


def count(database: Database, counted: Table) -> int:
    return database.read(lambda tx: tx.scalar(select(func.count()).select_from(counted)) or 0)


def test_old_conversations(database: Database) -> None:
    """One that was not used for longer is gone with all that hangs on it; the newer stays."""
    planted(database, 31)
    young = planted(database, 29)
    removed = Retention(database, {"conversations": 30}).sweep()
    assert removed == {"conversations": 1}
    left = database.read(lambda tx: tx.scalars(select(table.c.id)).all())
    assert list(left) == [young]
    assert count(database, runs) == count(database, feedback) == 1


def test_old_runs(database: Database) -> None:
    """Replays go, and the answers stay; what runs or waits for a person is left alone."""
    for state in ("done", "running", "waiting"):
        planted(database, 10, state=state)
    planted(database, 1)
    assert Retention(database, {"runs": 5}).sweep() == {"runs": 1}
    assert count(database, runs) == 3
    assert count(database, table) == 4


def test_old_feedback(database: Database) -> None:
    """Ratings go by themselves."""
    planted(database, 10)
    planted(database, 1)
    assert Retention(database, {"feedback": 5}).sweep() == {"feedback": 1}
    assert count(database, feedback) == 1


def test_the_old_ledger(database: Database) -> None:
    """Lines that are old and settled go; an open call is money that is set aside."""
    old = now() - 400 * _DAY
    book(
        database,
        [call(created_at=old), call(created_at=old, state="open"), call(created_at=now())],
    )
    assert Retention(database, {"ledger": 365}).sweep() == {"ledger": 1}
    assert count(database, calls) == 2


def test_many(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are, each transaction takes a few."""
    for _ in range(5):
        planted(database, 3)
    monkeypatch.setattr("app.services.retention._PAUSE", 0)
    few = {"conversations": (Retention.removals["conversations"][0], 2)}
    monkeypatch.setattr(Retention, "removals", few)
    assert Retention(database, {"conversations": 1}).sweep() == {"conversations": 5}


def test_for_ever(database: Database) -> None:
    """What has no number of days is kept, however old."""
    planted(database, 5_000)
    assert Retention(database, {}).sweep() == {}
    assert count(database, table) == 1


def test_one_worker_at_a_time(sqlite: Database, connect: Connect) -> None:
    """While another worker is at it, and for a while after, there is nothing to do."""
    planted(sqlite, 3)
    first, second = Claims(connect()), Claims(connect())
    assert first.claim("retention")
    mine = Retention(sqlite, {"conversations": 1}, second)
    assert mine.sweep() == {}
    first.release("retention")
    assert mine.sweep() == {"conversations": 1}
    mine.close()
    first.close()
