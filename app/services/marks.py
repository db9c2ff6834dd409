"""The marks between which a prompt shows what a caller supplied.

They are made of what is shown, with a secret: nobody can foresee them, and who sends the same
again, at any worker, gets the same text, so that its answer can be found again.
"""

from __future__ import annotations

import hmac

from app.storage import secrets
from app.storage.database import Database

_NAME = "prompts"
_LENGTH = 16  # hexadecimal digits


class Marks:
    """The secret is made when it is first needed, and kept by the database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._secret: str | None = None

    def __call__(self, shown: bytes) -> str:
        """Raises Unavailable."""
        if self._secret is None:
            self._secret = self._database.write(lambda tx: secrets.make(tx, _NAME))
        return hmac.digest(self._secret.encode(), shown, "sha256").hex()[:_LENGTH]
