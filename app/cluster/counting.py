"""Counts that all workers share: sums of a minute, and places that are held."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import redis

from app.cluster.connection import Connection, RedisAway
from app.cluster.counting_scripts import KEEP, TAKE

# Milliseconds that what a worker holds is believed without a word of it.
_LEASE = 10_000
_NOT_SURE = -1

# A name and two figures, as the scripts say.
Figures = tuple[str, int, int]


@dataclass(frozen=True)
class Counted:
    """`reached` is the place in the list of what is too much. `sums`: counted, before.

    `now` is in milliseconds.
    """

    reached: int | None
    now: int
    sums: Sequence[tuple[int, int]]


class Counting:
    """As one process; `clock` takes the place of Redis' own, in seconds."""

    def __init__(
        self, connection: Connection, process: str, clock: Callable[[], float] | None = None
    ) -> None:
        self._connection = connection
        self._process = process
        self._clock = clock

    def wait(self) -> None:
        """Return when Redis is there."""
        self._connection.wait()

    def take(self, number: int, minutes: Sequence[Figures], places: Sequence[Figures]) -> Counted:
        """All or nothing: (name, limit, cost) of minutes and of places.

        `number` grows with each message: what was said later is never undone by what was before.

        Raises:
            RedisAway: also where Redis does not know yet what all hold, for the next second.
        """
        answer = self._run(TAKE, minutes, places, number, _LEASE, len(minutes))
        verdict, now, *sums = answer
        if verdict == _NOT_SURE:
            raise RedisAway
        pairs = list(zip(sums[::2], sums[1::2], strict=True))
        return Counted(verdict - 1 if verdict else None, now, pairs)

    def keep(
        self, number: int, changes: Sequence[Figures], held: Sequence[Figures], *, begins: bool
    ) -> bool:
        """Correct minutes by (name, change, moment in ms); say what is held by (name, held, 0).

        To be called once a second at least; `begins` at the first time. `held` counts what is being
        asked for as well. Raises RedisAway.

        Returns:
            Whether all was news; if not, what is held is to be said again.
        """
        late = self._run(KEEP, changes, held, number, _LEASE, len(changes), int(begins))
        return not late

    def _run(
        self, script: str, minutes: Sequence[Figures], places: Sequence[Figures], *args: int
    ) -> Any:
        key, now = self._connection.key, "" if self._clock is None else int(self._clock() * 1000)
        keys = [key("places"), *(key("minute", name) for name, _, _ in minutes)]
        keys += [key("places", name) for name, _, _ in places]
        figures = [figure for _, *pair in (*minutes, *places) for figure in pair]

        def work(client: redis.Redis) -> Any:
            return client.register_script(script)(keys, [now, self._process, *args, *figures])

        return self._connection.run(work)
