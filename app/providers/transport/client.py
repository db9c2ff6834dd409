"""A lean HTTP/1.1 client for one purpose: post JSON, read a streamed body, close at any moment."""

from __future__ import annotations

import ssl
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from app.providers.transport import trust
from app.providers.transport.body import Body, BrokenFraming, body_of
from app.providers.transport.connection import Connection, Origin, Patience, connect

# Seconds. Servers close idle connections after 5 to 75; a young one is surely still there.
_IDLE = 15.0
_KEPT = 256  # idle connections to one origin
_HEAD_LIMIT = 65_536


class Truncated(ConnectionError):
    """The connection ended before the response did."""


@dataclass(frozen=True)
class Limits:
    """In seconds: to connect, from the request to the first byte, and between two reads."""

    connect: float
    first_byte: float
    read: float


@dataclass
class Response:
    """A response whose head has arrived. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    _connection: Connection
    _body: Body
    _early: bytes  # what came of the body together with the head
    _limits: Limits

    def chunks(self) -> Iterator[bytes]:
        """The body, as much at a time as one read brings.

        Raises:
            Silence: nothing came for `limits.read` seconds.
            Truncated: the connection ended in the middle.
            BrokenFraming: what came is not HTTP.
        """
        body, read = self._body, self._connection.read
        if self._early and (part := body.feed(self._early)):
            yield part
        if body.done:
            return
        with Patience(self._limits.read, "read") as patience:
            while not body.done:
                data = read()
                patience.heard_at = time.monotonic()
                if not data:
                    if body.may_end:
                        return
                    raise Truncated("The connection ended in the middle of the response.")
                if part := body.feed(data):
                    yield part

    def text(self, limit: int = 65_536) -> bytes:
        """The whole of a small body, such as an error's; cut at `limit` bytes."""
        whole = b""
        for part in self.chunks():
            whole += part
            if len(whole) >= limit:
                break
        return whole[:limit]

    @property
    def reusable(self) -> bool:
        return self._body.clean and "close" not in self.headers.get("connection", "").lower()


class Client:
    """Connections kept by origin. `sent` is its one use."""

    def __init__(self, limits: Limits, tls: ssl.SSLContext | None = None) -> None:
        self.limits = limits
        self._idle: dict[Origin, deque[tuple[float, Connection]]] = {}
        self._tls = tls or trust.context(None)

    @contextmanager
    def post(
        self, url: str, headers: bytes, content: bytes, limits: Limits | None = None
    ) -> Iterator[Response]:
        """Post `content` and wait for the response's head. Raises as `sent`."""
        with self.sent(url, headers, content, limits) as receive:
            yield receive()

    @contextmanager
    def sent(
        self, url: str, headers: bytes, content: bytes, limits: Limits | None = None
    ) -> Iterator[Callable[[], Response]]:
        """Post `content`. `headers` are finished lines, each with its CRLF.

        What is yielded waits for the response, and is called once. `limits` are for this call in
        place of the client's own.

        Leaving the block in the middle of the body closes the connection, so that the server
        stops; leaving it at the end keeps the connection for the next one.

        Raises:
            OSError, urllib3.exceptions.HTTPError: no connection, or a broken one.
            Silence, Truncated, BrokenFraming: as `Response.chunks`.
        """
        target = urlsplit(url)
        origin = Origin.of(target)
        limits = limits or self.limits
        connection = self._take(origin, limits)
        received: list[Response] = []

        def receive() -> Response:
            with Patience(limits.first_byte, "first_byte"):
                received.append(_receive(connection, limits))
            return received[0]

        try:
            head = _request_head(target, connection.proxy_headers, len(content))
            # A server that does not read what we send is as silent as one that does not answer.
            with Patience(limits.first_byte, "first_byte"):
                connection.send(head + headers + b"\r\n" + content)
            del content, headers, head
            yield receive
        finally:
            if received and received[0].reusable:
                self._keep(origin, connection)
            else:
                connection.close()

    def close(self) -> None:
        while self._idle:
            for _, connection in self._idle.popitem()[1]:
                connection.close()

    def _keep(self, origin: Origin, connection: Connection) -> None:
        """What a rush has opened goes again: the oldest first, being used last."""
        kept = self._idle.setdefault(origin, deque())
        kept.append((time.monotonic(), connection))
        while len(kept) > _KEPT or kept[0][0] < time.monotonic() - _IDLE:
            kept.popleft()[1].close()

    def _take(self, origin: Origin, limits: Limits) -> Connection:
        kept = self._idle.get(origin)
        while kept:
            since, connection = kept.pop()
            if since > time.monotonic() - _IDLE and connection.fresh:
                return connection
            connection.close()
        return connect(origin, limits.connect, self._tls)


def _receive(connection: Connection, limits: Limits) -> Response:
    data = b""
    while True:
        while (end := data.find(b"\r\n\r\n")) < 0:
            more = connection.read()
            if not more:
                raise Truncated("The connection ended before the response began.")
            data += more
            if len(data) > _HEAD_LIMIT:
                raise BrokenFraming("The head of the response has no end.")
        status, headers = _parse_head(data[:end])
        data = data[end + 4 :]
        if status >= 200:  # 1xx are only announcements
            break
    return Response(status, headers, connection, body_of(headers), data, limits)


def _request_head(target: SplitResult, proxy_headers: bytes | None, length: int) -> bytes:
    path = target.path or "/"
    if target.query:
        path += f"?{target.query}"
    if proxy_headers is not None:
        path = f"{target.scheme}://{target.netloc}{path}"
    host = target.netloc.rpartition("@")[2]
    lines = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n"
    return lines.encode("ascii") + (proxy_headers or b"")


def _parse_head(head: bytes) -> tuple[int, dict[str, str]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    version, _, rest = first.partition(" ")
    if not version.startswith("HTTP/1.") or not rest[:3].isdigit():
        raise BrokenFraming("The response does not begin as HTTP does.")
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    if version == "HTTP/1.0":  # it closes, unless it says otherwise
        headers.setdefault("connection", "close")
    return int(rest[:3]), headers
