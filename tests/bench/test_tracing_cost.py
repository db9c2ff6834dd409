"""What it costs a worker to trace every request."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from statistics import median

import gevent
import pytest

from bench.load import load
from bench.processes import cpu_seconds
from bench.servers import PARLEY
from bench.serving import Running, serving
from tests.tracing.collector import Collector, collecting

# A round is short beside the machine's moods, and the two take turns in it.
_ROUNDS = 9
# Seconds after which the last spans have gone.
_REST = 1.5


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as it:
        yield it


def per_token(server: Running, model: str, callers: int) -> float:
    """CPU seconds of all its processes, with what is still done after the last token."""
    before = cpu_seconds(server.session)
    report = load(server.target, model, callers, 200)
    gevent.sleep(_REST)
    assert not report.faults
    return (cpu_seconds(server.session) - before) / report.tokens


@pytest.mark.prove
@pytest.mark.parametrize(
    ("model", "callers"), [("mock-200-0", 50), ("mock-100-50000", 200)], ids=["unpaced", "paced"]
)
def test_a_token_costs_hardly_more(
    collector: Collector, capsys: pytest.CaptureFixture[str], model: str, callers: int
) -> None:
    """At most 1.1 times the CPU per token of a worker that does not trace, median of nine."""
    endpoint = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}
    tracing = replace(PARLEY, environment={**PARLEY.environment, **endpoint})
    with serving(PARLEY) as plain, serving(tracing) as traced:
        both = [
            [per_token(server, model, callers) for server in (plain, traced)]
            for _ in range(_ROUNDS)
        ]
    assert collector.spans
    ratios = sorted(with_it / without for without, with_it in both)
    with capsys.disabled():
        print(f"\n    {model}, traced: {', '.join(f'{r:.2f}' for r in ratios)} times")
    assert median(ratios) <= 1.1
