"""The rows of runs."""

from __future__ import annotations

import pytest

from app.errors import NotFound
from app.ids import new_id
from app.storage import conversations, runs
from app.storage.database import Database, Transaction
from app.storage.runs import State, StoredRun


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
        )
        runs.add(tx, "ada", run)
        return run

    return database.write(plant)


@pytest.mark.parametrize("state", ["done", "failed", "stopped", "interrupted"])
def test_a_run_ends(database: Database, run: StoredRun, state: State) -> None:
    """A run is read as it was written, and then with its end."""
    assert database.read(lambda tx: runs.find(tx, "ada", run.id)) == run
    assert database.write(lambda tx: runs.finish(tx, run.id, "demo/other", state, [3, -2, 5]))
    ended = database.read(lambda tx: runs.find(tx, "ada", run.id))
    assert (ended.state, ended.id, ended.pieces) == (state, run.id, (3, -2, 5))
    assert ended.ended_at is not None
    assert ended.ended_at > run.created_at


def test_a_run_goes_with_its_conversation(database: Database, run: StoredRun) -> None:
    """A run whose conversation was deleted is gone, and whoever ends it is told."""
    database.write(lambda tx: conversations.remove(tx, "ada", run.conversation_id))
    assert not database.write(lambda tx: runs.finish(tx, run.id, run.model, "done", []))
    with pytest.raises(NotFound):
        database.read(lambda tx: runs.find(tx, "ada", run.id))


@pytest.mark.parametrize("run_id", ["", "run_none", "\0", "😀", "%", "x" * 5_000])
def test_what_is_not_there(database: Database, run: StoredRun, run_id: str) -> None:
    """Another's run and an id that nobody has are not found, whatever is in the id."""
    for owner, wanted in (("eve", run.id), ("ada", run_id)):
        with pytest.raises(NotFound):
            database.read(lambda tx, who=owner, of=wanted: runs.find(tx, who, of))  # type: ignore[misc]
