"""What a run tells of itself, and what is kept of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.events import AgentStep, ReasoningDelta, TextDelta, ToolCall, ToolResult, collect
from app.messages import ReasoningPart, TextPart, ToolCallPart, ToolResultPart
from app.runs import codec
from app.runs.run import Run
from app.services.agents.journal import Journal
from app.services.relay import Place
from app.storage import conversations, run_logs, runs
from app.storage.database import Database, Transaction, connect
from tests.storage.databases import fresh

_PLACE = Place("msg_2", "msg_1", None)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = connect(fresh(tmp_path))
    yield made
    made.close()


@pytest.fixture
def run(database: Database) -> Run:
    def plant(tx: Transaction) -> Run:
        made = conversations.create(tx, "ada", "Title", None)
        stored = runs.StoredRun(
            id="run_1",
            conversation_id=made.id,
            message_id="msg_2",
            model="demo/demo",
            state="running",
            created_at=1,
        )
        runs.add(tx, "ada", stored)
        return Run("run_1", "ada", made.id)

    return database.write(plant)


def test_what_is_said_in_two_steps_stands_apart(run: Run, database: Database) -> None:
    """An empty line is between them, for those who listen and in what is stored."""
    journal = Journal(run, _PLACE, database)
    journal.begin("demo/demo")
    journal.say([TextDelta("Let me "), TextDelta("see.")])
    journal.called([ToolCall("c1", "echo", "{}")])
    journal.told(ToolResult("c1", "a"), "data\na\ndata")
    journal.next_step()
    journal.say([ReasoningDelta("hm")])
    journal.say([TextDelta("It is a.")])
    assert collect(run.events).text == "Let me see.\n\nIt is a."
    assert journal.parts == (
        TextPart("Let me see."),
        ToolCallPart("c1", "echo", "{}"),
        ToolResultPart("c1", "data\na\ndata"),
        ReasoningPart("hm"),
        TextPart("\n\nIt is a."),
    )


def test_each_step_is_kept_when_it_ends(run: Run, database: Database) -> None:
    """What is in the database is the log up to there, in pieces without a gap."""
    journal = Journal(run, _PLACE, database)
    journal.begin("demo/demo")
    for n in range(3):
        journal.say([TextDelta(str(n))])
        journal.stepped(AgentStep(index=n, summary="", model="", asked="", said=""))
        pieces = database.read(lambda tx: run_logs.read(tx, "run_1"))
        assert len(pieces) == n + 1
        assert [e for piece in pieces for e in codec.decode(piece)] == run.events


def test_what_was_written_twice_is_there_once(run: Run, database: Database) -> None:
    """A piece that nobody knows to have been written replaces what stands from there on."""
    for events in ([TextDelta("a"), TextDelta("b")], [TextDelta("c")]):
        piece = codec.encode(events)
        database.write(lambda tx, piece=piece: run_logs.add(tx, "run_1", 0, piece))  # type: ignore[misc]
    (kept,) = database.read(lambda tx: run_logs.read(tx, "run_1"))
    assert codec.decode(kept) == [TextDelta("c")]
