"""Connections to Redis that are made to the end, whoever waits for them."""

from __future__ import annotations

from typing import Any

import gevent
import redis


class _Whole:
    """redis-py leaves a socket open where the greenlet that connects it is killed.

    So another does it, and who is killed meanwhile ends when that has ended. The time limits of a
    connection hold for both.
    """

    is_connected: bool

    def connect(self) -> None:
        if self.is_connected:
            return
        connecting = gevent.spawn(self._outcome)
        try:
            error = connecting.get()
        except BaseException:
            connecting.join()
            raise
        if error is not None:
            raise error

    def _outcome(self) -> Exception | None:
        connection: Any = super()
        try:
            connection.connect()
        except Exception as error:  # raised where it is waited for
            return error
        return None


class Tcp(_Whole, redis.Connection):
    pass


class Tls(_Whole, redis.SSLConnection):
    pass


class Unix(_Whole, redis.UnixDomainSocketConnection):
    pass


def kind(url: str) -> type[redis.Connection]:
    """The class for the way that a URL names."""
    kinds: dict[str, Any] = {"rediss": Tls, "unix": Unix}
    found: type[redis.Connection] = kinds.get(url.partition(":")[0], Tcp)
    return found
