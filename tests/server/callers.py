"""Callers made of bare sockets: they cost little, hold still, and leave as browsers do."""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Callable, Mapping
from http.client import HTTPResponse
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import gevent

from tests.server.process import Server

STREAM, WHOLE = "/api/chat/stream", "/api/chat"
_RESET = struct.pack("ii", 1, 0)  # lingering for 0 seconds makes close() send RST


class Caller:
    """One request on a connection of its own: a POST where there is a body, else a GET."""

    def __init__(
        self,
        server: Server,
        path: str,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        address = urlsplit(server.url)
        self._sock = socket.create_connection((address.hostname, address.port))
        self._answer: HTTPResponse | None = None
        content = b"" if body is None else json.dumps(body).encode()
        lines = [
            f"{'GET' if body is None else 'POST'} {path} HTTP/1.1",
            f"Host: {address.netloc}",
            "Content-Type: application/json",
            f"Content-Length: {len(content)}",
            *(f"{name}: {value}" for name, value in (headers or {}).items()),
        ]
        self._sock.sendall("".join(f"{line}\r\n" for line in [*lines, ""]).encode() + content)

    @property
    def answer(self) -> HTTPResponse:
        """The answer, once its head is there."""
        if self._answer is None:
            self._answer = HTTPResponse(self._sock)
            self._answer.begin()
        return self._answer

    def read(self, size: int | None = None) -> bytes:
        """The next `size` bytes of the body, fewer at its end; without a size all that follow."""
        return self.answer.read(size)

    def read_until(self, mark: bytes) -> bytes:
        """The body up to the read that brought `mark`."""
        read = b""
        while mark not in read:
            more = self.answer.read1(65_536)
            assert more, f"The answer ended without {mark!r}: {read!r}"
            read += more
        return read

    def leave(self, *, reset: bool = False) -> float:
        """Close the connection, politely or not. When that was, by the monotonic clock."""
        if reset:
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        if self._answer is not None:
            self._answer.close()  # it holds the socket open, too
        left = time.monotonic()
        self._sock.close()
        return left

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.leave()


def get(server: Server, path: str) -> bytes:
    with Caller(server, path) as caller:
        assert caller.answer.status == 200
        return caller.read()


def until(condition: Callable[[], object], seconds: float = 10.0) -> float:
    """Wait for it, and return how long it took."""
    began = time.monotonic()
    with gevent.Timeout(seconds):
        while not condition():
            gevent.sleep(0.005)
    return time.monotonic() - began
