"""One connection to a model server, read by our own rules.

The ways of urllib3 and httpx2 to read a body cost three times what this one does. Waiting until
bytes are there before asking for them saves the failing first `recv` of a patched socket.
"""

from __future__ import annotations

import select
import ssl
import time
from collections.abc import Callable
from typing import Any, NamedTuple, Self
from urllib.parse import SplitResult

from gevent import get_hub, getcurrent
from gevent.monkey import get_original

from app.providers.transport.opening import open_socket

_READ = 65_536
_poll = get_original("select", "poll")


class Silence(TimeoutError):
    """Nothing came for as long as was allowed. `limit` names the limit: first_byte or read."""

    def __init__(self, limit: str) -> None:
        super().__init__(limit)
        self.limit = limit


class Origin(NamedTuple):
    """Where a connection leads to. Connections are pooled by it."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: SplitResult) -> Origin:
        return cls(
            url.scheme, url.hostname or "", url.port or (443 if url.scheme == "https" else 80)
        )


class Connection:
    """An open socket. With `proxy_headers` a request must name the whole URL and send them.

    The watcher on the loop stays on between two reads, which come one after another for as long
    as an answer lasts. It is turned off when there is something to read and nobody who reads.
    """

    def __init__(self, sock: Any, proxy_headers: bytes | None) -> None:
        self._sock = sock
        self._tls = isinstance(sock, ssl.SSLSocket)
        # Below gevent's recv, whose own waiting would double ours.
        self._recv: Callable[[int], bytes] = sock.recv if self._tls else sock._sock.recv
        self.proxy_headers = proxy_headers
        self._hub = get_hub()
        self._watcher = self._hub.loop.io(sock.fileno(), 1)
        self._watching = False
        self._reader: Any = None

    def send(self, data: bytes) -> None:
        sent = 0 if self._tls else self._send(data)
        if sent < len(data):
            self._sock.sendall(memoryview(data)[sent:])

    def _send(self, data: bytes) -> int:
        """What the kernel takes at once: gevent's `sendall` makes six calls of it."""
        try:
            return int(self._sock._sock.send(data))
        except BlockingIOError:
            return 0

    def read(self) -> bytes:
        """What has arrived, waiting for it if need be; empty when the other side has closed."""
        if self._tls and self._sock.pending():
            return self._recv(_READ)
        while True:
            if not self._watching:
                self._watching = True
                self._watcher.start(self._readable)
            self._reader = getcurrent()
            try:
                self._hub.switch()
            finally:
                self._reader = None
            try:
                return self._recv(_READ)
            except BlockingIOError:
                continue

    def _readable(self) -> None:
        if self._reader is not None:
            self._reader.switch()
        else:
            self._watching = False
            self._watcher.stop()

    @property
    def fresh(self) -> bool:
        """Whether an idle connection is still open: what is readable has been closed."""
        poll = _poll()
        poll.register(self._sock.fileno(), select.POLLIN)
        return not poll.poll(0)

    def close(self) -> None:
        self._watcher.stop()
        self._watcher.close()
        self._sock.close()


class Patience:
    """Throws Silence into the greenlet that made it, `seconds` after `heard_at` (monotonic).

    A read costs no more than noting when it was: one timer serves as long as something comes, and
    is set anew for the rest when it finds that something came.
    """

    def __init__(self, seconds: float, limit: str) -> None:
        self.heard_at = time.monotonic()
        self._seconds = seconds
        self._throw, self._error = getcurrent().throw, Silence(limit)
        self._timer = self._set(seconds)

    def _set(self, seconds: float) -> Any:
        timer = get_hub().loop.timer(seconds)
        timer.start(self._look)
        return timer

    def _look(self) -> None:
        left = self.heard_at + self._seconds - time.monotonic()
        if left > 0:
            self._timer.close()
            self._timer = self._set(left)
        else:
            self._throw(self._error)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.stop()
        self._timer.close()


def connect(origin: Origin, timeout: float, tls: ssl.SSLContext) -> Connection:
    """Open a connection within `timeout` seconds, through the environment's proxy, if any.

    Raises what `open_socket` says: OSError and urllib3.exceptions.HTTPError.
    """
    return Connection(*open_socket(*origin, timeout, tls))
