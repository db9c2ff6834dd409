"""The gunicorn worker: gevent's, with what a server of streams needs besides."""

from __future__ import annotations

from typing import Any

from gevent import socket
from gunicorn.workers.ggevent import GeventWorker


class LeanSocket(socket.socket):
    """A socket whose `sendall` asks the kernel once.

    gevent's asks for the size of the send buffer before each send, which for a token costs a
    quarter of sending it.
    """

    def sendall(self, data: Any, flags: int = 0) -> None:
        sent = self.send(data, flags)
        if sent < len(data):
            super().sendall(memoryview(data)[sent:], flags)


class Worker(GeventWorker):  # type: ignore[misc]  # gunicorn has no types
    def handle(self, listener: Any, client: Any, addr: Any) -> None:
        if type(client) is socket.socket:  # and not TLS, which frames what it sends
            client = LeanSocket(client.family, client.type, client.proto, client.detach())
        super().handle(listener, client, addr)
