"""What is measured of a server, and how."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median

import gevent

from bench.load import Report, leave, load, waiting
from bench.processes import cpu_seconds, memory_kb
from bench.serving import Running

UNPACED = "CPU per token, 50 streams as fast as they go (µs)"
PACED = "CPU per token, 200 streams, a token every 50 ms (µs)"
TURN = "CPU per turn of one token (ms)"
FIRST = "First token, one caller, median (ms)"
MEMORY = "Memory of an open, waiting stream (KB)"
CANCEL = "Client gone until the upstream socket is closed, median (ms)"
SLOWEST = "… the slowest of them (ms)"

# How long a client that left is waited for: seconds.
PATIENCE = 5.0


@dataclass(frozen=True)
class Sizes:
    """Turns for each of the measures, streams for those of open ones, and the pace.

    `rest` is the time, in seconds, that a server gets for what it still does after a last byte.
    """

    unpaced: int = 200
    paced: int = 200
    pace: str = "mock-100-50000"
    turns: int = 500
    first: int = 50
    waiting: int = 1000
    leaving: int = 50
    rest: float = 0.3


@dataclass
class Figures:
    """One round's figures of one server, by the names above, and what went wrong meanwhile."""

    values: dict[str, float] = field(default_factory=dict)
    faults: Counter[str] = field(default_factory=Counter)


def work(server: Running, sizes: Sizes, figures: Figures) -> None:
    """CPU, times and cancel latency. Streams that the server does not end are left in it."""

    def loaded(model: str, callers: int, turns: int) -> tuple[Report, float]:
        before = cpu_seconds(server.session)
        report = load(server.target, model, callers, turns)
        gevent.sleep(sizes.rest)
        figures.faults += report.faults
        return report, cpu_seconds(server.session) - before

    values = figures.values
    report, cpu = loaded("mock-200-0", 50, sizes.unpaced)
    values[UNPACED] = cpu / max(report.tokens, 1) * 1e6
    report, cpu = loaded(sizes.pace, 200, sizes.paced)
    values[PACED] = cpu / max(report.tokens, 1) * 1e6
    report, cpu = loaded("mock-1-0", 20, sizes.turns)
    values[TURN] = cpu / sizes.turns * 1e3
    report, _ = loaded("mock-1-0", 1, sizes.first)
    values[FIRST] = median(report.firsts or [math.inf]) * 1e3
    latencies = list(_cancelled(server, sizes.leaving, figures))
    values[CANCEL], values[SLOWEST] = median(latencies) * 1e3, max(latencies) * 1e3


def hold(server: Running, sizes: Sizes, figures: Figures) -> None:
    """Memory, of a server that has not grown for anything else yet."""
    before = memory_kb(server.session)
    with waiting(server.target, [f"silent-{i}" for i in range(sizes.waiting)]):
        _wait_until_open(server, sizes.waiting, figures)
        gevent.sleep(sizes.rest)
        figures.values[MEMORY] = (memory_kb(server.session) - before) / sizes.waiting


def _cancelled(server: Running, count: int, figures: Figures) -> Iterable[float]:
    """Seconds from each client's leaving to the end upstream; inf where there was none."""
    names = [f"silent-{i}" for i in range(count)]
    with waiting(server.target, names) as connections:
        _wait_until_open(server, count, figures)
        left = {}
        for name, connection in zip(names, connections, strict=True):
            left[name] = leave(connection)
            gevent.sleep(0.02)
    deadline = time.monotonic() + PATIENCE
    while len(closed := server.stats()["closed"]) < count and time.monotonic() < deadline:
        gevent.sleep(0.05)
    return (closed.get(name, math.inf) - left[name] for name in names)


def _wait_until_open(server: Running, count: int, figures: Figures) -> None:
    deadline = time.monotonic() + 60
    while (reached := server.stats()["open"]) < count:
        if time.monotonic() > deadline:
            figures.faults[f"{reached} of {count} open streams reached the model"] += 1
            return
        gevent.sleep(0.05)
