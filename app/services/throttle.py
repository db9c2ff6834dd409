"""Guesses at keys are slowed for each address that they come from."""

from __future__ import annotations

from collections import OrderedDict, deque
from time import monotonic
from typing import Protocol

from app.cluster.connection import Connection, RedisAway
from app.cluster.moments import Moments

# So many wrong keys in so many seconds are a guesser's, or a program's that will not learn.
_WRONG = 30
_SECONDS = 60.0
# More than these are forgotten, the longest quiet first.
_ADDRESSES = 10_000


class Guesses(Protocol):
    def wrong(self, address: str) -> None:
        """Count a wrong key."""
        ...

    def wait(self, address: str) -> float:
        """How many seconds the address has to wait before its next guess; 0 for most."""
        ...


class Throttle:
    """Counts the wrong keys of each address. In memory, and of bounded size."""

    def __init__(self) -> None:
        self._wrong: OrderedDict[str, deque[float]] = OrderedDict()

    def wrong(self, address: str) -> None:
        moments = self._wrong.setdefault(address, deque(maxlen=_WRONG))
        moments.append(monotonic())
        self._wrong.move_to_end(address)
        if len(self._wrong) > _ADDRESSES:
            self._wrong.popitem(last=False)

    def wait(self, address: str) -> float:
        moments = self._wrong.get(address)
        if moments is None or len(moments) < _WRONG:
            return 0.0
        return max(0.0, moments[0] + _SECONDS - monotonic())


class SharedThrottle:
    """Counts for all workers. Each counts for itself as well, and goes by that without Redis."""

    def __init__(self, connection: Connection) -> None:
        self._own = Throttle()
        self._all = Moments(connection, "wrong", _WRONG, _SECONDS)

    def wrong(self, address: str) -> None:
        self._own.wrong(address)
        try:
            self._all.note(address)
        except RedisAway:
            return

    def wait(self, address: str) -> float:
        if wait := self._own.wait(address):
            return wait
        try:
            return self._all.wait(address)
        except RedisAway:
            return 0.0
