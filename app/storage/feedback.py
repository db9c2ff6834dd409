"""Statements on what people say of answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, case, delete, func, insert, select, update

from app.errors import NotFound
from app.ids import now
from app.storage.conversations import storable
from app.storage.tables import conversations, feedback, messages
from app.storage.usage import Only

_f = feedback.c

Rating = Literal["up", "down"]


class Feedback(msgspec.Struct, frozen=True, kw_only=True):
    """Of one answer. Times are milliseconds since 1970."""

    message_id: str
    rating: Rating
    comment: str | None
    created_at: int


class Votes(msgspec.Struct, frozen=True):
    up: int = 0
    down: int = 0

    @property
    def satisfaction(self) -> float | None:
        """The share of those who were content, from 0 to 1; None where nobody has said."""
        return self.up / (self.up + self.down) if self.up + self.down else None


_SELECT = select(*[_f[name] for name in Feedback.__struct_fields__])


def put(
    tx: Connection, owner: str, whose: Only, message_id: str, rating: Rating, comment: str | None
) -> Feedback:
    """In the place of what was said of it before. Raises NotFound: it is no answer of theirs."""
    _check(tx, owner, message_id)
    said = Feedback(message_id=message_id, rating=rating, comment=comment, created_at=now())
    row = {**msgspec.structs.asdict(said), "owner": owner, **_columns(whose)}
    row["comment"] = None if comment is None else msgspec.json.encode(comment).decode()
    known = update(feedback).where(_f.message_id == message_id)
    if tx.execute(known.values(row)).rowcount == 0:
        tx.execute(insert(feedback).values(row))
    return said


def remove(tx: Connection, owner: str, message_id: str) -> None:
    """What is not there is gone already."""
    tx.execute(delete(feedback).where(_f.message_id == storable(message_id), _f.owner == owner))


def of(tx: Connection, owner: str, conversation_id: str) -> Sequence[Feedback]:
    """What was said of a conversation's answers, in the order in which those were written."""
    query = _SELECT.join(messages, messages.c.id == _f.message_id).order_by(messages.c.seq)
    here = messages.c.conversation_id == storable(conversation_id)
    return [_value(row) for row in tx.execute(query.where(here, _f.owner == owner)).mappings()]


def every(tx: Connection, owner: str) -> Sequence[Feedback]:
    query = _SELECT.where(_f.owner == owner).order_by(_f.message_id)
    return [_value(row) for row in tx.execute(query).mappings()]


def votes(tx: Connection, start: int, end: int, only: Only) -> Votes:
    """Those that were given from `start` up to and without `end`."""
    up = func.sum(case((_f.rating == "up", 1), else_=0))
    query = select(up, func.count()).where(_f.created_at >= start, _f.created_at < end)
    for name, value in _columns(only).items():
        if value is not None:
            query = query.where(_f[name] == storable(value))
    found, total = tx.execute(query).one()
    return Votes(int(found or 0), int(total) - int(found or 0))


def _columns(only: Only) -> dict[str, str | None]:
    """The ledger's owner is whoever pays."""
    said = msgspec.structs.asdict(only)
    return {"payer": said.pop("owner"), **said}


def _check(tx: Connection, owner: str, message_id: str) -> None:
    there = (
        select(messages.c.seq)
        .join(conversations, conversations.c.id == messages.c.conversation_id)
        .where(messages.c.id == storable(message_id), messages.c.role == "assistant")
        .where(conversations.c.owner == owner)
    )
    if tx.scalar(there) is None:
        raise NotFound("answer")


def _value(row: Any) -> Feedback:
    fields = dict(row)
    if row["comment"] is not None:
        fields["comment"] = msgspec.json.decode(row["comment"], type=str)
    return Feedback(**fields)
