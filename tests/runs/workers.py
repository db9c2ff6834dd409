"""Two workers in one process: what each shares goes by a real Redis all the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import gevent

from app.cluster.connection import Connection
from app.events import Event
from app.runs.reader import Reader
from app.runs.registry import House, Runs
from app.runs.run import Run
from app.runs.sharing import Sharing
from tests.runs.scripted import Script


@dataclass
class Worker:
    """`gone` are those that it has found dead."""

    name: str
    live: Runs
    sharing: Sharing
    gone: list[str]

    def play(self, script: Script) -> Run:
        """Let a script's run be one of ours."""
        with self.live.place() as start:
            start(script.run, script)
        return script.run

    def mirror(self, run: Run, of: Worker) -> Run:
        return self.sharing.mirrors.open(run.id, run.owner, run.conversation_id, of.name)

    def die(self) -> None:
        """Without a word, as by SIGKILL."""
        self.sharing.bus.close()
        self.sharing._publisher.close()
        leases = self.sharing.leases
        assert leases._watching is not None
        leases._closing.set()
        leases._watching.join()
        leases._watching = None


@contextmanager
def working(url: str, name: str, prefix: str = "test") -> Iterator[Worker]:
    live = Runs(House())
    sharing = Sharing(Connection(url, prefix), name, live, 60, 60)
    worker = Worker(name, live, sharing, [])
    sharing.start(worker.gone.append)
    try:
        yield worker
    finally:
        sharing.close()


def read(run: Run, after: int = 0) -> Sequence[Event]:
    """All events from a position on, as a reader gets them."""
    reader = Reader(run, after)
    try:
        return [event for batch in reader.follow() for event in batch]
    finally:
        reader.close()


def reading(run: Run, after: int = 0) -> gevent.Greenlet[..., Sequence[Event]]:
    return gevent.spawn(read, run, after)
