"""What a stream costs in memory while it waits, and what is left of it when it has gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from gevent.pool import Pool

from tests.server.callers import STREAM, Caller, until
from tests.server.proc import allow_files, processes, resident, worker
from tests.server.process import Server, serving
from tests.upstream import Upstream

Quote = Callable[[str], None]


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


def ask(server: Server, model: str) -> Caller:
    return Caller(server, STREAM, {"message": "hi", "model": f"openai/{model}"})


def open_streams(server: Server, upstream: Upstream, count: int) -> list[Caller]:
    """So many callers with their first event, waiting for a model that has gone silent."""

    def one(_: int) -> Caller:
        caller = ask(server, "stall-0")
        caller.read_until(b"event: start")
        return caller

    waiting = Pool(50).map(one, range(count))
    until(lambda: upstream.open == count)
    return waiting


def all_leave(waiting: list[Caller], upstream: Upstream) -> float:
    """At once. How many seconds it took until the provider had none of them open."""
    for caller in waiting:
        caller.leave()
    return until(lambda: upstream.open == 0, seconds=60)


@pytest.mark.parametrize(
    ("count", "limit"), [(300, 60), pytest.param(4_000, 45, marks=pytest.mark.prove)]
)
def test_a_waiting_stream_is_small(
    tmp_path: Path, upstream: Upstream, count: int, limit: int, quote: Quote
) -> None:
    """However many streams wait, each costs so many KB of the server's memory and no more."""
    allow_files(2 * count + 500)
    extra = {"OPENAI_BASE_URL": f"{upstream.url}/v1", "READ_TIMEOUT": "600"}
    with serving(tmp_path, **extra) as server:
        # For what is made once. What these few give back is used again below, and not counted.
        all_leave(open_streams(server, upstream, 20), upstream)
        before = resident(*processes(server))
        waiting = open_streams(server, upstream, count)
        each = (resident(*processes(server)) - before) / count / 1024
        took = all_leave(waiting, upstream)
    quote(
        f"{count:,} waiting streams: {each:.1f} KB each, on top of {before / 2**20:.0f} MB; "
        f"when all left at once, the provider was free after {took:.2f} s"
    )
    assert each <= limit


@pytest.mark.parametrize(
    ("first", "last", "kept", "limit"),
    # The small one has no time to fill what is kept for a replay, and so keeps nothing.
    [
        (300, 1_100, "0", 0.03),
        pytest.param(10_000, 50_000, "600", 0.05, marks=pytest.mark.prove),
    ],
)
def test_memory_stays_flat(
    tmp_path: Path, upstream: Upstream, first: int, last: int, kept: str, limit: float, quote: Quote
) -> None:
    """Streams come and go, conversations are stored, and the worker's memory stays as it was."""

    def one(_: int) -> int:
        with ask(server, "mock-20-0") as caller:
            return caller.read().count(b"event: done")

    extra = {"OPENAI_BASE_URL": f"{upstream.url}/v1", "REPLAY_SECONDS": kept}
    with serving(tmp_path, **extra) as server:
        step, held = (last - first) // 8, []
        for count in [first, *[step] * 8]:
            assert set(Pool(50).imap_unordered(one, range(count))) == {1}
            held.append(resident(worker(server)))
    megabytes = [round(size / 2**20, 1) for size in held]
    quote(f"the worker's memory from stream {first:,} to {last:,}: {megabytes} MB")
    assert all(abs(size - held[0]) <= held[0] * limit for size in held)
