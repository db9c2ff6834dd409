"""What is kept of a key in its place: an HMAC-SHA256, in hexadecimal.

A key is 256 bits of chance, which nobody finds by trying; a slow hash, made for passwords that
people think of, would cost every request and gain nothing. The HMAC's own key is `SECRET_KEY`, or a
secret that the database keeps.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence

from app.storage import secrets
from app.storage.database import Database

_NAME = "keys"


class Digests:
    """Of keys, and one secret for all of them. `fallbacks` are what that secret was before."""

    def __init__(
        self, database: Database, secret_key: str | None, fallbacks: Sequence[str] = ()
    ) -> None:
        self._database = database
        self._secret = secret_key
        self._fallbacks = fallbacks

    def find(self, key: str) -> str | None:
        """None: there is no secret yet, and so no key either."""
        secret = self._secret or self._database.read(lambda tx: secrets.find(tx, _NAME))
        return None if secret is None else self._digest(secret, key)

    def earlier(self, key: str) -> list[str]:
        """What it was under the secrets before this one."""
        return [_digest(secret, key) for secret in self._fallbacks]

    def make(self, key: str) -> str:
        secret = self._secret or self._database.write(lambda tx: secrets.make(tx, _NAME))
        return self._digest(secret, key)

    def _digest(self, secret: str, key: str) -> str:
        self._secret = secret
        return _digest(secret, key)


def _digest(secret: str, key: str) -> str:
    # Keys begin with our name: nothing else that this secret signs looks like one.
    return hmac.digest(secret.encode(), key.encode(), "sha256").hex()
