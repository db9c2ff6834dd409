"""Sessions of a page: signed in once with a key, and from then on known by a cookie.

The cookie holds 256 bits of chance, and the database their digest. What a session may is what the
key may at the time: one that is revoked, has expired or was replaced ends its sessions with it.
"""

from __future__ import annotations

import hmac
import re
import secrets
from hashlib import sha256
from math import inf
from typing import Any

import msgspec

from app.accounts import Account
from app.errors import BadInput, NotAuthenticated
from app.ids import new_id, now
from app.services.identity import Identity
from app.services.signing import Tokens
from app.services.standing import Answer, Guess, Standing
from app.storage import sessions
from app.storage.database import Database, Transaction
from app.storage.sessions import Grant, Session

FORM = re.compile("[A-Za-z0-9_-]{43}")
UNKNOWN = Guess("This session has ended, or never was. Sign in again.")
_MINUTE, _HOUR = 60_000, 3_600_000


class SignedIn(msgspec.Struct, frozen=True):
    """`token` is what the cookie holds. In milliseconds since 1970 it is over at `expires_at`, and
    at `idle_until` if nobody uses it before.
    """

    token: str
    idle_until: int
    expires_at: int


class Sessions:
    """They are remembered and throttled as keys are, by the same `identity`."""

    def __init__(
        self,
        database: Database,
        standing: Standing,
        identity: Identity,
        tokens: Tokens | None,
        *,
        idle_minutes: float,
        hours: float,
    ) -> None:
        self._database = database
        self._standing = standing
        self._identity = identity
        self._tokens = tokens
        self._idle = int(idle_minutes * _MINUTE)
        self._longest = int(hours * _HOUR)

    def begin(self, sent: str, account: Account) -> SignedIn:
        """For a key or a user's token that was found to be right.

        Raises BadInput: no key is in force, and nobody has to sign in.
        """
        if account.key_id is None and not self._standing.is_admin(sent):
            said = "Here nobody has to sign in: no key is in force on this machine."
            raise BadInput(said, errors={"key": [said]})
        token, moment = secrets.token_urlsafe(32), now()
        session = Session(
            id=new_id("sess"),
            digest=_digest(token),
            created_at=moment,
            seen_at=moment,
            **self._terms(sent, account, moment + self._longest),
        )

        def work(tx: Transaction) -> None:
            sessions.sweep(tx, moment)
            sessions.add(tx, session)

        self._database.write(work)
        return SignedIn(token, self._end(session), session.ends_at)

    def of(self, token: str, address: str) -> Account:
        """Whose session it is. Raises as `Identity.of` does."""
        return self._identity.known(token, address, self._asked, "session")

    def read(self, token: str) -> SignedIn:
        """Raises NotAuthenticated: it has ended meanwhile."""
        session = self._find(token)
        if session is None:
            raise NotAuthenticated(str(UNKNOWN))
        return SignedIn(token, self._end(session), session.ends_at)

    def end(self, token: str) -> None:
        """A second time changes nothing."""
        self._database.write(lambda tx: sessions.end(tx, _digest(token)))
        self._identity.forget()

    def end_all(self, account: Account) -> None:
        """Of the key, or of this user of the key, wherever they were begun."""
        self._database.write(lambda tx: sessions.end_all(tx, account.key_id, account.user))
        self._identity.forget()

    def _asked(self, token: str) -> Answer:
        """And note that it was used just now."""
        session = self._find(token)
        if session is None:
            return UNKNOWN, inf
        moment, end = now(), self._end(session)
        if end <= moment:
            return "This session has ended. Sign in again.", inf
        account, seconds = self._standing.of_grant(session.grant)
        # Not each time: a minute more or less is nothing, and writing is.
        if isinstance(account, Account) and moment - session.seen_at > min(_MINUTE, self._idle / 8):
            self._database.write(lambda tx: sessions.seen(tx, session.id, moment))
        return account, min(seconds, (end - moment) / 1000)

    def _find(self, token: str) -> Session | None:
        if not FORM.fullmatch(token):
            return None
        return self._database.read(lambda tx: sessions.find(tx, _digest(token)))

    def _terms(self, sent: str, account: Account, longest: int) -> dict[str, Any]:
        """As whom it acts, and until when: it outlives no token that it was begun with."""
        if self._tokens is None or not self._identity.is_token(sent):
            grant = self._standing.grant(sent, account)
            return {**msgspec.structs.asdict(grant), "ends_at": longest}
        ends_at = min(longest, self._tokens.verified(sent).expires_at)
        grant = Grant(account.key_id, None, account.user)
        return {**msgspec.structs.asdict(grant), "ends_at": ends_at}

    def _end(self, session: Session) -> int:
        """When it is over if nobody uses it."""
        return min(session.ends_at, session.seen_at + self._idle)


def csrf_token(token: str) -> str:
    """What a page has to send besides the cookie: it can be read by pages of this site alone."""
    return hmac.digest(token.encode(), b"csrf", "sha256").hex()


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()
