"""What stands at the other end in these tests: real servers on loopback."""

from __future__ import annotations

import ssl
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Self

import gevent
from gevent import socket
from gevent.pool import Pool
from gevent.server import StreamServer

from tests.upstream import Upstream

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
_LOOPBACK = ("127.0.0.1", 0)


@dataclass
class SecureUpstream(Upstream):
    """The model server behind TLS, as `localhost`."""

    tls: ssl.SSLContext = field(kw_only=True)
    connections: int = 0

    def __enter__(self) -> Self:
        super().__enter__()
        return self

    def _serve(self, sock: socket.socket, address: object) -> None:
        self.connections += 1
        with suppress(OSError):  # a client that does not trust us leaves
            super()._serve(self.tls.wrap_socket(sock, server_side=True), address)

    @property
    def port(self) -> int:
        return int(self._server.address[1])

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"


@dataclass
class Scripted:
    """Does with each connection what `play(sock, number)` does; the first has the number 1.

    `closed` counts the connections that are over.
    """

    play: Callable[[socket.socket, int], None]
    connections: int = 0
    closed: int = 0

    def __enter__(self) -> Self:
        self._server = StreamServer(_LOOPBACK, self._serve, spawn=Pool())
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop(timeout=0)

    @property
    def port(self) -> int:
        return int(self._server.address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def _serve(self, sock: socket.socket, _address: object) -> None:
        self.connections += 1
        with sock, suppress(ConnectionError):  # a client may leave at any moment
            self.play(sock, self.connections)
        self.closed += 1


class Proxy(Scripted):
    """Takes CONNECT and whole URLs, and leads to `port` of loopback whatever host they name.

    `asked` has the request lines, `credentials` what came with each in Proxy-Authorization.
    With `refusal`, such as "407 Authentication Required", nobody gets through.
    """

    def __init__(self, port: int = 0, refusal: str = "") -> None:
        super().__init__(self._lead)
        self._to = port
        self._refusal = refusal
        self.asked: list[str] = []
        self.credentials: list[str | None] = []

    def _lead(self, sock: socket.socket, _number: int) -> None:
        head = _head(sock)
        self.asked.append(head.partition(b"\r\n")[0].decode())
        self.credentials.append(_credentials(head))
        if self._refusal:
            sock.sendall(f"HTTP/1.1 {self._refusal}\r\nContent-Length: 0\r\n\r\n".encode())
            return
        with socket.create_connection(("127.0.0.1", self._to)) as upstream:
            if head.startswith(b"CONNECT "):
                sock.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                upstream.sendall(head)
            back = gevent.spawn(_pass_on, upstream, sock)
            _pass_on(sock, upstream)
            back.join()


def _head(sock: socket.socket) -> bytes:
    """Up to the empty line and what came with it."""
    head = b""
    while b"\r\n\r\n" not in head and (data := sock.recv(65_536)):
        head += data
    return head


def _credentials(head: bytes) -> str | None:
    for line in head.decode("latin-1").split("\r\n"):
        name, _, value = line.partition(": ")
        if name.lower() == "proxy-authorization":
            return b64decode(value.removeprefix("Basic ")).decode()
    return None


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


def request_of(sock: socket.socket) -> bytes:
    """One whole request, empty when the client has left."""
    whole = _head(sock)
    head, _, body = whole.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
    while len(body) < length and (data := sock.recv(65_536)):
        body, whole = body + data, whole + data
    return whole


def wait_for_the_client(sock: socket.socket) -> None:
    """Until it leaves."""
    while sock.recv(65_536):
        pass


@contextmanager
def deaf() -> Iterator[int]:
    """The port of a listener whose queue is full: nobody gets a connection, nor a refusal."""
    with ExitStack() as open_sockets:
        listener = open_sockets.enter_context(socket.socket())
        listener.bind(_LOOPBACK)
        listener.listen(0)
        with suppress(TimeoutError):
            for _ in range(16):
                waiting = open_sockets.enter_context(socket.socket())
                waiting.settimeout(0.1)
                waiting.connect(listener.getsockname())
        yield int(listener.getsockname()[1])
