"""A proxy that cuts connections, at whatever byte chance has it."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import gevent
from gevent import socket
from gevent.server import StreamServer

_RESET = struct.pack("ii", 1, 0)  # lingering for 0 seconds makes close() send RST


class Cutter:
    """Each connection gets some of `least` to `most` bytes, whatever it is used for."""

    def __init__(self, target: str, seed: int, most: int, least: int = 0) -> None:
        address = urlsplit(target)
        self._target = (str(address.hostname), int(address.port or 80))
        self._random = random.Random(seed)
        self._bytes = least, most
        self._server = StreamServer(("127.0.0.1", 0), self._serve)
        self.cuts = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def running(self) -> Iterator[Cutter]:
        self._server.start()
        try:
            yield self
        finally:
            self._server.stop(timeout=0)

    def _serve(self, client: socket.socket, _address: object) -> None:
        left = self._random.randrange(*self._bytes)
        with client, socket.create_connection(self._target) as server:
            there = gevent.spawn(_pass_on, client, server)
            try:
                if not self._answer(server, client, left):
                    self.cuts += 1
                    if self._random.random() < 0.5:
                        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            except OSError:
                pass  # the client has gone by itself
            finally:
                there.kill()

    def _answer(self, server: socket.socket, client: socket.socket, left: int) -> bool:
        """False: it was cut."""
        while part := server.recv(65_536):
            client.sendall(part[:left])
            left -= len(part)
            if left <= 0:
                return False
        return True


def _pass_on(client: socket.socket, server: socket.socket) -> None:
    """What the client sends, and that it has gone."""
    try:
        while part := client.recv(65_536):
            server.sendall(part)
        server.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # either side is gone, which the other way of the connection shows as well
