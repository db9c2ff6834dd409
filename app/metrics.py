"""What Prometheus reads. Labels are bounded: no model name, no id, no path that a caller chose."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

_FIRST_TOKEN = (0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 20, 60)
_RETRY_WAIT = (0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32)


class _Circuits(Collector):
    def __init__(self, states: Callable[[], Mapping[tuple[str, str], str]]) -> None:
        self._states = states

    def collect(self) -> Iterator[Metric]:
        # Only what is not closed: any model that a caller names has a circuit.
        family = GaugeMetricFamily(
            "parley_circuit_open",
            "Models that are left alone because they fail: 1, or 0.5 while one call may try.",
            labels=["provider", "model"],
        )
        for names, state in self._states().items():
            if state != "closed":
                family.add_metric(names, 1.0 if state == "open" else 0.5)
        yield family


class Metrics:
    """The figures of one application."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self.requests = Counter(
            "parley_requests",
            "Requests that were answered.",
            ["method", "route", "status"],
            registry=registry,
        )
        self.open_streams = Gauge(
            "parley_open_streams", "Streams that are open to a client.", registry=registry
        )
        self.runs = Counter(
            "parley_runs", "Runs that have ended.", ["provider", "state"], registry=registry
        )
        self.tokens = Counter(
            "parley_tokens",
            "Tokens of ended runs, as providers count them.",
            ["provider", "kind"],
            registry=registry,
        )
        self.first_token = Histogram(
            "parley_first_token_seconds",
            "From the start of a run to its first text.",
            ["provider"],
            buckets=_FIRST_TOKEN,
            registry=registry,
        )
        self.failed_calls = Counter(
            "parley_failed_calls",
            "Calls to providers that failed, retried or not.",
            ["provider", "code"],
            registry=registry,
        )
        self.waiting = Gauge(
            "parley_waiting_to_retry", "Runs that wait before another call.", registry=registry
        )
        self.retry_wait = Histogram(
            "parley_retry_wait_seconds",
            "Waits before another call.",
            buckets=_RETRY_WAIT,
            registry=registry,
        )

        self.budget_alerts = Counter(
            "parley_budget_alerts",
            "Budgets that have reached a level.",
            ["percent"],
            registry=registry,
        )

    def show_circuits(self, states: Callable[[], Mapping[tuple[str, str], str]]) -> None:
        """Show whose circuits are not closed, asked when the figures are read."""
        self._registry.register(_Circuits(states))

    def show_redis(self, up: Callable[[], bool]) -> None:
        """Show whether what workers share is within reach."""
        gauge = Gauge("parley_redis_up", "Whether Redis answers.", registry=self._registry)
        gauge.set_function(up)

    def render(self) -> bytes:
        """Prometheus' text format."""
        return generate_latest(self._registry)
