"""What looks after a worker while it works, and what its metrics look at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app import tracing
from app.cluster.claims import Claims
from app.cluster.connection import Connection
from app.config import Config
from app.errors import ParleyError
from app.events import Failure
from app.metering.admission import Limit
from app.metering.money import dollars
from app.metrics import Metrics
from app.metrics.pulse import Pulse
from app.providers.base import Breakers
from app.runs.registry import Runs
from app.runs.run import Run
from app.services.anomalies import Anomalies
from app.services.unusual import Threshold
from app.storage import calls
from app.storage.database import Database
from app.webhooks import Webhook


@dataclass(frozen=True)
class Watching:
    pulse: Pulse
    anomalies: Anomalies

    def start(self) -> None:
        self.pulse.start()
        self.anomalies.start()

    def close(self) -> None:
        """What the trace still has goes out first."""
        tracing.stop()
        self.anomalies.close()
        self.pulse.close()


def watching_of(
    config: Config,
    database: Database,
    metrics: Metrics,
    news: Webhook,
    redis: Connection | None,
) -> Watching:
    threshold = Threshold(config.anomaly_factor, config.anomaly_min_usd, config.anomaly_min_calls)
    claims = Claims(redis) if redis else None
    return Watching(Pulse(metrics), Anomalies(database, metrics, news, threshold, claims))


def show(
    metrics: Metrics,
    breakers: Breakers,
    live: Runs,
    database: Database,
    redis: Connection | None,
) -> None:
    """Let the metrics see what is there to be seen without being told."""
    metrics.show_circuits(breakers.states)
    metrics.show_held(lambda: _held(database))
    metrics.sample(metrics.open_runs, lambda: live.open)
    live.on_end(lambda run, seconds: _ended(metrics, run, seconds))
    if redis is not None:
        metrics.show_redis(lambda: redis.up)


def counted(metrics: Metrics) -> Callable[[Limit], None]:
    """What counts the requests that limits turn away."""
    return lambda limit: metrics.denials.labels(limit.whose, limit.kind).inc()


def _ended(metrics: Metrics, run: Run, seconds: float) -> None:
    metrics.run_seconds.observe(seconds)
    end = run.events[-1] if run.events else None
    if isinstance(end, Failure):
        metrics.failed_runs.labels(end.problem.code).inc()


def _held(database: Database) -> float | None:
    """In dollars. Figures that need no database are to be read without one, too."""
    try:
        return float(dollars(database.read(calls.held)))
    except ParleyError:
        return None
