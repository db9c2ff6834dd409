"""What one process knows people by, keys, tokens and sessions, on a database that it shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import time
from typing import Any

import jwt

from app.services.digests import Digests
from app.services.identity import Identity
from app.services.keys import Keys
from app.services.sessions import Sessions
from app.services.signing import KeySet, Rules, Tokens
from app.services.standing import Standing
from app.storage.database import Database

HERE = "192.0.2.1"
ADMIN = "an-admin-key-of-the-tests"
SECRET = "thirty-two-characters-and-a-few-more"
AUDIENCE, ISSUER = "parley.example", "https://id.example"


class Process:
    """`tokens` are taken where `key_id` says whose users they are."""

    def __init__(
        self,
        database: Database,
        *,
        secret: str | None = None,
        fallbacks: Sequence[str] = (),
        admin: str | None = ADMIN,
        key_id: str | None = None,
        key_set: KeySet | str = SECRET,
        algorithm: str = "HS256",
        idle_minutes: float = 120,
        hours: float = 24,
    ) -> None:
        digests = Digests(database, secret, fallbacks)
        self.standing = Standing(database, digests, admin)
        rules = key_id and Rules(
            algorithm=algorithm, audience=AUDIENCE, issuer=ISSUER, key_id=key_id
        )
        self.tokens = Tokens(self.standing, rules, key_set) if rules else None
        self.identity = Identity(self.standing, is_open=False, tokens=self.tokens)
        self.sessions = Sessions(
            database,
            self.standing,
            self.identity,
            self.tokens,
            idle_minutes=idle_minutes,
            hours=hours,
        )
        self.keys = Keys(database, digests, self.identity.forget)

    def made(self, **given: Any) -> tuple[str, str]:
        """A new key's id, and the key."""
        kept = self.keys.create({"owner": "ada", "scopes": ["chat", "users"], **given}, {})
        assert kept.secret
        return kept.key.id, kept.secret

    def signed_in(self, sent: str) -> str:
        return self.sessions.begin(sent, self.identity.of(sent, HERE)).token


def claims(**more: Any) -> dict[str, Any]:
    """Those of a token that is right; None takes one away."""
    said = {"sub": "alice", "aud": AUDIENCE, "iss": ISSUER, "exp": int(time()) + 300, **more}
    return {name: value for name, value in said.items() if value is not None}


def token(key: Any = SECRET, algorithm: str = "HS256", kid: str | None = None, **more: Any) -> str:
    headers: Mapping[str, str] = {"kid": kid} if kid else {}
    return jwt.encode(claims(**more), key, algorithm, dict(headers))
