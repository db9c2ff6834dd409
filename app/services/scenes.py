"""What tools may use of their surroundings: the public web, and the caller's own conversations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from app.accounts import Account
from app.services.crossing import at_home
from app.services.fetching import Fetcher
from app.storage import conversations
from app.storage.conversations import Conversation
from app.storage.database import Database, Transaction
from app.storage.passages import Passage, passages
from app.tools.tool import Scene

# Of each conversation: how many messages are shown, and characters on either side of what is found.
_PASSAGES, _AROUND = 3, 200


class Scenes:
    """Made and asked in the loop's thread; what a scene offers may be used from any."""

    def __init__(self, database: Database, fetcher: Fetcher) -> None:
        self._database = database
        self._fetcher = fetcher

    def of(
        self, account: Account, run_id: str, conversation_id: str | None, deadline: float
    ) -> Scene:
        """For the calls of one run. What it finds is from other conversations than its own."""
        search = partial(self._search, account.owner, conversation_id)
        return Scene(
            account=account,
            run_id=run_id,
            conversation_id=conversation_id,
            deadline=deadline,
            fetch=at_home(self._fetcher.fetch),
            search=at_home(search),
        )

    def _search(
        self, owner: str, but: str | None, query: str, limit: int
    ) -> Sequence[Mapping[str, Any]]:
        def work(tx: Transaction) -> Sequence[Mapping[str, Any]]:
            found = conversations.page(tx, owner, limit + 1, None, query).conversations
            others = [each for each in found if each.id != but][:limit]
            return [_told(c, passages(tx, c.id, query, _PASSAGES, _AROUND)) for c in others]

        return self._database.report(work)


def _told(conversation: Conversation, said: Sequence[Passage]) -> Mapping[str, Any]:
    moment = datetime.fromtimestamp(conversation.updated_at / 1000, UTC)
    return {
        "conversation_id": conversation.id,
        "title": conversation.title,
        "updated_at": moment.isoformat(timespec="seconds"),
        "said": [{"role": each.role, "text": each.text} for each in said],
    }
