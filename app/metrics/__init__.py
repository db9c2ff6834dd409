"""What Prometheus reads. Labels are bounded: no id, no path, no model that a caller chose.

The workers of one port write their figures into a folder that they share, and whoever is asked
answers for all; without a folder each has its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from app.metrics import together
from app.metrics.asked import Asked, Figures
from app.metrics.tally import Added, Labelled, Observed, Tally

_FIRST_TOKEN = (0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 20, 60)
_RUN = (0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120, 300, 600)
_PACE = (1, 5, 10, 20, 40, 60, 80, 100, 150, 200, 400, 800)
_RETRY_WAIT = (0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32)
_DELAY = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)

_MODEL = ("provider", "model")
_OTHER = "other"  # a model that the configuration does not name


class Described(NamedTuple):
    """A metric as dashboards name it: `kind` is counter, gauge or histogram."""

    name: str
    kind: str
    labels: tuple[str, ...]
    said: str


class Metrics:
    """The figures of one application.

    `known` says whether a label may name a model, `provider/name`; `folder` is where all workers
    write.
    """

    def __init__(
        self, known: Callable[[str], bool] = lambda model: False, folder: str | None = None
    ) -> None:
        self.described: list[Described] = []
        self._known = known
        self._folder = folder
        self._registry = CollectorRegistry()  # what this worker counts
        self._asked = CollectorRegistry()  # what any worker can tell for all
        self._tally = Tally()
        self._samples: list[Callable[[], None]] = []
        self._of_requests()
        self._of_runs()
        self._of_calls()
        self._of_retries()
        self._of_safety()

    def _of_requests(self) -> None:
        counter, gauge = self._counter, self._gauge
        self.requests = counter(
            "requests", "Requests that were answered.", "method", "route", "status"
        )
        self.errors = counter("errors", "Requests that were answered with a problem.", "code")
        said = "Streams that are open to a client."
        self.open_streams = Added(gauge("open_streams", said), self._tally)
        self.workers = gauge("workers", "Workers that live.")
        said = "How late the event loop of a worker is."
        self.loop_delay = self._histogram("loop_delay_seconds", said, _DELAY)

    def _of_runs(self) -> None:
        counter, histogram, histograms = self._counter, self._histogram, self._histograms
        self.open_runs = self._gauge("open_runs", "Runs that are under way.")
        self.runs = counter("runs", "Runs that have ended.", "provider", "state")
        self.failed_runs = counter("failed_runs", "Runs that ended in an error.", "code")
        said = "Tokens of ended runs, as providers count them."
        self.tokens = counter("tokens", said, "provider", "kind")
        said = "From the start of a run to its first text."
        self.first_token = histograms("first_token_seconds", said, _FIRST_TOKEN, "provider")
        said = "From the start of a run to its end."
        self.run_seconds = histogram("run_seconds", said, _RUN)
        said = "Tokens of output a second, from the first text to the end."
        self.pace = histograms("tokens_per_second", said, _PACE, "provider")
        said = "Answers that a caller let be taken from those kept."
        self.cached = counter("cached_answers", said, "outcome")

    def _of_calls(self) -> None:
        counter = self._counter
        self.calls = counter("calls", "Calls to models, by how they ended.", *_MODEL, "state")
        self.cost = counter("cost_usd", "US dollars that calls to models have cost.", *_MODEL)
        self.unpriced = counter("unpriced_calls", "Calls whose price nobody knows.", *_MODEL)
        said = "Calls to providers that failed, retried or not."
        self.failed_calls = counter("failed_calls", said, "provider", "code")

    def _of_retries(self) -> None:
        counter = self._counter
        said = "Calls to a model that had failed in the same run."
        self.retries = counter("retries", said, "provider")
        said = "Calls to a model because the one before it had failed."
        self.fallbacks = counter("fallbacks", said, "provider")
        self.waiting = self._gauge("waiting_to_retry", "Runs that wait before another call.")
        self.retry_wait = self._histogram(
            "retry_wait_seconds", "Waits before another call.", _RETRY_WAIT
        )

    def _of_safety(self) -> None:
        counter = self._counter
        said = "Requests that a limit has turned away."
        self.denials = counter("limit_denials", said, "whose", "kind")
        said = "What rules have found in what was said."
        self.filter_outcomes = counter("filter_outcomes", said, "rule", "action", "direction")
        said = "Budgets that have reached a level."
        self.budget_alerts = counter("budget_alerts", said, "percent")
        said = "Hours that were far from what is usual then."
        self.anomalies = counter("anomalies", said, "kind")

    def model(self, provider: str, name: str) -> tuple[str, str]:
        """The labels of a model; callers may name any, so one that nobody configured is `other`."""
        return provider, name if self._known(f"{provider}/{name}") else _OTHER

    def sample(self, gauge: Gauge, value: Callable[[], float]) -> None:
        """Have a gauge of this worker's say what `value` says whenever it is looked at."""
        self._samples.append(lambda: gauge.set(value()))

    def look(self) -> None:
        """Bring up to date what is read."""
        self._tally.hand_on()
        for sample in self._samples:
            sample()

    def show_circuits(self, states: Callable[[], Mapping[tuple[str, str], str]]) -> None:
        """Show whose circuits are not closed, asked when the figures are read."""
        said = "Models that are left alone because they fail: 1, or 0.5 while one call may try."

        def figures() -> Figures:
            # Only what is not closed: any model that a caller names has a circuit.
            shown: dict[tuple[str, ...], float] = {}
            for names, state in states().items():
                if state != "closed":
                    labels = self.model(*names)
                    shown[labels] = max(shown.get(labels, 0), 1.0 if state == "open" else 0.5)
            return shown

        self._ask("circuit_open", said, figures, *_MODEL)

    def show_held(self, held: Callable[[], float | None]) -> None:
        """Show what is set aside for calls under way, by all workers; None: nobody can tell."""

        def figures() -> Figures:
            amount = held()
            return {} if amount is None else {(): amount}

        self._ask("held_usd", "US dollars set aside for calls that are under way.", figures)

    def show_redis(self, up: Callable[[], bool]) -> None:
        """Show whether what workers share is within reach."""
        self._ask("redis_up", "Whether Redis answers.", lambda: {(): float(up())})

    def render(self) -> bytes:
        """Prometheus' text format, for all workers of this port together."""
        self.look()
        own = together.figures(self._folder) if self._folder else generate_latest(self._registry)
        return own + generate_latest(self._asked)

    def _counter(self, name: str, said: str, *labels: str) -> Labelled[Added]:
        full = self._note(name, "counter", said, labels)
        counter = Counter(full.removesuffix("_total"), said, labels, registry=self._registry)
        return Labelled(lambda *values: Added(counter.labels(*values), self._tally))

    def _gauge(self, name: str, said: str) -> Gauge:
        """The workers' are added up; those of the dead count no more."""
        full = self._note(name, "gauge", said, ())
        return Gauge(full, said, registry=self._registry, multiprocess_mode="livesum")

    def _histogram(self, name: str, said: str, buckets: tuple[float, ...]) -> Observed:
        full = self._note(name, "histogram", said, ())
        histogram = Histogram(full, said, buckets=buckets, registry=self._registry)
        return Observed(histogram, self._tally)

    def _histograms(
        self, name: str, said: str, buckets: tuple[float, ...], *labels: str
    ) -> Labelled[Observed]:
        full = self._note(name, "histogram", said, labels)
        histogram = Histogram(full, said, labels, buckets=buckets, registry=self._registry)
        return Labelled(lambda *values: Observed(histogram.labels(*values), self._tally))

    def _ask(self, name: str, said: str, figures: Callable[[], Figures], *labels: str) -> None:
        full = self._note(name, "gauge", said, labels)
        self._asked.register(Asked(full, said, labels, figures))

    def _note(self, name: str, kind: str, said: str, labels: tuple[str, ...]) -> str:
        full = f"parley_{name}_total" if kind == "counter" else f"parley_{name}"
        self.described.append(Described(full, kind, labels, said))
        return full
