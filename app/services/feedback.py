"""What people say of the answers that they got."""

from __future__ import annotations

from collections.abc import Sequence

from app.accounts import Account
from app.storage import conversations, feedback
from app.storage.database import Database, Transaction
from app.storage.feedback import Feedback as Said
from app.storage.feedback import Rating
from app.storage.usage import Only


class Feedback:
    """Every method raises NotFound for what is not there and for what is somebody else's."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def give(self, account: Account, message_id: str, rating: Rating, comment: str | None) -> Said:
        """In the place of what they said of this answer before."""
        whose = Only(
            owner=account.payer, user_id=account.user, team=account.team, key_id=account.key_id
        )
        return self._database.write(
            lambda tx: feedback.put(tx, account.owner, whose, message_id, rating, comment)
        )

    def take_back(self, account: Account, message_id: str) -> None:
        self._database.write(lambda tx: feedback.remove(tx, account.owner, message_id))

    def of(self, account: Account, conversation_id: str) -> Sequence[Said]:
        """In the order in which the answers were written."""

        def work(tx: Transaction) -> Sequence[Said]:
            conversations.find(tx, account.owner, conversation_id)
            return feedback.of(tx, account.owner, conversation_id)

        return self._database.read(work)
