"""What Prometheus reads. Labels are bounded: no model name, no id, no path that a caller chose."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_FIRST_TOKEN = (0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 20, 60)


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

    def render(self) -> bytes:
        """Prometheus' text format."""
        return generate_latest(self._registry)
