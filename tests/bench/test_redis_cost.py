"""What it costs a worker to share its runs by Redis."""

from __future__ import annotations

from statistics import median

import pytest

from bench.measures import Figures, Sizes, work
from bench.servers import PARLEY, PARLEY_WITH_REDIS, Server
from bench.serving import serving
from tests.server.process import require

_PACED = "CPU per token, 200 streams, a token every 50 ms (µs)"


def measured(server: Server) -> float:
    figures = Figures()
    with serving(server) as running:
        work(running, Sizes(), figures)
    assert not figures.faults
    return figures.values[_PACED]


@pytest.mark.prove
def test_a_token_costs_little_more(capsys: pytest.CaptureFixture[str]) -> None:
    """At most 1.25 times the CPU per token of a worker without Redis, median of three in turns."""
    require("redis-server")
    ratios = [measured(PARLEY_WITH_REDIS) / measured(PARLEY) for _ in range(3)]
    with capsys.disabled():
        print(f"\n    CPU per token with Redis: {', '.join(f'{r:.2f}' for r in ratios)} times")
    assert median(ratios) <= 1.25
