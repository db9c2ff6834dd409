"""What stands behind nginx where only what nginx sends is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

from gevent import socket
from gevent.event import Event
from gevent.pool import Pool
from gevent.server import StreamServer

_SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
# Its end is that of the connection: what comes in chunks nginx holds back less.
_BEGUN = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\none"
_MORE = b"two"
_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass
class Recorder:
    """`heads` are the requests' first lines and headers, `connections` on how many they came.

    An upgrade is granted, and what comes after it sent back. The answer of a stream begins, goes
    on when `more` is set, and does not end; when its caller has gone, `left` has its first line.
    """

    heads: list[dict[str, str]] = field(default_factory=list)
    connections: int = 0
    left: list[str] = field(default_factory=list)
    more: Event = field(default_factory=Event)

    def __enter__(self) -> Self:
        self._server = StreamServer(("127.0.0.1", 0), self._serve, spawn=Pool())
        self._server.start()
        self.address = f"127.0.0.1:{self._server.server_port}"
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop(timeout=0)

    def _serve(self, sock: socket.socket, _address: object) -> None:
        self.connections += 1
        with sock, sock.makefile("rb") as lines:
            while head := _head(lines):
                self.heads.append(head)
                if "upgrade" in head:
                    sock.sendall(_SWITCH)
                    while said := sock.recv(1024):
                        sock.sendall(said)
                    return
                if "/stream" in head[""]:
                    self._begin(sock, head)
                    return
                sock.sendall(_OK)

    def _begin(self, sock: socket.socket, head: dict[str, str]) -> None:
        sock.sendall(_BEGUN)
        self.more.wait(5)
        sock.sendall(_MORE)
        sock.recv(1)
        self.left.append(head[""])


def _head(lines: Any) -> dict[str, str]:
    """Empty where the connection has ended."""
    first = lines.readline().decode().strip()
    head = {"": first} if first else {}
    while line := lines.readline().decode("latin-1").strip():
        name, _, value = line.partition(": ")
        head[name.lower()] = value
    return head
