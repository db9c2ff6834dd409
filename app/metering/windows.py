"""What passed in the last minute, and what is open now, counted in memory."""

from __future__ import annotations

import math
import time
from collections import Counter
from dataclasses import dataclass
from typing import Protocol

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

MINUTE = 60
_SWEEP = 60.0  # seconds between two walks over all counters


@dataclass(frozen=True)
class Window:
    """What is left of a limit, and in how many seconds the minute that is counted ends."""

    left: int
    seconds: float


class Counters(Protocol):
    """Counts by name, however many processes share them. No method waits in between."""

    def take(self, name: str, limit: int, cost: int) -> bool:
        """Count `cost` if the last minute's sum stays within `limit`; if not, nothing."""
        ...

    def correct(self, name: str, limit: int, cost: int, moment: float) -> None:
        """Add to what was taken at `moment`, or, where `cost` is negative, give it back."""
        ...

    def wait(self, name: str, limit: int, cost: int) -> float:
        """Seconds until `cost` can be taken, if nobody else takes any; at most the limit."""
        ...

    def window(self, name: str, limit: int) -> Window: ...

    def occupy(self, name: str, limit: int) -> bool:
        """Take one of `limit` places until `vacate`, if one is free."""
        ...

    def vacate(self, name: str) -> None: ...


class MemoryCounters:
    """Those of this process. Of the minute before, the part counts that is not yet over."""

    def __init__(self) -> None:
        self._storage = _Storage()
        self._limiter = SlidingWindowCounterRateLimiter(self._storage)
        self._places: Counter[str] = Counter()

    def take(self, name: str, limit: int, cost: int) -> bool:
        return self._limiter.hit(RateLimitItemPerMinute(limit), name, cost=cost)

    def correct(self, name: str, limit: int, cost: int, moment: float) -> None:
        key = RateLimitItemPerMinute(limit).key_for(name)
        if cost < 0:
            _, taken = self._storage.sliding_window_keys(key, MINUTE, moment)
            self._storage.decr(taken, -cost)
        elif cost:
            _, current = self._storage.sliding_window_keys(key, MINUTE, time.time())
            self._storage.incr(current, 2 * MINUTE, cost)

    def wait(self, name: str, limit: int, cost: int) -> float:
        before, leaving, counted, _ = self._sums(name, limit)
        room = limit - cost + 1  # the sum, rounded down, must leave space for the cost
        if before * leaving / MINUTE + counted < room:
            return 0.0
        # Seconds of this window that must be left for the one before to weigh little enough.
        ends = _left_of_window()
        if counted < room:
            return ends - MINUTE * (room - counted) / before
        return ends + MINUTE * (1 - room / counted)

    def window(self, name: str, limit: int) -> Window:
        before, leaving, counted, _ = self._sums(name, limit)
        left = limit - math.floor(before * leaving / MINUTE + counted)
        return Window(max(0, left), _left_of_window())

    def occupy(self, name: str, limit: int) -> bool:
        if self._places[name] >= limit:
            return False
        self._places[name] += 1
        return True

    def vacate(self, name: str) -> None:
        self._places[name] -= 1
        if self._places[name] <= 0:
            del self._places[name]

    def _sums(self, name: str, limit: int) -> tuple[int, float, int, float]:
        key = RateLimitItemPerMinute(limit).key_for(name)
        return self._storage.get_sliding_window(key, MINUTE)


def _left_of_window() -> float:
    return MINUTE - time.time() % MINUTE


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
