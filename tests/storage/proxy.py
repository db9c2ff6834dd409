"""A cable to PostgreSQL that can be cut in the worst moment: while it commits."""

from __future__ import annotations

from contextlib import suppress
from typing import Literal, Self

import gevent
from gevent import socket
from gevent.pool import Pool
from gevent.server import StreamServer
from sqlalchemy.engine import make_url

# Whether a commit that was cut has reached the server.
Cut = Literal["before", "after"]


class Proxy:
    """`cut` decides over the next commit."""

    def __init__(self, url: str) -> None:
        self._target = make_url(url)
        self.cut: Cut | None = None
        self._made = self._silent = 0  # connections, and how many of them say nothing any more

    def __enter__(self) -> Self:
        self._server = StreamServer(("127.0.0.1", 0), self._serve, spawn=Pool())
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop(timeout=0)

    @property
    def url(self) -> str:
        here = self._target.set(port=self._server.server_port)
        return here.update_query_dict({"sslmode": "disable"}).render_as_string(hide_password=False)

    def silence(self) -> None:
        """Let nothing through any more on all connections that there are, and break none."""
        self._silent = self._made

    def _serve(self, client: socket.socket, _address: object) -> None:
        self._made += 1
        number = self._made
        there = (self._target.host, self._target.port)
        with client, socket.create_connection(there) as server, suppress(OSError):
            back = gevent.spawn(self._pass, server, client, number)
            try:
                self._listen(client, server, number, back)
            finally:
                back.kill()

    def _listen(
        self,
        client: socket.socket,
        server: socket.socket,
        number: int,
        back: gevent.Greenlet[..., None],
    ) -> None:
        while data := client.recv(65_536):
            self._wait(number)
            if self.cut is None or b"COMMIT" not in data:
                server.sendall(data)
                continue
            cut, self.cut = self.cut, None
            if cut == "after":
                back.kill()
                server.sendall(data)
                server.recv(65_536)  # it is done, and nobody will hear of it
            return

    def _pass(self, source: socket.socket, target: socket.socket, number: int) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                self._wait(number)
                target.sendall(data)
            target.shutdown(socket.SHUT_RDWR)

    def _wait(self, number: int) -> None:
        while number <= self._silent:
            gevent.sleep(0.01)
