"""The way to Redis: short patience, and none at all while it is known to be away.

Redis carries what moves, so nobody may wait for it: a command gets `_PATIENCE` seconds. Who waits
in vain finds out for all; from then on commands fail at once, until a ping is answered again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import gevent
import redis
import structlog
from gevent.event import Event
from redis.backoff import NoBackoff
from redis.exceptions import (
    BusyLoadingError,
    ClusterDownError,
    ConnectionError,  # noqa: A004  # redis' own, which the built-in one does not cover
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    TimeoutError,  # noqa: A004  # likewise
)
from redis.retry import Retry

from app.cluster import connecting
from app.errors import Unavailable

log = structlog.get_logger()

T = TypeVar("T")

_PATIENCE = 0.4  # seconds for a command, and as many to connect
_PING = 0.5  # seconds between two questions whether it is back
# Connections of one worker at most. Each is used for less than a millisecond at a time, but by as
# many as wait when Redis begins to hang.
_POOL = 1_000

# It is not there, or is and can't be used: it starts, it fails over, its memory is full. Of some
# of that redis-py knows no class.
_AWAY = (ConnectionError, TimeoutError, ClusterDownError, OutOfMemoryError, ReadOnlyError)
_UNUSABLE = ("NOREPLICAS", "MISCONF")


class RedisAway(Unavailable):
    """Redis is down, frozen, or of no use just now; it will be asked again without a restart."""

    def __init__(self) -> None:
        super().__init__(
            "What this server's workers share is out of reach just now. Try again in a moment.",
            retry_after=2,
        )


class Connection:
    """To one Redis, by URL. `prefix` begins every key; `certificates` is a file of whom to trust.

    With `verify` False the certificate of a rediss:// server is not checked (Heroku's own is
    self-signed).
    """

    def __init__(
        self,
        url: str,
        prefix: str = "parley",
        *,
        verify: bool = True,
        certificates: str | None = None,
    ) -> None:
        self._prefix = prefix
        self._url = url
        self._options = _options(url, verify, certificates)
        self._redis = self.client(_PATIENCE, _POOL)
        self._up = Event()
        self._up.set()
        self._closing = Event()
        self._asking: gevent.Greenlet[[], None] | None = None

    def client(self, patience: float, connections: int = 1) -> redis.Redis:
        """A client of its own, for one who waits for what comes, `patience` seconds at most."""
        return redis.Redis.from_url(
            self._url,
            max_connections=connections,
            socket_timeout=patience,
            socket_connect_timeout=_PATIENCE,
            retry=Retry(NoBackoff(), 0),
            connection_class=connecting.kind(self._url),
            **self._options,
        )

    def key(self, *names: str) -> str:
        return ":".join((self._prefix, *names))

    @property
    def up(self) -> bool:
        """Whether it answered when it was asked last."""
        return self._up.is_set()

    def wait(self) -> None:
        """Return when it is up."""
        self._up.wait()

    def run(self, work: Callable[[redis.Redis], T]) -> T:
        """What `work` returns, which is done once, or twice where a connection had died of age.

        Raises:
            RedisAway: within a second, and at once where that is known already.
        """
        if not self.up:
            raise RedisAway
        try:
            try:
                return work(self._redis)
            except ConnectionError as error:
                if isinstance(error, BusyLoadingError):
                    raise
                # After a restart of Redis every pooled connection is dead; a new one says more.
                self._redis.connection_pool.disconnect(inuse_connections=False)
                return work(self._redis)
        except RedisError as error:
            if not is_away(error):
                raise
            self.lost(error)
            raise RedisAway from error

    def lost(self, error: BaseException) -> None:
        """Take it for down, and ask until it is back."""
        if self.up:
            log.warning("redis_away", reason=type(error).__name__)
            self._up.clear()
            self._asking = gevent.spawn(self._ask)

    def _ask(self) -> None:
        while not self._closing.is_set():
            try:
                self._redis.connection_pool.disconnect(inuse_connections=False)
                # A write, because a replica that was left behind in a failover answers a ping.
                self._redis.set(self.key("up"), "", px=1000)
            except RedisError:
                self._closing.wait(_PING)
            else:
                log.warning("redis_back")
                self._up.set()
                return

    def close(self) -> None:
        self._closing.set()
        if self._asking is not None:
            self._asking.join()
        self._redis.close()


def is_away(error: RedisError) -> bool:
    """Whether Redis, and not what it was asked, is at fault."""
    return isinstance(error, _AWAY) or str(error).startswith(_UNUSABLE)


def _options(url: str, verify: bool, certificates: str | None) -> dict[str, Any]:
    """What depends on the way that a URL names."""
    if url.startswith("unix://"):
        return {}
    options: dict[str, Any] = {"socket_keepalive": True}
    if url.startswith("rediss://"):
        if not verify:
            return {**options, "ssl_cert_reqs": "none", "ssl_check_hostname": False}
        if certificates:
            return {**options, "ssl_ca_certs": certificates}
    return options
