"""What a key is now, as the database says: whose account, or why nobody's any more."""

from __future__ import annotations

import hmac
import re
from datetime import UTC, datetime
from math import inf

from app.accounts import Account
from app.ids import now
from app.services.digests import Digests
from app.services.people import under
from app.storage import keys, sessions
from app.storage.database import Database, Transaction
from app.storage.keys import Found
from app.storage.sessions import Grant

# An account, or why there is none, and for how many seconds that will be true at most.
Answer = tuple[Account | str, float]

FORM = re.compile("parley_[A-Za-z0-9_-]{43}")


class Guess(str):
    """A reason that those get who try what might be right. A plain text once it leaves here."""


UNKNOWN = Guess("This key is not valid here.")
_NO_USERS = (
    "The key that users stand under here is not in force, or has not the scope users. Whoever runs "
    "the server can change that."
)
_ADMIN: Answer = (Account(owner="admin"), inf)


class Standing:
    """Of keys, and of what stands on them. `admin_key` is none of the database's."""

    def __init__(self, database: Database, digests: Digests, admin_key: str | None) -> None:
        self._database = database
        self._digests = digests
        self._admin_key = admin_key

    @property
    def has_admin(self) -> bool:
        return bool(self._admin_key)

    def of_key(self, sent: str) -> Answer:
        if self.is_admin(sent):
            return _ADMIN
        return _judged(self._find(sent) if FORM.fullmatch(sent) else None)

    def of_id(self, key_id: str) -> Answer:
        return _judged(self._database.read(lambda tx: keys.by_id(tx, key_id)))

    def of_grant(self, grant: Grant) -> Answer:
        """Of whom a session acts as."""
        digest, key_id = grant.key_digest, grant.key_id
        if key_id is None:
            answer = _ADMIN if digest in self._of_admin() else (UNKNOWN, inf)
        elif digest is None:
            answer = self.of_id(key_id)
        else:
            answer = _judged(self._database.read(lambda tx: keys.by_digest(tx, digest)))
        return answer if grant.user_id is None else _of_user(answer, grant.user_id)

    def of_user(self, key_id: str, user: str) -> Answer:
        """Of a user under a key that may have users."""
        return _of_user(self.of_id(key_id), user)

    def grant(self, sent: str, account: Account) -> Grant:
        """What a session stands on that is begun with a key, which is right."""
        return Grant(account.key_id, self._digests.make(sent), account.user)

    def is_admin(self, sent: str) -> bool:
        known = self._admin_key
        return bool(known) and hmac.compare_digest(sent.encode(), str(known).encode())

    def _of_admin(self) -> list[str | None]:
        """What ADMIN_KEY is stored as, now and under the secrets before."""
        if not self._admin_key:
            return []
        return [self._digests.find(self._admin_key), *self._digests.earlier(self._admin_key)]

    def _find(self, sent: str) -> Found | None:
        digest = self._digests.find(sent)
        if digest is None:
            return None
        found = self._database.read(lambda tx: keys.by_digest(tx, digest))
        return found or self._earlier(sent, digest)

    def _earlier(self, sent: str, digest: str) -> Found | None:
        """A key that was stored under a secret before this one; from now on it is under this."""
        for old in self._digests.earlier(sent):
            found = self._database.read(lambda tx, old=old: keys.by_digest(tx, old))  # type: ignore[misc]
            if found:
                self._database.write(lambda tx, old=old: _renew(tx, old, digest))  # type: ignore[misc]
                return found
        return None


def _renew(tx: Transaction, old: str, new: str) -> None:
    keys.renew(tx, old, new)
    sessions.renew(tx, old, new)


def _of_user(answer: Answer, user: str) -> Answer:
    account, seconds = answer
    if isinstance(account, str) or "users" not in account.scopes:
        return _NO_USERS, seconds
    return under(account, user), seconds


def _judged(found: Found | None) -> Answer:
    if found is None:
        return UNKNOWN, inf
    end = _end(found)
    if reason := _refusal(found, end):
        return reason, inf
    return _account(found), inf if end is None else (end - now()) / 1000


def _end(found: Found) -> int | None:
    ends = [found.key.expires_at, None if found.current else found.key.previous_until]
    return min((end for end in ends if end is not None), default=None)


def _refusal(found: Found, end: int | None) -> str | None:
    """Why a key that is right is not taken. Only whoever has it reads this."""
    if found.key.revoked_at is not None:
        return f"This key was revoked on {_day(found.key.revoked_at)}."
    if end is None or now() < end:
        return None
    if end == found.key.expires_at:
        return f"This key expired on {_day(end)}."
    return f"This key was replaced by another, and held until {_day(end)}."


def _day(moment: int) -> str:
    return f"{datetime.fromtimestamp(moment / 1000, UTC):%Y-%m-%d at %H:%M} UTC"


def _account(found: Found) -> Account:
    key, team = found.key, found.team_limits
    most = [n for n in (key.limits.max_output_tokens, team.max_output_tokens) if n is not None]
    return Account(
        owner=key.owner,
        key_id=key.id,
        team=key.team,
        scopes=key.scopes,
        models=key.models,
        team_limits=team,
        user_limits=key.user_limits,
        requests_per_minute=key.limits.requests_per_minute,
        tokens_per_minute=key.limits.tokens_per_minute,
        streams=key.limits.streams,
        max_output_tokens=min(most, default=None),
    )
