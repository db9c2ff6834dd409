"""Runs that are about to end, with money set aside for them."""

from __future__ import annotations

from decimal import Decimal

import msgspec
from sqlalchemy import select

from app.events import Usage
from app.ids import new_id, now
from app.messages import assistant
from app.metering.ledger import Bill
from app.metering.meter import Meter, Planned
from app.services.endings import Ending
from app.storage import calls, conversations, messages, runs
from app.storage.calls import StoredCall
from app.storage.database import Database, Transaction
from app.storage.messages import StoredMessage, said_by_user
from app.storage.tables import spending
from tests.metering.money_at_work import account, ledger

HELD, COST = 30_000_000, 12


def begun(database: Database) -> Ending:
    """A run that goes on, with one call; and how it will end."""
    return database.write(lambda tx: begin(tx, new_id("run")))


def begin(tx: Transaction, run_id: str) -> Ending:
    made = conversations.create(tx, "ada", "Title", None)
    question = said_by_user(None, "Hi")
    messages.add(tx, made.id, question)
    message_id = new_id("msg")
    row = runs.StoredRun(
        id=run_id,
        conversation_id=made.id,
        message_id=message_id,
        model="openai/gpt-4o",
        state="running",
        created_at=now(),
    )
    runs.add(tx, "ada", row)
    call = _call(tx, made.id, run_id)
    answer = StoredMessage(
        id=message_id,
        parent_id=question.id,
        role="assistant",
        parts=assistant("Hello \0 there\nand 😀", "Well …").parts,
        status="complete",
        created_at=now(),
        run_id=run_id,
        model="openai/gpt-4o",
        finish_reason="stop",
        usage=Usage(10, 4, 0, 3),
        cost_usd=Decimal("0.000000000012"),
    )
    return Ending(
        run_id=run_id,
        conversation_id=made.id,
        state="done",
        pieces=(len(answer.message.text),),
        message=answer,
        bill=Bill((msgspec.structs.replace(call, state="ok", cost=COST, output_tokens=3),)),
    )


def _call(tx: Transaction, conversation_id: str, run_id: str) -> StoredCall:
    meter = Meter(ledger(None, day="1000"), None, account(), conversation_id, run_id)  # type: ignore[arg-type]  # it works in our transaction
    meter.begin(tx, Planned("openai", "gpt-4o", lambda: 0, 3))
    (call,) = calls.of_run(tx, run_id)
    assert call.held == HELD
    return call


def kept(
    database: Database, ending: Ending
) -> tuple[str | None, list[StoredMessage], list[StoredCall]]:
    """The state of its run, the answers in its conversation, and its calls."""

    def work(tx: Transaction) -> tuple[str | None, list[StoredMessage], list[StoredCall]]:
        said = [m for m in messages.every(tx, ending.conversation_id) if m.role == "assistant"]
        return runs.state_of(tx, ending.run_id), said, list(calls.of_run(tx, ending.run_id))

    return database.read(work)


def held_and_spent(database: Database) -> tuple[int, int]:
    rows = database.read(lambda tx: tx.execute(select(spending.c.held, spending.c.spent)).all())
    return sum(row.held for row in rows), sum(row.spent for row in rows)
