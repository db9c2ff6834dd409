"""Runs that wait, and the logs of agents, in both databases."""

from __future__ import annotations

import pytest

from app.ids import new_id
from app.storage import conversations, parked, run_logs, runs
from app.storage.database import Database, Transaction
from app.storage.runs import StoredRun


@pytest.fixture
def run(database: Database) -> StoredRun:
    """One of ada's that goes on."""

    def plant(tx: Transaction) -> StoredRun:
        made = conversations.create(tx, "ada", "Title", None)
        run = StoredRun(
            id=new_id("run"),
            conversation_id=made.id,
            message_id=new_id("msg"),
            model="openai/gpt-4o",
            state="running",
            created_at=1_700_000_000_000,
            process="proc_1",
        )
        runs.add(tx, "ada", run)
        return run

    return database.write(plant)


def _park(database: Database, run: StoredRun, until: int = 1_000) -> bool:
    return database.write(lambda tx: parked.add(tx, run.id, "ada", until, '"state"'))


def test_a_run_that_waits_is_in_no_process(database: Database, run: StoredRun) -> None:
    """Whose process dies takes nothing with it."""
    assert _park(database, run)
    found = database.read(lambda tx: runs.find(tx, "ada", run.id))
    assert (found.state, found.process) == ("waiting", None)
    assert database.read(lambda tx: runs.left_by(tx, "proc_1")) == []


def test_only_one_takes_it_out(database: Database, run: StoredRun) -> None:
    """Who comes second gets nothing, and the run is the first one's."""
    _park(database, run)
    taken = [
        database.write(lambda tx, name=name: parked.take(tx, run.id, name))  # type: ignore[misc]
        for name in ("proc_2", "proc_3")
    ]
    found = database.read(lambda tx: runs.find(tx, "ada", run.id))
    assert (taken, found.state, found.process) == ([True, False], "running", "proc_2")


def test_it_is_its_owners(database: Database, run: StoredRun) -> None:
    """Nobody else finds it, with a lock or without."""
    _park(database, run)

    def found(owner: str, *, lock: bool) -> str | None:
        return database.write(lambda tx: parked.find(tx, owner, run.id, lock=lock))

    for lock in (False, True):
        assert found("ada", lock=lock) == '"state"'
        assert found("eve", lock=lock) is None


def test_a_run_that_has_ended_is_not_parked(database: Database, run: StoredRun) -> None:
    """It was taken for dead meanwhile."""
    database.write(lambda tx: runs.interrupt(tx, run.id))
    assert not _park(database, run)


def test_those_whose_time_is_up(database: Database, run: StoredRun) -> None:
    """They are found from that moment on."""
    _park(database, run, until=1_000)
    assert database.read(lambda tx: parked.expired(tx, 999)) == []
    assert database.read(lambda tx: parked.expired(tx, 1_000)) == [("ada", run.id)]


def test_all_goes_with_the_conversation(database: Database, run: StoredRun) -> None:
    """What waits and what was kept of a run are deleted with it."""
    _park(database, run)
    database.write(lambda tx: run_logs.add(tx, run.id, 0, b"\x00\xff"))
    assert database.read(lambda tx: run_logs.read(tx, run.id)) == [b"\x00\xff"]
    database.write(lambda tx: conversations.remove(tx, "ada", run.conversation_id))
    assert database.read(lambda tx: run_logs.read(tx, run.id)) == []
    assert database.read(lambda tx: parked.find(tx, "ada", run.id)) is None
