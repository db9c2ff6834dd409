"""A worker's pulse: how late its event loop is, and the gauges that somebody has to look at."""

from __future__ import annotations

import time

import gevent

from app.metrics import Metrics

_BEAT = 0.5  # seconds


class Pulse:
    """It beats from `start` to `close`."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._beating: gevent.Greenlet[[], None] | None = None

    def start(self) -> None:
        self._metrics.workers.set(1)
        self._beating = gevent.spawn(self._beat)

    def close(self) -> None:
        if self._beating is not None:
            self._beating.kill()
        self._metrics.look()

    def _beat(self) -> None:
        delay = self._metrics.loop_delay
        while True:
            due = time.monotonic() + _BEAT
            gevent.sleep(_BEAT)
            delay.observe(max(0.0, time.monotonic() - due))
            self._metrics.look()
