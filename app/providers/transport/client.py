"""A lean HTTP/1.1 client for one purpose: post JSON, read a streamed body, close at any moment."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

import httpx2

from app.providers.transport.body import Body, BrokenFraming, body_of
from app.providers.transport.connection import Connection, Origin, Patience, connect

# Seconds. Servers close idle connections after 5 to 75; a young one is surely still there.
_IDLE = 15.0
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
                patience.heard = True
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
        return self._body.done and self.headers.get("connection", "").lower() != "close"


class Client:
    """Connections kept by origin. `post` is its one use."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._idle: dict[Origin, list[tuple[float, Connection]]] = {}
        self._tls = httpx2.create_ssl_context()

    @contextmanager
    def post(self, url: str, headers: bytes, content: bytes) -> Iterator[Response]:
        """Post `content`. `headers` are finished lines, each with its CRLF.

        Leaving the block in the middle of the body closes the connection, so that the server
        stops; leaving it at the end keeps the connection for the next one.

        Raises:
            OSError, urllib3.exceptions.HTTPError: no connection, or a broken one.
            Silence, Truncated, BrokenFraming: as `Response.chunks`.
        """
        target = urlsplit(url)
        origin = Origin.of(target)
        connection = self._take(origin)
        response = None
        try:
            head = _request_head(target, connection.proxy_headers, len(content))
            connection.send(head + headers + b"\r\n" + content)
            response = self._receive(connection)
            yield response
        finally:
            if response is not None and response.reusable:
                self._idle.setdefault(origin, []).append((time.monotonic(), connection))
            else:
                connection.close()

    def close(self) -> None:
        while self._idle:
            for _, connection in self._idle.popitem()[1]:
                connection.close()

    def _take(self, origin: Origin) -> Connection:
        kept = self._idle.get(origin, [])
        while kept:
            since, connection = kept.pop()
            if since > time.monotonic() - _IDLE and connection.fresh:
                return connection
            connection.close()
        return connect(origin, self._limits.connect, self._tls)

    def _receive(self, connection: Connection) -> Response:
        data = b""
        with Patience(self._limits.first_byte, "first_byte"):
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
        return Response(status, headers, connection, body_of(headers), data, self._limits)


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
    return int(rest[:3]), {name.strip().lower(): value.strip() for name, _, value in pairs}
