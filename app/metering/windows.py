"""What passed in the last minute, and what is open now, counted in memory."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from app.metering.counters import MINUTE, Reached, Sums, Taken, Want, Window

_SWEEP = 60.0  # seconds between two walks over all counters


class MemoryCounters:
    """Those of this process."""

    def __init__(self) -> None:
        self._storage = _Storage()
        self._limiter = SlidingWindowCounterRateLimiter(self._storage)
        self._places: Counter[str] = Counter()

    def take(self, wants: Sequence[Want]) -> Taken | Reached:
        moment = time.time()
        for number, want in enumerate(wants):
            if not self._took(want):
                before = Taken(wants[:number], moment)
                self.vacate(before)
                self.correct(before, {want.name: -want.cost for want in before.wants})
                return Reached(want, self._wait(wants))
        return Taken(wants, moment)

    def correct(self, taken: Taken, changes: Mapping[str, int]) -> None:
        for want in taken.wants:
            cost = 0 if want.place else changes.get(want.name, 0)
            if not cost:
                continue
            key = _minute(want).key_for(want.name)
            if cost < 0:
                _, then = self._storage.sliding_window_keys(key, MINUTE, taken.moment)
                self._storage.decr(then, -cost)
            else:
                _, current = self._storage.sliding_window_keys(key, MINUTE, time.time())
                self._storage.incr(current, 2 * MINUTE, cost)

    def vacate(self, taken: Taken) -> None:
        for name in taken.places:
            self._places[name] -= 1
            if self._places[name] <= 0:
                del self._places[name]

    def windows(self, wants: Sequence[Want]) -> Sequence[Window]:
        return [self._sums(want).window(want.limit) for want in wants]

    def _took(self, want: Want) -> bool:
        if not want.place:
            return self._limiter.hit(_minute(want), want.name, cost=want.cost)
        if self._places[want.name] >= want.limit:
            return False
        self._places[want.name] += 1
        return True

    def _wait(self, wants: Sequence[Want]) -> float:
        minutes = [want for want in wants if not want.place]
        return max((self._sums(want).wait(want.limit, want.cost) for want in minutes), default=0.0)

    def _sums(self, want: Want) -> Sums:
        key = _minute(want).key_for(want.name)
        before, _, counted, _ = self._storage.get_sliding_window(key, MINUTE)
        return Sums(before, counted, MINUTE - time.time() % MINUTE)


def _minute(want: Want) -> RateLimitItemPerMinute:
    return RateLimitItemPerMinute(want.limit)


class _Storage(MemoryStorage):
    """Counts and forgets without the library's timer: that is a thread for every hit, which walks
    over all counters, and a greenlet that starts one lets others in between test and count.
    """

    def __init__(self) -> None:
        super().__init__()
        self._swept = time.time()

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        count: int = self.get(key) + amount
        now = time.time()
        if now > self._swept + _SWEEP:
            self._sweep(now)
        self.storage[key] = count
        self.expirations.setdefault(key, now + expiry)
        return count

    def decr(self, key: str, amount: int = 1) -> int:
        count: int = max(self.get(key) - amount, 0)
        if key in self.storage:
            self.storage[key] = count
        return count

    def _sweep(self, now: float) -> None:
        self._swept = now
        for key in [key for key, ends in self.expirations.items() if ends <= now]:
            self.clear(key)
