"""Looking, every few minutes, whether money or errors are far from what is usual.

One worker at a time looks; and where two do all the same, the database lets one of them tell.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime

import gevent
import structlog

from app.cluster.claims import Claims
from app.cluster.connection import RedisAway
from app.errors import ParleyError
from app.ids import now
from app.metrics import Metrics
from app.services.unusual import DAYS, Anomaly, Seen, Threshold, anomalies
from app.storage import hours
from app.storage.database import Database, Transaction
from app.storage.hours import HOUR, Hour
from app.webhooks import Webhook

log = structlog.get_logger()

_EVERY = 300.0  # seconds
_DAY = 24 * HOUR
# What was begun in an hour has ended so long after it, and its sums will not change any more.
_SETTLED = HOUR // 4
_CLAIM = "anomalies"


class Anomalies:
    """It looks from `start` to `close`. Without `claims` there is no other worker."""

    def __init__(
        self,
        database: Database,
        metrics: Metrics,
        news: Webhook,
        threshold: Threshold,
        claims: Claims | None = None,
        every: float = _EVERY,
    ) -> None:
        self._database = database
        self._metrics = metrics
        self._news = news
        self._threshold = threshold
        self._claims = claims
        self._every = every
        self._looking: gevent.Greenlet[[], None] | None = None

    def start(self) -> None:
        if self._threshold.factor:
            self._looking = gevent.spawn(self._work)

    def close(self) -> None:
        if self._looking is not None:
            self._looking.kill()
        if self._claims is not None:
            self._claims.close()

    def look(self, moment: int) -> Sequence[Anomaly]:
        """Tell of what is unusual and new at this moment. Raises Unavailable."""
        this = moment // HOUR * HOUR
        starts = [this] if moment < this + _SETTLED else [this - HOUR, this]
        told = []
        for start in starts:
            seen = self._seen(start, min(moment, start + HOUR))
            told += [a for a in anomalies(seen, self._threshold) if self._is_new(a, moment)]
        for anomaly in told:
            self._tell(anomaly)
        return told

    def _seen(self, start: int, until: int) -> Seen:
        days = [start - day * _DAY for day in range(1, DAYS + 1)]

        def read(tx: Transaction) -> tuple[Hour, dict[int, Hour], dict[int, Hour]]:
            first = hours.first(tx)
            due = [day for day in days if first is not None and day >= first // HOUR * HOUR]
            known = dict(hours.remembered(tx, due))
            new = {day: hours.summed(tx, day) for day in due if day not in known}
            return hours.summed(tx, start), known, new

        hour, known, new = self._database.report(read)
        if new:
            self._database.write(lambda tx: hours.remember(tx, new))
        past = {**known, **new}
        return Seen(start, until, hour, [past[day] for day in days if day in past])

    def _is_new(self, anomaly: Anomaly, moment: int) -> bool:
        said = anomaly.kind, anomaly.hour, moment, anomaly.sentence
        return self._database.write(lambda tx: hours.note(tx, *said))

    def _tell(self, anomaly: Anomaly) -> None:
        hour = datetime.fromtimestamp(anomaly.hour / 1000, UTC).isoformat()
        said = {**asdict(anomaly), "hour": hour}
        log.warning("anomaly", **said)
        self._metrics.anomalies.labels(anomaly.kind).inc()
        self._news.post("anomaly", said)

    def _work(self) -> None:
        # Workers that are started together do not all ask at once.
        gevent.sleep(random.uniform(0, self._every / 5))  # noqa: S311  # no secret hangs on it
        while True:
            try:
                self._look_alone()
            except ParleyError as error:
                log.warning("not_watched", reason=error.detail)
            gevent.sleep(self._every)

    def _look_alone(self) -> None:
        if not self._is_mine():
            return
        try:
            self.look(now())
        finally:
            if self._claims is not None:  # what one has seen the others need not see again
                self._claims.release(_CLAIM, after=self._every * 0.9)

    def _is_mine(self) -> bool:
        try:
            return self._claims is None or self._claims.claim(_CLAIM)
        except RedisAway:
            return True
