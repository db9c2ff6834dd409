"""Whose key it is that a request came with."""

from __future__ import annotations

import hmac
import re
import secrets
from collections import OrderedDict
from datetime import UTC, datetime
from time import monotonic
from typing import TypeVar

import structlog

from app.accounts import Account
from app.cluster.bus import Bus
from app.cluster.connection import RedisAway
from app.errors import NotAuthenticated, TooMany
from app.ids import now
from app.services.digests import Digests
from app.services.throttle import Guesses, Throttle
from app.storage import keys
from app.storage.database import Database
from app.storage.keys import Found

log = structlog.get_logger()

T = TypeVar("T")

FORM = re.compile("parley_[A-Za-z0-9_-]{43}")

# Seconds that what the database said of a key is believed: a revocation holds everywhere by then.
_FRESH = 2.0
_REMEMBERED = 10_000
_CHANGED = "keys_changed"
_UNKNOWN = "This key is not valid here."
_MISSING = "Send a key with the header Authorization: Bearer KEY."


class Identity:
    """Keys are remembered by an HMAC too, so that no comparison says how much of one was right.

    `throttle` is what counts wrong ones, `bus` tells other workers that something has changed.
    """

    def __init__(
        self,
        database: Database,
        digests: Digests,
        admin_key: str | None,
        *,
        is_open: bool,
        throttle: Guesses | None = None,
        bus: Bus | None = None,
    ) -> None:
        self._database = database
        self._digests = digests
        self._admin_key = admin_key
        self._open = is_open
        self._pepper = secrets.token_bytes(32)
        self._throttle = throttle or Throttle()
        self._bus = bus
        # An account, or why there is none, and until when that is believed.
        self._answers: OrderedDict[bytes, tuple[Account | str, float]] = OrderedDict()
        # Keys that were right when they came last: nobody guesses with these.
        self._right: OrderedDict[bytes, None] = OrderedDict()
        if bus is not None:
            bus.on(_CHANGED, lambda _said: self._answers.clear())

    def of(self, sent: str, address: str) -> Account:
        """Whose key this is; without one, where none is demanded, the owner is `local`.

        Raises:
            NotAuthenticated: the key is missing, wrong, expired or revoked.
            TooMany: too many wrong ones came from this address.
        """
        # Many clients cannot do without a key and send any; where none is in force that is none.
        placeholder = self._open and self._admin_key is None and not FORM.fullmatch(sent)
        if not sent or placeholder:
            if self._open:
                return Account(owner="local")
            raise NotAuthenticated(_MISSING)
        mark = hmac.digest(self._pepper, sent.encode(), "sha256")
        if mark not in self._right and (wait := self._throttle.wait(address)):
            raise TooMany(
                "Too many wrong keys came from this address. Try again in a minute.",
                retry_after=wait,
            )
        answer = self._answer(mark, sent)
        if isinstance(answer, Account):
            _remember(self._right, mark, None)
            return answer
        self._right.pop(mark, None)
        if answer == _UNKNOWN:
            self._throttle.wrong(address)
        raise NotAuthenticated(answer)

    def forget(self) -> None:
        """Ask the database about every key again: something has changed. Other workers do, too."""
        self._answers.clear()
        if self._bus is None:
            return
        try:
            self._bus.announce(_CHANGED, {})
        except RedisAway:
            log.warning("key_change_not_told", seconds=_FRESH)

    def _answer(self, mark: bytes, sent: str) -> Account | str:
        answer, until = self._answers.get(mark, (_UNKNOWN, 0.0))
        if monotonic() < until:
            return answer
        answer, seconds = self._asked(sent)
        _remember(self._answers, mark, (answer, monotonic() + min(seconds, _FRESH)))
        return answer

    def _asked(self, sent: str) -> tuple[Account | str, float]:
        """What is to say of a key, and how many seconds that will be true."""
        if self._admin_key and hmac.compare_digest(sent.encode(), self._admin_key.encode()):
            return Account(owner="admin"), _FRESH
        digest = self._digests.find(sent) if FORM.fullmatch(sent) else None
        found = digest and self._database.read(lambda tx: keys.by_digest(tx, digest))
        if not found:
            return _UNKNOWN, _FRESH
        end = _end(found)
        if reason := _refusal(found, end):
            return reason, _FRESH
        return _account(found), _FRESH if end is None else (end - now()) / 1000


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
        requests_per_minute=key.limits.requests_per_minute,
        tokens_per_minute=key.limits.tokens_per_minute,
        streams=key.limits.streams,
        max_output_tokens=min(most, default=None),
    )


def _remember(memory: OrderedDict[bytes, T], mark: bytes, value: T) -> None:
    memory[mark] = value
    memory.move_to_end(mark)
    if len(memory) > _REMEMBERED:
        memory.popitem(last=False)
