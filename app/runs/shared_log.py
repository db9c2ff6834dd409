"""A run's log in Redis, where other workers read it: a stream of batches that ends by itself.

An entry's id is the number of its last event, so a log that had to be written again (Redis had
lost it) goes on where its readers stand. The entry that ends the log has the highest id there is:
after it nothing can be added, by whom ever.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import redis
from redis.exceptions import RedisError, ResponseError

from app.cluster.connection import Connection, RedisAway, is_away
from app.events import Done, Event, Failure
from app.runs import codec

_END = "18446744073709551615-0"  # the highest id of a stream's entry

_AT_ONCE = 500  # keys in one command

# What became of a batch. `lost`: Redis no longer has what it should follow; `closed`: what is there
# is newer, or the end.
Added = Literal["added", "lost", "closed"]


@dataclass(frozen=True)
class Batch:
    """Events of a run that follow the `before` first ones. One that `opens` makes the log."""

    run_id: str
    before: int
    events: Sequence[Event]
    opens: bool

    @property
    def ends(self) -> bool:
        return _ends(self.events)


class SharedLogs:
    """`open_seconds` is how long a log is kept that nobody ends, `ended_seconds` one that has."""

    def __init__(self, connection: Connection, open_seconds: float, ended_seconds: float) -> None:
        self._connection = connection
        self._open = int(open_seconds * 1000)
        self._ended = max(1, int(ended_seconds * 1000))

    def key(self, run_id: str) -> str:
        return self._connection.key("run", run_id)

    def add(self, batches: Sequence[Batch]) -> list[Added]:
        """Append to several logs in one exchange. Raises RedisAway: some may have been added."""

        def work(client: redis.Redis) -> list[Any]:
            pipeline = client.pipeline(transaction=False)
            for batch in batches:
                self._add(pipeline, batch)
            return pipeline.execute(raise_on_error=False)

        answers = iter(self._connection.run(work))
        added: list[Added] = []
        for batch in batches:
            added.append(self._outcome(next(answers)))
            if batch.opens or batch.ends:
                next(answers)
        return added

    def _add(self, pipeline: Any, batch: Batch) -> None:
        key = self.key(batch.run_id)
        number = _END if batch.ends else f"{batch.before + len(batch.events)}-0"
        fields = {b"n": batch.before, b"e": codec.encode(batch.events)}
        pipeline.xadd(key, fields, id=number, nomkstream=not batch.opens)
        if batch.opens or batch.ends:
            pipeline.pexpire(key, self._ended if batch.ends else self._open)

    def _outcome(self, answer: Any) -> Added:
        if answer is None:
            return "lost"
        if isinstance(answer, ResponseError) and "equal or smaller" in str(answer):
            return "closed"
        if isinstance(answer, RedisError):
            if is_away(answer):  # its memory is full, say
                self._connection.lost(answer)
                raise RedisAway
            raise answer
        return "added"

    def forget(self, run_id: str) -> None:
        """Of a run that goes on: its log is written anew. Raises RedisAway."""
        self._connection.run(lambda client: client.delete(self.key(run_id)))

    def remove(self, run_ids: Sequence[str]) -> None:
        """Take them away; who is not there is gone already. Raises RedisAway."""
        for at in range(0, len(run_ids), _AT_ONCE):
            names = [self.key(run_id) for run_id in run_ids[at : at + _AT_ONCE]]
            self._connection.run(lambda client, names=names: client.delete(*names))  # type: ignore[misc]

    def reached(self, run_id: str) -> int | None:
        """How many events the log has; None: it has its end. Raises RedisAway."""
        newest: Any = self._connection.run(
            lambda client: client.xrevrange(self.key(run_id), count=1)
        )
        number = newest[0][0].decode() if newest else "0-0"
        return None if number == _END else int(number.partition("-")[0])

    def read(self, run_id: str) -> list[Event]:
        """The whole log, as far as it goes. Raises RedisAway."""
        entries: Any = self._connection.run(lambda client: client.xrange(self.key(run_id)))
        return continued(0, entries)


def continued(known: int, entries: Sequence[tuple[bytes, Mapping[bytes, bytes]]]) -> list[Event]:
    """What a stream's entries add to so many events that are known already."""
    new: list[Event] = []
    for _, fields in entries:
        events = codec.decode(fields[b"e"])
        # A log that was written again begins with what is known; its end is always news.
        skipped = max(0, known + len(new) - int(fields[b"n"]))
        new += events[min(skipped, len(events) - 1) :] if _ends(events) else events[skipped:]
    return new


def _ends(events: Sequence[Event]) -> bool:
    return isinstance(events[-1], (Done, Failure))
