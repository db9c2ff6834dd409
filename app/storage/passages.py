"""What was said in conversations about something."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, select

from app.messages import Message, Part
from app.storage.conversations import fold
from app.storage.tables import messages

_m = messages.c
_parts = msgspec.json.Decoder(tuple[Part, ...])


class Passage(msgspec.Struct, frozen=True):
    """A part of a message in which something occurs."""

    role: str
    text: str


def passages(
    tx: Connection, conversation_id: str, search: str, most: int, around: int
) -> Sequence[Passage]:
    """Of the newest messages of a conversation, with so many characters on either side."""
    folded = fold(search)
    query = (
        select(_m.role, _m.parts)
        .where(_m.conversation_id == conversation_id, _m.folded.contains(folded, autoescape=True))
        .order_by(_m.seq.desc())
        .limit(most)
    )
    return [
        Passage(row.role, _cut(Message(row.role, _parts.decode(row.parts)).text, folded, around))
        for row in tx.execute(query)
    ]


def _cut(text: str, folded: str, around: int) -> str:
    """Where folding changes the length, the place is near the one that is found."""
    at = max(0, fold(text).find(folded))
    start, end = max(0, at - around), at + len(folded) + around
    return f"{'…' * (start > 0)}{text[start:end]}{'…' * (end < len(text))}"
