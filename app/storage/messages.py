"""Statements on messages, a tree in each conversation."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, bindparam, insert, literal, select, update

from app.errors import NotFound, Problem
from app.events import FinishReason, Source, Usage
from app.ids import new_id, now
from app.messages import ImagePart, Message, Part, Role, TextPart
from app.storage.conversations import IdTaken, fold, storable
from app.storage.prepared import INTEGRITY, Prepared
from app.storage.tables import messages

_m = messages.c
_parts = msgspec.json.Decoder(tuple[Part, ...])

Status = Literal["complete", "incomplete"]


class StoredMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message and what is known of it. The fields from `run_id` on are an answer's."""

    id: str
    parent_id: str | None
    role: Role
    parts: tuple[Part, ...]
    status: Status
    created_at: int
    run_id: str | None = None
    model: str | None = None
    finish_reason: FinishReason | None = None
    error: Problem | None = None
    usage: Usage | None = None
    cost_usd: Decimal | None = None
    truncated_turns: int = 0
    source: Source = "model"

    @property
    def message(self) -> Message:
        return Message(self.role, self.parts)


_COLUMNS = [messages.c[name] for name in StoredMessage.__struct_fields__]
_insert = Prepared(
    insert(messages), [*StoredMessage.__struct_fields__, "conversation_id", "folded"]
)
_newest = Prepared(
    select(_m.id)
    .where(_m.conversation_id == bindparam("conversation_id"))
    .order_by(_m.seq.desc())
    .limit(1)
)


def add(tx: Connection, conversation_id: str, message: StoredMessage) -> None:
    _insert(tx, _row(conversation_id, message))


def add_once(tx: Connection, conversation_id: str, message: StoredMessage) -> None:
    """Raises IdTaken."""
    try:
        add(tx, conversation_id, message)
    except INTEGRITY as error:
        raise IdTaken from error


def put(tx: Connection, conversation_id: str, message: StoredMessage) -> None:
    """In the place of what is there under its id, if anything is."""
    row = _row(conversation_id, message)
    if tx.execute(update(messages).where(_m.id == message.id).values(row)).rowcount == 0:
        _insert(tx, row)


def _row(conversation_id: str, message: StoredMessage) -> dict[str, Any]:
    row = {name: getattr(message, name) for name in StoredMessage.__struct_fields__}
    for name in ("parts", "error", "usage"):
        row[name] = None if row[name] is None else msgspec.json.encode(row[name]).decode()
    row["cost_usd"] = None if message.cost_usd is None else format(message.cost_usd, "f")
    row["conversation_id"] = conversation_id
    row["folded"] = fold(message.message.text)
    return row


def is_there(tx: Connection, message_id: str) -> bool:
    return tx.scalar(select(_m.seq).where(_m.id == message_id)) is not None


def said_by_user(
    parent_id: str | None,
    text: str,
    images: Sequence[ImagePart] = (),
    message_id: str | None = None,
) -> StoredMessage:
    return StoredMessage(
        id=message_id or new_id("msg"),
        parent_id=parent_id,
        role="user",
        parts=(*images, TextPart(text)),
        status="complete",
        created_at=now(),
    )


def find(tx: Connection, conversation_id: str, message_id: str) -> StoredMessage:
    query = select(*_COLUMNS).where(
        _m.conversation_id == conversation_id, _m.id == storable(message_id)
    )
    row = tx.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFound("message in this conversation")
    return _value(row)


def find_any(
    tx: Connection, conversation_id: str, message_ids: Sequence[str]
) -> Sequence[StoredMessage]:
    """Those of them that are there, in the order of writing."""
    wanted = [storable(some_id) for some_id in message_ids]
    query = select(*_COLUMNS).where(_m.conversation_id == conversation_id, _m.id.in_(wanted))
    return [_value(row) for row in tx.execute(query.order_by(_m.seq)).mappings()]


def newest_answer(tx: Connection, conversation_id: str, question_id: str) -> StoredMessage | None:
    """What was last answered to a user's message."""
    answers = select(*_COLUMNS).where(
        _m.conversation_id == conversation_id,
        _m.parent_id == question_id,
        _m.role == "assistant",
    )
    row = tx.execute(answers.order_by(_m.seq.desc()).limit(1)).mappings().one_or_none()
    return None if row is None else _value(row)


def newest(tx: Connection, conversation_id: str) -> str | None:
    """The id of the message that was written last, which is always a leaf of the tree."""
    row = _newest(tx, {"conversation_id": conversation_id}).fetchone()
    return str(row[0]) if row else None


def every(tx: Connection, conversation_id: str) -> Sequence[StoredMessage]:
    """All branches, in the order of writing."""
    query = select(*_COLUMNS).where(_m.conversation_id == conversation_id).order_by(_m.seq)
    return [_value(row) for row in tx.execute(query).mappings()]


def path(tx: Connection, conversation_id: str, leaf_id: str | None) -> Sequence[StoredMessage]:
    """From the root to `leaf_id`: what was said on this branch, oldest first."""
    if leaf_id is None:
        return []
    leaf = (
        select(_m.id, _m.parent_id, literal(0).label("depth"))
        .where(_m.conversation_id == conversation_id, _m.id == leaf_id)
        .cte("branch", recursive=True)
    )
    above = select(_m.id, _m.parent_id, leaf.c.depth + 1).where(_m.id == leaf.c.parent_id)
    branch = leaf.union_all(above)
    query = select(*_COLUMNS).join(branch, branch.c.id == _m.id).order_by(branch.c.depth.desc())
    return [_value(row) for row in tx.execute(query).mappings()]


def _value(row: Any) -> StoredMessage:
    fields = dict(row)
    fields["parts"] = _parts.decode(row["parts"])
    if row["error"] is not None:
        fields["error"] = msgspec.json.decode(row["error"], type=Problem)
    if row["usage"] is not None:
        fields["usage"] = msgspec.json.decode(row["usage"], type=Usage)
    if row["cost_usd"] is not None:
        fields["cost_usd"] = Decimal(row["cost_usd"])
    return StoredMessage(**fields)
