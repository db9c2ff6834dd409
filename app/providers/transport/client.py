"""A lean HTTP/1.1 client for one purpose: post JSON, read a streamed body, close at any moment."""

from __future__ import annotations

import ssl
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from app.providers.transport import trust
from app.providers.transport.connection import Connection, Origin, Patience, connect
from app.providers.transport.response import Limits, Response, receive

# Seconds. Servers close idle connections after 5 to 75; a young one is surely still there.
_IDLE = 15.0
_KEPT = 256  # idle connections to one origin


class Client:
    """Connections kept by origin."""

    def __init__(self, limits: Limits, tls: ssl.SSLContext | None = None) -> None:
        self.limits = limits
        self._idle: dict[Origin, deque[tuple[float, Connection]]] = {}
        self._tls = tls or trust.context(None)

    @contextmanager
    def post(
        self, url: str, headers: bytes, content: bytes, limits: Limits | None = None
    ) -> Iterator[Response]:
        """Post `content` and wait for the response's head. Raises as `Sent`."""
        with self.sent(url, headers, content, limits) as receive:
            yield receive()

    def sent(self, url: str, headers: bytes, content: bytes, limits: Limits | None = None) -> Sent:
        """Post `content`, as a block. `headers` are finished lines, each with its CRLF.

        `limits` are for this call in place of the client's own.
        """
        return Sent(self, _Posted(urlsplit(url), headers, content), limits or self.limits)

    def close(self) -> None:
        while self._idle:
            for _, connection in self._idle.popitem()[1]:
                connection.close()

    def keep(self, origin: Origin, connection: Connection) -> None:
        """What a rush has opened goes again: the oldest first, being used last."""
        kept = self._idle.setdefault(origin, deque())
        kept.append((time.monotonic(), connection))
        while len(kept) > _KEPT or kept[0][0] < time.monotonic() - _IDLE:
            kept.popleft()[1].close()

    def take(self, origin: Origin, limits: Limits) -> Connection:
        kept = self._idle.get(origin)
        while kept:
            since, connection = kept.pop()
            if since > time.monotonic() - _IDLE and connection.fresh:
                return connection
            connection.close()
        return connect(origin, limits.connect, self._tls)


class _Posted(NamedTuple):
    target: SplitResult
    headers: bytes
    content: bytes

    def over(self, connection: Connection) -> bytes:
        head = _request_head(self.target, connection.proxy_headers, len(self.content))
        return head + self.headers + b"\r\n" + self.content


class Sent:
    """The block in which a request is answered. It is entered when the request is sent.

    What is entered with waits for the response, and is called once.
    Leaving the block in the middle of the body closes the connection, so that the server stops;
    leaving it at the end keeps the connection for the next one.

    Raises:
        OSError, urllib3.exceptions.HTTPError: no connection, or a broken one.
        Silence, Truncated, BrokenFraming: as `Response.chunks`.
    """

    __slots__ = ("_client", "_connection", "_limits", "_origin", "_posted", "_response")

    def __init__(self, client: Client, posted: _Posted, limits: Limits) -> None:
        self._client = client
        self._posted: _Posted | None = posted
        self._limits = limits
        self._origin = Origin.of(posted.target)
        self._response: Response | None = None

    def __enter__(self) -> Callable[[], Response]:
        # Let go of: it may be long, and the answer may last.
        posted, self._posted = self._posted, None
        assert posted is not None, "a block is entered once"
        self._connection = self._client.take(self._origin, self._limits)
        try:
            # A server that does not read what we send is as silent as one that does not answer.
            with Patience(self._limits.first_byte, "first_byte"):
                self._connection.send(posted.over(self._connection))
        except BaseException:
            self._connection.close()
            raise
        return self._receive

    def __exit__(self, *_: object) -> None:
        if self._response is not None and self._response.reusable:
            self._client.keep(self._origin, self._connection)
        else:
            self._connection.close()

    def _receive(self) -> Response:
        with Patience(self._limits.first_byte, "first_byte"):
            self._response = receive(self._connection, self._limits)
        return self._response


def _request_head(target: SplitResult, proxy_headers: bytes | None, length: int) -> bytes:
    path = target.path or "/"
    if target.query:
        path += f"?{target.query}"
    if proxy_headers is not None:
        path = f"{target.scheme}://{target.netloc}{path}"
    host = target.netloc.rpartition("@")[2]
    lines = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n"
    return lines.encode("ascii") + (proxy_headers or b"")
