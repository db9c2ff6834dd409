"""Conversations as their owner keeps them: listed, read, searched, renamed, deleted, exported."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from app.services import export
from app.storage import conversations, messages
from app.storage.conversations import Conversation, Page
from app.storage.database import Database, Transaction
from app.storage.messages import StoredMessage


class Conversations:
    """Every method raises NotFound for what is not there and for what is somebody else's."""

    def __init__(self, database: Database, stop_all: Callable[[str], None]) -> None:
        self._database = database
        self._stop_all = stop_all

    def page(self, owner: str, limit: int, cursor: str | None, search: str | None) -> Page:
        """The newest first; `search` looks in titles and texts. BadInput for a bad cursor."""
        read = self._database.report if search else self._database.read
        return read(lambda tx: conversations.page(tx, owner, limit, cursor, search))

    def read(self, owner: str, conversation_id: str) -> Conversation:
        return self._database.read(lambda tx: conversations.find(tx, owner, conversation_id))

    def messages(self, owner: str, conversation_id: str) -> Sequence[StoredMessage]:
        """Every branch, in the order of writing."""
        return self._whole(owner, conversation_id)[1]

    def rename(self, owner: str, conversation_id: str, title: str) -> Conversation:
        return self._database.write(
            lambda tx: conversations.rename(tx, owner, conversation_id, title)
        )

    def delete(self, owner: str, conversation_id: str) -> None:
        """What is still running in it is stopped, and stores nothing any more."""
        self._database.write(lambda tx: conversations.remove(tx, owner, conversation_id))
        self._stop_all(conversation_id)

    def as_markdown(self, owner: str, conversation_id: str) -> str:
        """The branch that was written last, as a person reads it."""
        conversation, said = self._whole(owner, conversation_id)
        return export.markdown(conversation, said)

    def as_json(self, owner: str, conversation_id: str) -> bytes:
        """Everything, with all branches."""
        conversation, said = self._whole(owner, conversation_id)
        return msgspec.json.format(export.json(conversation, said), indent=2)

    def _whole(
        self, owner: str, conversation_id: str
    ) -> tuple[Conversation, Sequence[StoredMessage]]:
        def work(tx: Transaction) -> tuple[Conversation, Sequence[StoredMessage]]:
            found = conversations.find(tx, owner, conversation_id)
            return found, messages.every(tx, found.id)

        return self._database.report(work)
