"""What it costs a worker to trace every request."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from statistics import median

import pytest

from bench.measures import PACED, UNPACED, Figures, Sizes, work
from bench.servers import PARLEY, Server
from bench.serving import serving
from tests.tracing.collector import Collector, collecting


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as it:
        yield it


def measured(server: Server) -> dict[str, float]:
    figures = Figures()
    with serving(server) as running:
        work(running, Sizes(rest=1.5), figures)  # so long that the last spans have gone
    assert not figures.faults
    return figures.values


@pytest.mark.prove
def test_a_token_costs_hardly_more(
    collector: Collector, capsys: pytest.CaptureFixture[str]
) -> None:
    """At most 1.1 times the CPU per token of a worker that does not trace, median of three."""
    endpoint = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}
    traced = replace(PARLEY, environment={**PARLEY.environment, **endpoint})
    rounds = [(measured(traced), measured(PARLEY)) for _ in range(3)]
    assert collector.spans
    for name in (UNPACED, PACED):
        ratios = [with_it[name] / without[name] for with_it, without in rounds]
        with capsys.disabled():
            print(f"\n    {name}, traced: {', '.join(f'{r:.2f}' for r in ratios)} times")
        assert median(ratios) <= 1.1
