"""News for another server: posted as JSON, signed, and tried again until it is taken.

The header `X-Parley-Signature` is `t=SECONDS,v1=HEX`, where HEX is the HMAC-SHA256, with the shared
secret, of `SECONDS.BODY`. A receiver checks it and refuses what is older than a few minutes.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Mapping
from typing import Any

import msgspec
import requests
import structlog
from gevent.event import Event
from gevent.pool import Pool

log = structlog.get_logger()

_WAITS = (1.0, 4.0, 15.0, 60.0)  # seconds before each further try


def sign(secret: str, moment: int, body: bytes) -> str:
    mac = hmac.new(secret.encode(), f"{moment}.".encode() + body, "sha256")
    return f"t={moment},v1={mac.hexdigest()}"


class Webhook:
    """One receiver. Without a `url` news go nowhere. At most 100 are under way at once."""

    def __init__(
        self, url: str | None, secret: str | None, waits: tuple[float, ...] = _WAITS
    ) -> None:
        self._url = url
        self._secret = secret or ""
        self._waits = waits
        self._pool = Pool(100)
        self._closing = Event()

    def post(self, event: str, data: Mapping[str, Any]) -> None:
        """Send it from a greenlet of its own; nobody waits for it."""
        if self._url is None:
            return
        if self._pool.free_count() == 0:
            log.error("webhook_dropped", news=event, reason="too many are under way")
            return
        moment = int(time.time())
        body = msgspec.json.encode({"event": event, "created_at": moment, **data})
        self._pool.spawn(self._deliver, event, body)

    def close(self, seconds: float = 2.0) -> None:
        """What waits is tried a last time at once; then what is under way gets so long, no more."""
        self._closing.set()
        self._pool.join(timeout=seconds)
        self._pool.kill(block=False)

    def _deliver(self, event: str, body: bytes) -> None:
        for wait in (*self._waits, None):
            last = wait is None or self._closing.is_set()
            problem = self._posted(body)
            if problem is None:
                return
            log.warning(
                "webhook_failed", news=event, reason=problem, again_in=None if last else wait
            )
            if last:
                return
            self._closing.wait(wait)

    def _posted(self, body: bytes) -> str | None:
        """What went wrong, None if nothing did."""
        headers = {
            "Content-Type": "application/json",
            "X-Parley-Signature": sign(self._secret, int(time.time()), body),
        }
        try:
            answer = requests.post(
                str(self._url), body, headers=headers, timeout=10, allow_redirects=False
            )
        except requests.RequestException as error:
            return type(error).__name__
        # A redirect is not followed: it could lead anywhere, and its sender is not who was named.
        return None if answer.status_code < 300 else f"status {answer.status_code}"
