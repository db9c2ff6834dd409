"""One connection to a model server: opened by urllib3's rules, read by our own.

TLS, host names, tunnels through proxies and private CAs are what urllib3 and httpx2 are good at;
their way of reading a body costs three times what this one does. Waiting until bytes are there
before asking for them saves the failing first `recv` of a patched socket.
"""

from __future__ import annotations

import select
import ssl
from base64 import b64encode
from typing import Any, NamedTuple, Self
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies_environment, proxy_bypass

from gevent import get_hub, getcurrent
from gevent.monkey import get_original
from urllib3.connection import HTTPConnection, HTTPSConnection

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
        self.proxy_headers = proxy_headers
        self._hub = get_hub()
        self._watcher = self._hub.loop.io(sock.fileno(), 1)
        self._watching = False
        self._reader: Any = None
        self._tls = isinstance(sock, ssl.SSLSocket)

    def send(self, data: bytes) -> None:
        self._sock.sendall(data)

    def read(self) -> bytes:
        """What has arrived, waiting for it if need be; empty when the other side has closed."""
        if not (self._tls and self._sock.pending()):
            self._wait()
        data: bytes = self._sock.recv(_READ)
        return data

    def _wait(self) -> None:
        if not self._watching:
            self._watching = True
            self._watcher.start(self._readable)
        self._reader = getcurrent()
        try:
            self._hub.switch()
        finally:
            self._reader = None

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
    """Throws Silence into the greenlet that made it when `heard` was not set for `seconds`.

    One timer for a whole body, which looks four times in `seconds`, so that a read costs no more
    than setting a flag. The limit is kept to a quarter.
    """

    def __init__(self, seconds: float, limit: str) -> None:
        self.heard = False
        self._silent = 0
        self._throw, self._error = getcurrent().throw, Silence(limit)
        self._timer = get_hub().loop.timer(seconds / 4, seconds / 4)

    def _look(self) -> None:
        self._silent = 0 if self.heard else self._silent + 1
        self.heard = False
        if self._silent >= 4:
            self._throw(self._error)

    def __enter__(self) -> Self:
        self._timer.start(self._look)
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.stop()
        self._timer.close()


def connect(origin: Origin, timeout: float, tls: ssl.SSLContext) -> Connection:
    """Open a connection, through the proxy that the environment names for the origin, if any.

    Raises what urllib3 and ssl raise: OSError and urllib3.exceptions.HTTPError.
    """
    proxy = _proxy(origin)
    host, port = (proxy.hostname or "", proxy.port or 8080) if proxy else origin[1:]
    opened: HTTPConnection
    if origin.scheme == "https":
        opened = HTTPSConnection(host, port, timeout=timeout, ssl_context=tls)
        if proxy:
            opened.set_tunnel(origin.host, origin.port, _credentials(proxy))
    else:
        opened = HTTPConnection(host, port, timeout=timeout)
    opened.connect()
    opened.sock.settimeout(None)
    if proxy is None or origin.scheme == "https":
        return Connection(opened.sock, None)
    lines = [f"{name}: {value}\r\n" for name, value in _credentials(proxy).items()]
    return Connection(opened.sock, "".join(lines).encode("ascii"))


def _proxy(origin: Origin) -> SplitResult | None:
    """From HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY, as the standard library reads them."""
    if proxy_bypass(origin.host):
        return None
    proxies = getproxies_environment()
    named = proxies.get(origin.scheme) or proxies.get("all")
    return urlsplit(named if "://" in named else f"http://{named}") if named else None


def _credentials(proxy: SplitResult) -> dict[str, str]:
    if not proxy.username:
        return {}
    pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}".encode()
    return {"Proxy-Authorization": f"Basic {b64encode(pair).decode()}"}
