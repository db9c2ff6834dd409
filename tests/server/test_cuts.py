"""Streams that their callers cut, at any time and in any way: nothing of them is left over."""

from __future__ import annotations

import json
import random
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import gevent
import pytest

from tests.server.callers import STREAM, WHOLE, Caller, get, until
from tests.server.proc import Sockets, allow_files, sockets
from tests.server.process import Server, free_port, gunicorn, running, wait_until_ready
from tests.upstream import Upstream

Quote = Callable[[str], None]

# Silent before the headers, before the first token and later; paced, unpaced, short and endless.
_MODELS = ["silent-0", "stall-0", "stall-3", "mock-1000-10000", "mock-5000-0", "mock-20-20000"]
_HEARTBEAT = re.compile(rb"^: hb\n", re.MULTILINE)


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@pytest.fixture
def server(tmp_path: Path, upstream: Upstream) -> Iterator[Server]:
    """It keeps no ended run in memory, so that what is alive belongs to what goes on."""
    port = free_port()
    command = gunicorn("--bind", f"127.0.0.1:{port}", "tests.server.census:app")
    extra = {"OPENAI_BASE_URL": f"{upstream.url}/v1", "REPLAY_SECONDS": "0"}
    with running(command, tmp_path, extra) as it:
        it.url = f"http://127.0.0.1:{port}"
        wait_until_ready(it)
        yield it


def greenlets(server: Server) -> int:
    return int(json.loads(get(server, "/census"))["greenlets"])


def at_rest(server: Server, upstream: Upstream) -> Sockets:
    until(lambda: sockets(server, upstream.url).callers == 0)
    return sockets(server, upstream.url)


class Cut:
    """A caller that leaves at some time: at once, before the answer, in the middle of it.

    Some read what comes, some leave it unread until the kernel holds no more. `read` is what
    those got, whole or not. Who `waits` does not leave before it has read of its run, however
    long a busy machine takes for that.
    """

    def __init__(self, server: Server, random_: random.Random, seconds: float) -> None:
        self.read = b""
        self._server = server
        self._starts = random_.uniform(0, seconds)
        self._stays = random_.choice([0.0, *[random_.uniform(0, seconds / 2)] * 3])
        self._reset = random_.random() < 0.5
        self._reads = random_.random() < 0.7
        self._path = random_.choice([STREAM, STREAM, STREAM, WHOLE])
        self.waits = self._reads and self._path == STREAM and random_.random() < 0.6
        self._body = {"message": "hi", "model": f"openai/{random_.choice(_MODELS)}"}

    def __call__(self) -> None:
        gevent.sleep(self._starts)
        caller = Caller(self._server, self._path, self._body)
        while self.waits and self.run_id is None and self._more(caller):
            pass
        gevent.with_timeout(self._stays, self._listen, caller, timeout_value=None)
        caller.leave(reset=self._reset)

    def _listen(self, caller: Caller) -> None:
        while self._reads and self._more(caller):
            pass
        gevent.sleep(self._stays)

    def _more(self, caller: Caller) -> bool:
        part = caller.answer.read1(65_536)
        self.read += part
        return bool(part)

    @property
    def run_id(self) -> str | None:
        found = re.search(rb'event: start\ndata: {"run_id": "(\w+)"', self.read)
        return found[1].decode() if found else None

    @property
    def events(self) -> bytes:
        return _HEARTBEAT.sub(b"", self.read)


def outcomes(folder: Path) -> tuple[Counter[str], Counter[str]]:
    """How many runs are stored in which state, and answers with which status."""
    with closing(sqlite3.connect(f"file:{folder}/parley.db?mode=ro", uri=True)) as database:
        runs = database.execute("SELECT state FROM runs")
        answers = database.execute("SELECT status FROM messages WHERE role = 'assistant'")
        return Counter(row[0] for row in runs), Counter(row[0] for row in answers)


@pytest.mark.parametrize(
    ("count", "seconds"), [(100, 1.0), pytest.param(1_000, 12.0, marks=pytest.mark.prove)]
)
def test_nothing_is_left_of_streams_that_were_cut(
    server: Server, upstream: Upstream, tmp_path: Path, count: int, seconds: float, quote: Quote
) -> None:
    """A second after the last has gone the provider is free, no greenlet and no socket is left,
    each run has ended, and what its caller had read by then is what is stored.
    """
    allow_files(4 * count)
    others, alive = at_rest(server, upstream).others, greenlets(server)
    random_ = random.Random(count)
    cuts = [Cut(server, random_, seconds) for _ in range(count)]
    gevent.joinall([gevent.spawn(cut) for cut in cuts], raise_error=True)
    free = until(lambda: upstream.open == 0)
    closed = free + until(lambda: sockets(server, upstream.url)[::2] == (0, others))
    until(lambda: greenlets(server) == alive)
    idle = at_rest(server, upstream).upstream
    states, statuses = outcomes(tmp_path)
    quote(
        f"{count:,} cut streams: {len(upstream.requests)} reached the provider, 0 open there after "
        f"{free:.3f} s; all sockets closed after {closed:.3f} s, no greenlet left over, "
        f"{idle} idle connections kept; {_counted(states)}, {_counted(statuses)}"
    )
    assert free <= 1.0
    assert closed <= 1.0
    assert idle <= states["done"]  # only a connection that was read to its end is used again
    assert len(upstream.requests) <= states.total() <= count
    assert statuses == Counter(complete=states["done"], incomplete=states["stopped"])
    assert states.total() == statuses.total()
    assert '"level":"error"' not in server.said()
    _same_as_stored(server, cuts)


def _counted(found: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in found.most_common())


def _same_as_stored(server: Server, cuts: list[Cut]) -> None:
    known = [(cut, run_id) for cut in cuts if (run_id := cut.run_id)]
    assert len(known) >= sum(cut.waits for cut in cuts) > len(cuts) / 5
    for cut, run_id in known:
        log = _HEARTBEAT.sub(b"", get(server, f"/api/runs/{run_id}/events"))
        assert log.startswith(cut.events)
