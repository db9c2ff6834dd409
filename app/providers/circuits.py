"""What the breakers of several workers tell one another: a circuit is the same at all of them.

Nothing is asked while a circuit is closed. One that opens or closes is news for all; the probe of
one that is half open is claimed in Redis. Without Redis each worker goes by what it sees.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import structlog

from app.cluster.bus import Bus
from app.cluster.claims import Claims
from app.cluster.connection import Connection, RedisAway

log = structlog.get_logger()

_TOPIC = "circuit"
# Seconds in which all have heard that a probe has failed; before, nobody else is to try.
_HEARD = 1.0

# A provider and its model; how many seconds it is left alone, 0: it is well.
Hear = Callable[[str, str, float], None]


class Circuits(Protocol):
    """No method raises because Redis is away."""

    def on_news(self, hear: Hear) -> None:
        """Be told what other workers tell."""
        ...

    def tell(self, provider: str, model: str, pause: float) -> None: ...

    def claim(self, provider: str, model: str) -> bool:
        """Whether we may probe; nobody else may until `release`."""
        ...

    def release(self, provider: str, model: str, *, failed: bool) -> None: ...


class OwnCircuits:
    """Of a worker that is alone."""

    def on_news(self, hear: Hear) -> None:
        return

    def tell(self, provider: str, model: str, pause: float) -> None:
        return

    def claim(self, provider: str, model: str) -> bool:
        return True

    def release(self, provider: str, model: str, *, failed: bool) -> None:
        return


class SharedCircuits:
    def __init__(self, connection: Connection, bus: Bus) -> None:
        self._bus = bus
        self._claims = Claims(connection)

    def on_news(self, hear: Hear) -> None:
        def heard(said: Mapping[str, Any]) -> None:
            hear(said["provider"], said["model"], said["pause"])

        self._bus.on(_TOPIC, heard)

    def tell(self, provider: str, model: str, pause: float) -> None:
        try:
            self._bus.announce(_TOPIC, {"provider": provider, "model": model, "pause": pause})
        except RedisAway:
            log.warning("circuit_not_told", provider=provider, model=model)

    def claim(self, provider: str, model: str) -> bool:
        try:
            return self._claims.claim(_name(provider, model))
        except RedisAway:
            return True

    def release(self, provider: str, model: str, *, failed: bool) -> None:
        self._claims.release(_name(provider, model), _HEARD if failed else 0.0)

    def close(self) -> None:
        """Let go of what is claimed."""
        self._claims.close()


def _name(provider: str, model: str) -> str:
    return f"probe:{provider}/{model}"
