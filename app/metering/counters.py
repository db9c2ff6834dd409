"""What is counted for a limit, and by whom: the words that those who count have in common."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

MINUTE = 60


@dataclass(frozen=True)
class Want:
    """So much of what `limit` allows by this name: in a minute, or of places at once."""

    name: str
    limit: int
    cost: int = 1
    place: bool = False


@dataclass(frozen=True)
class Taken:
    """All of it was counted, at this moment by the counters' clock. `shared`: not by us alone."""

    wants: Sequence[Want]
    moment: float
    shared: bool = False

    @property
    def places(self) -> list[str]:
        return [want.name for want in self.wants if want.place]


@dataclass(frozen=True)
class Reached:
    """Nothing was counted: `want` is too much just now. In `seconds` no minute is in the way."""

    want: Want
    seconds: float


@dataclass(frozen=True)
class Window:
    """What is left of a limit, and in how many seconds the minute that is counted ends."""

    left: int
    seconds: float


@dataclass(frozen=True)
class Sums:
    """What a minute on the clock has so far, the one before it, and the seconds that are left.

    Of the minute before, the part counts that is not yet over.
    """

    before: int
    counted: int
    left: float

    def wait(self, limit: int, cost: int) -> float:
        """Seconds until `cost` can be taken, if nobody else takes any.

        What is more than the limit can never be; until the two minutes are over, then.
        """
        if cost > limit:
            return self.left + MINUTE
        room = limit - cost + 1  # the sum, rounded down, must leave space for the cost
        if self.before * self.left / MINUTE + self.counted < room:
            return 0.0
        # Seconds of this minute that must be left for the one before to weigh little enough.
        if self.counted < room:
            return self.left - MINUTE * (room - self.counted) / self.before
        return self.left + MINUTE * (1 - room / self.counted)

    def window(self, limit: int) -> Window:
        left = limit - math.floor(self.before * self.left / MINUTE + self.counted)
        return Window(max(0, left), self.left)


class Counters(Protocol):
    """Counts by name, however many processes share them. Each name stands once in `wants`."""

    def take(self, wants: Sequence[Want]) -> Taken | Reached:
        """All or nothing. A place is taken until `vacate`.

        Raises Unavailable: what the processes share is out of reach, and nothing may pass.
        """
        ...

    def correct(self, taken: Taken, changes: Mapping[str, int]) -> None:
        """Add to what was taken by each name, or, where a change is negative, give it back."""
        ...

    def vacate(self, taken: Taken) -> None:
        """Once for what was taken. Lets nobody else run: a garbage collector may call it."""
        ...

    def windows(self, wants: Sequence[Want]) -> Sequence[Window]:
        """One for each, none of which is a place. Raises as `take`."""
        ...
