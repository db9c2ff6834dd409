"""Whose key it is that a request came with."""

from __future__ import annotations

import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable
from time import monotonic
from typing import TypeVar

import structlog

from app.accounts import Account
from app.cluster.bus import Bus
from app.cluster.connection import RedisAway
from app.errors import NotAuthenticated, TooMany
from app.services.signing import FORM as TOKEN
from app.services.signing import Tokens
from app.services.standing import FORM, UNKNOWN, Answer, Guess, Standing
from app.services.throttle import Guesses, Throttle

log = structlog.get_logger()

T = TypeVar("T")

# Seconds that what the database said of a key is believed: a revocation holds everywhere by then.
_FRESH = 2.0
_REMEMBERED = 10_000
_CHANGED = "keys_changed"
_MISSING = "Send a key with the header Authorization: Bearer KEY."


class Identity:
    """Keys are remembered by an HMAC too, so that no comparison says how much of one was right.

    `tokens` are taken in the place of keys where they are configured; `throttle` is what counts
    wrong ones, `bus` tells other workers that something has changed.
    """

    def __init__(
        self,
        standing: Standing,
        *,
        is_open: bool,
        tokens: Tokens | None = None,
        throttle: Guesses | None = None,
        bus: Bus | None = None,
    ) -> None:
        self._standing = standing
        self._tokens = tokens
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
        ask = self._asked_of(sent)
        if ask is not None:
            return self.known(sent, address, ask)
        if self._open:
            return Account(owner="local")
        raise NotAuthenticated(_MISSING)

    def known(
        self, sent: str, address: str, ask: Callable[[str], Answer], kind: str = "key"
    ) -> Account:
        """Whose it is, as `ask` says or has just said. Raises as `of` does."""
        mark = hmac.digest(self._pepper, f"{kind} {sent}".encode(), "sha256")
        if mark not in self._right and (wait := self._throttle.wait(address)):
            raise TooMany(
                "Too many wrong keys came from this address. Try again in a minute.",
                retry_after=wait,
            )
        answer = self._answer(mark, sent, ask)
        if isinstance(answer, Account):
            _remember(self._right, mark, None)
            return answer
        self._right.pop(mark, None)
        if isinstance(answer, Guess):
            self._throttle.wrong(address)
        raise NotAuthenticated(str(answer))

    def is_token(self, sent: str) -> bool:
        """Whether it has the form of one, which a key has not unless it is ADMIN_KEY."""
        return bool(TOKEN.fullmatch(sent)) and not self._standing.is_admin(sent)

    def forget(self) -> None:
        """Ask the database about every key again: something has changed. Other workers do, too."""
        self._answers.clear()
        if self._bus is None:
            return
        try:
            self._bus.announce(_CHANGED, {})
        except RedisAway:
            log.warning("key_change_not_told", seconds=_FRESH)

    def _asked_of(self, sent: str) -> Callable[[str], Answer] | None:
        """Who knows whether this is right. None: nothing was sent that could be."""
        if self._tokens is not None and self.is_token(sent):
            return self._tokens.of
        # Many clients cannot do without a key and send any; where none is in force that is none.
        placeholder = self._open and not self._standing.has_admin and not FORM.fullmatch(sent)
        return self._standing.of_key if sent and not placeholder else None

    def _answer(self, mark: bytes, sent: str, ask: Callable[[str], Answer]) -> Account | str:
        answer, until = self._answers.get(mark, (UNKNOWN, 0.0))
        if monotonic() < until:
            return answer
        answer, seconds = ask(sent)
        _remember(self._answers, mark, (answer, monotonic() + min(seconds, _FRESH)))
        return answer


def _remember(memory: OrderedDict[bytes, T], mark: bytes, value: T) -> None:
    memory[mark] = value
    memory.move_to_end(mark)
    if len(memory) > _REMEMBERED:
        memory.popitem(last=False)
