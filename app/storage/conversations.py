"""Statements on conversations. Every one of them asks for the owner."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import TypeAlias

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    insert,
    or_,
    select,
    update,
)

from app.errors import BadInput, NotFound
from app.ids import new_id, now
from app.storage.prepared import INTEGRITY, Prepared
from app.storage.tables import conversations, messages

_c = conversations.c


class Conversation(msgspec.Struct, frozen=True):
    """Times are milliseconds since 1970. `system` is the system prompt of its turns.

    `prompt` is the one that began it, as name@version; such a conversation is not listed.
    """

    id: str
    title: str
    system: str | None
    created_at: int
    updated_at: int
    prompt: str | None = None


class Page(msgspec.Struct, frozen=True):
    """`next_cursor` is None on the last page."""

    conversations: Sequence[Conversation]
    next_cursor: str | None


_Columns: TypeAlias = tuple[str, str, str | None, int, int, str | None]

_insert = Prepared(insert(conversations), [*Conversation.__struct_fields__, "owner", "folded"])
_touch = Prepared(update(conversations).where(_c.id == bindparam("touched")), ["updated_at"])


def storable(some_id: str) -> str:
    """An id to look for. PostgreSQL does not even compare a text that holds U+0000."""
    return some_id.replace("\0", "\ufffd")


def fold(text: str) -> str:
    """What a search compares: without case."""
    return text.replace("\0", "").casefold()


def _encoded(text: str | None) -> str | None:
    """What people wrote is kept as JSON, in which U+0000 is written in ASCII."""
    return None if text is None else msgspec.json.encode(text).decode()


def _decoded(text: str) -> str:
    return msgspec.json.decode(text, type=str)


class IdTaken(Exception):
    """Somebody else has just stored what has this id."""


def create(
    tx: Connection,
    owner: str,
    title: str,
    system: str | None,
    prompt: str | None = None,
    conversation_id: str | None = None,
) -> Conversation:
    """Raises IdTaken, where it is to have an id that is given."""
    moment, some_id = now(), conversation_id or new_id("conv")
    made = Conversation(some_id, title, system, moment, moment, prompt)
    row = {**msgspec.structs.asdict(made), "owner": owner, "folded": fold(title)}
    row["title"], row["system"] = _encoded(title), _encoded(system)
    try:
        _insert(tx, row)
    except INTEGRITY as error:
        raise IdTaken from error
    return made


def find(tx: Connection, owner: str, conversation_id: str) -> Conversation:
    """Raises NotFound, for somebody else's too."""
    row = tx.execute(
        _columns().where(_c.id == storable(conversation_id), _c.owner == owner)
    ).one_or_none()
    if row is None:
        raise NotFound("conversation")
    return _value(row)


def touch(tx: Connection, conversation_id: str, system: str | None = None) -> None:
    """Make it the newest; a new system prompt replaces the old."""
    _touch(tx, {"touched": conversation_id, "updated_at": now()})
    if system is not None:
        kept = _encoded(system)
        tx.execute(update(conversations).where(_c.id == conversation_id).values(system=kept))


def rename(tx: Connection, owner: str, conversation_id: str, title: str) -> Conversation:
    found = find(tx, owner, conversation_id)
    changed = update(conversations).where(_c.id == found.id)
    tx.execute(changed.values(title=_encoded(title), folded=fold(title)))
    return msgspec.structs.replace(found, title=title)


def retitle(tx: Connection, conversation_id: str, was: str, title: str) -> bool:
    """Rename it, if it still has the title that it had. It does not become the newest."""
    named = update(conversations).where(_c.id == conversation_id, _c.title == _encoded(was))
    return tx.execute(named.values(title=_encoded(title), folded=fold(title))).rowcount > 0


def remove(tx: Connection, owner: str, conversation_id: str) -> None:
    """Its messages and runs go with it, by the foreign keys."""
    gone = tx.execute(
        delete(conversations).where(_c.id == storable(conversation_id), _c.owner == owner)
    )
    if gone.rowcount == 0:
        raise NotFound("conversation")


def page(tx: Connection, owner: str, limit: int, cursor: str | None, search: str | None) -> Page:
    """The newest first. `search` looks in titles and in what was said."""
    query = _columns().where(_c.owner == owner, _c.prompt.is_(None))
    if cursor:
        moment, last = _position(cursor)
        older = and_(_c.updated_at == moment, _c.id < last)
        query = query.where(or_(_c.updated_at < moment, older))
    if search:
        query = query.where(_matches(search))
    rows = tx.execute(query.order_by(_c.updated_at.desc(), _c.id.desc()).limit(limit + 1)).all()
    shown = [_value(row) for row in rows[:limit]]
    return Page(shown, _cursor(shown[-1]) if len(rows) > limit else None)


def _columns() -> Select[_Columns]:
    return select(_c.id, _c.title, _c.system, _c.created_at, _c.updated_at, _c.prompt)


def _value(row: Row[_Columns]) -> Conversation:
    title, system = _decoded(row.title), None if row.system is None else _decoded(row.system)
    return Conversation(row.id, title, system, row.created_at, row.updated_at, row.prompt)


def _matches(search: str) -> ColumnElement[bool]:
    folded = fold(search)
    said = exists().where(
        messages.c.conversation_id == _c.id, messages.c.folded.contains(folded, autoescape=True)
    )
    return or_(_c.folded.contains(folded, autoescape=True), said)


def _cursor(last: Conversation) -> str:
    return base64.urlsafe_b64encode(f"{last.updated_at}:{last.id}".encode()).decode().rstrip("=")


def _position(cursor: str) -> tuple[int, str]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        moment, last = base64.urlsafe_b64decode(padded.encode("ascii")).decode().split(":")
        if not 0 <= int(moment) < 2**63:
            raise ValueError(moment)
        return int(moment), last
    except ValueError as error:
        said = "Not a cursor of ours; take `next_cursor` of the page before."
        raise BadInput(said, errors={"cursor": [said]}) from error
