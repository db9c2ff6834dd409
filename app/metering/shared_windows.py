"""What passed in the last minute, and what is open now, counted for all workers together.

Minutes are counted in Redis. Of places each worker knows how many it holds and says so to Redis,
with every request and once a second: so they are free again soon after it has died, and are known
again when Redis has lost them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from app.cluster.connection import Connection, RedisAway
from app.cluster.counting import Counted, Counting
from app.metering.counters import MINUTE, Reached, Sums, Taken, Want, Window
from app.metering.held import Held
from app.metering.windows import MemoryCounters


class SharedCounters:
    """Those of all workers. While Redis is away nothing passes that is limited (`refuse`), or each
    worker counts for itself. `clock` takes the place of Redis' own, in seconds.

    Places can be taken, and what is given back is told, from `start` on.
    """

    def __init__(
        self,
        connection: Connection,
        process: str,
        *,
        refuse: bool,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._counting = Counting(connection, process, clock)
        self._held = Held(self._counting)
        self._refuse = refuse
        self._own = MemoryCounters()

    def take(self, wants: Sequence[Want]) -> Taken | Reached:
        names = [want.name for want in wants if want.place]
        number = self._held.ask(names)
        try:
            answer = self._taken(number, wants)
        except BaseException:
            self._held.leave(names)
            raise
        self._held.asked(number, names, got=isinstance(answer, Taken))
        return answer

    def correct(self, taken: Taken, changes: Mapping[str, int]) -> None:
        if taken.shared:
            self._held.give_back(changes, taken.moment)
        else:
            self._own.correct(taken, changes)

    def vacate(self, taken: Taken) -> None:
        self._held.leave(taken.places)

    def windows(self, wants: Sequence[Want]) -> Sequence[Window]:
        minutes = [(want.name, want.limit, 0) for want in wants]
        try:
            counted = self._counting.take(0, minutes, ())
        except RedisAway:
            if self._refuse:
                raise
            return self._own.windows(wants)
        return [s.window(want.limit) for s, want in zip(_sums(counted), wants, strict=True)]

    def start(self) -> None:
        self._held.start()

    def close(self) -> None:
        self._held.close()

    def _taken(self, number: int, wants: Sequence[Want]) -> Taken | Reached:
        minutes = [want for want in wants if not want.place]
        ordered = [*minutes, *(want for want in wants if want.place)]
        figures = [(want.name, want.limit, want.cost) for want in ordered]
        cut = len(minutes)
        try:
            counted = self._counting.take(number, figures[:cut], figures[cut:])
        except RedisAway:
            if self._refuse:
                raise
            return self._taken_alone(minutes, ordered[cut:], wants)
        if counted.reached is None:
            return Taken(wants, counted.now / 1000, shared=True)
        pairs = zip(_sums(counted), minutes, strict=True)
        wait = max((sums.wait(want.limit, want.cost) for sums, want in pairs), default=0.0)
        return Reached(ordered[counted.reached], wait)

    def _taken_alone(
        self, minutes: Sequence[Want], places: Sequence[Want], wants: Sequence[Want]
    ) -> Taken | Reached:
        for want in places:
            if self._held[want.name] > want.limit:
                return Reached(want, 0.0)
        answer = self._own.take(minutes)
        if isinstance(answer, Reached):
            return answer
        self._held.tell([want.name for want in places])
        return Taken(wants, answer.moment)


def _sums(counted: Counted) -> list[Sums]:
    left = MINUTE - counted.now / 1000 % MINUTE
    return [Sums(before, count, left) for count, before in counted.sums]
