"""The public web, as far as these tests go: one TLS server on loopback."""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Iterator, Sequence

from gevent import socket

from tests.providers.transport.authority import LOCAL, Authority
from tests.providers.transport.servers import Scripted, request_of, wait_for_the_client


class Web(Scripted):
    """Gives its `answers`, one for each connection; each is sent piece by piece.

    `asked` has the requests. It stays until the client has left, unless it `leaves` first.
    """

    def __init__(
        self,
        authority: Authority,
        *answers: Iterable[bytes],
        names: str = LOCAL,
        days: int = 2,
        leaves: bool = False,
    ) -> None:
        super().__init__(self._answer)
        self._context = authority.server(names, days)
        self.answers: Sequence[Iterable[bytes]] = answers
        self._leaves = leaves
        self.asked: list[bytes] = []

    @property
    def url(self) -> str:
        return f"https://model.test:{self.port}/picture"

    def _answer(self, sock: socket.socket, number: int) -> None:
        try:
            with self._context.wrap_socket(sock, server_side=True) as secure:
                self.asked.append(request_of(secure))
                for piece in self.answers[number - 1]:
                    secure.sendall(piece)
                if not self._leaves:
                    wait_for_the_client(secure)
        except (ssl.SSLError, OSError):  # whoever does not trust us leaves
            return


def whole(body: bytes, status: str = "200 OK") -> list[bytes]:
    """With a length, and under no obligation to stay."""
    return [f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode(), body]


def chunked(body: bytes, size: int = 1_000) -> Iterator[bytes]:
    """Without a length."""
    yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    for at in range(0, len(body), size):
        piece = body[at : at + size]
        yield b"%x\r\n%b\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"


def leading_to(address: str, status: str = "302 Found") -> list[bytes]:
    return [f"HTTP/1.1 {status}\r\nLocation: {address}\r\nContent-Length: 0\r\n\r\n".encode()]
