"""What comes back on a connection: a head, and a body that is read as it comes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from app.providers.transport.body import Body, BrokenFraming, body_of
from app.providers.transport.connection import Connection, Patience

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


def receive(connection: Connection, limits: Limits) -> Response:
    """Wait for a head. Raises Truncated, BrokenFraming."""
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
