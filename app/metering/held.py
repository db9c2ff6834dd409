"""The places that this worker holds, and what it gives back: how Redis comes to know of both.

It is told by a greenlet of its own, at once and once a second: a run that ends waits for nobody.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence

import gevent
import structlog
from gevent.event import Event

from app.cluster.connection import RedisAway
from app.cluster.counting import Counting

log = structlog.get_logger()

_RENEW = 1.0  # seconds


class Held:
    """By name, at least what is held: a place is counted before Redis is asked for it."""

    def __init__(self, counting: Counting) -> None:
        self._counting = counting
        self._places: Counter[str] = Counter()
        self._changes: list[tuple[str, int, int]] = []
        self._untold: set[str] = set()  # names of places that Redis may know wrongly
        self._number = 0  # of the last message, and of the last that said what is held
        self._said = 0
        self._wake = Event()
        self._renew_at = 0.0  # by the monotonic clock
        self._begun = False
        self._keeping: gevent.Greenlet[[], None] | None = None

    def __getitem__(self, name: str) -> int:
        return self._places[name]

    def ask(self, names: Sequence[str]) -> int:
        """We are about to ask for these: the number of the message that does."""
        self._places.update(names)
        self._number += 1
        return self._number

    def asked(self, number: int, names: Sequence[str], *, got: bool) -> None:
        """Redis has answered."""
        if not got:
            self._drop(names)
        if self._said > number:  # it was told of these places meanwhile, and may count them twice
            self.tell(names)

    def leave(self, names: Sequence[str]) -> None:
        """Lets nobody else run."""
        self._drop(names)
        self.tell(names)

    def give_back(self, changes: Mapping[str, int], moment: float) -> None:
        """Of minutes, of what was taken at a moment by Redis' clock."""
        then = int(moment * 1000)
        self._changes += [(name, change, then) for name, change in changes.items() if change]
        self._wake.set()

    def tell(self, names: Sequence[str]) -> None:
        """Redis has to know how many of these we hold."""
        if names:
            self._untold.update(names)
            self._wake.set()

    def start(self) -> None:
        self.say()
        self._keeping = gevent.spawn(self._keep)

    def close(self) -> None:
        """We hold nothing any more, and nobody has to miss us."""
        if self._keeping is None:
            return
        self._keeping.kill()
        self._keeping = None
        self._untold |= set(self._places)
        self._places.clear()
        self.say()

    def say(self) -> None:
        """What has changed, and when it is time what has not."""
        due = time.monotonic() >= self._renew_at
        names, self._untold = self._untold, set()
        if due:
            names |= set(self._places)
        changes, self._changes = self._changes, []
        if not (due or names or changes):
            return
        try:
            self._tell_redis(names, changes)
        except RedisAway:
            self._untold |= names  # what was to be given back goes by with its minute
        except Exception:
            # Who cannot say this once must not fall silent for good.
            log.exception("counts_not_kept")
            self._untold |= names
        else:
            if due:
                self._renew_at = time.monotonic() + _RENEW

    def _tell_redis(self, names: set[str], changes: Sequence[tuple[str, int, int]]) -> None:
        places = [(name, self._places[name], 0) for name in sorted(names)]
        self._number += 1
        self._said = self._number
        if not self._counting.keep(self._said, changes, places, begins=not self._begun):
            self.tell(list(names))
        self._begun = True

    def _drop(self, names: Sequence[str]) -> None:
        for name in names:
            self._places[name] -= 1
            if self._places[name] <= 0:
                del self._places[name]

    def _keep(self) -> None:
        while True:
            self._wake.wait(_RENEW)
            self._wake.clear()
            self._counting.wait()
            self.say()
