"""The gunicorn worker: gevent's, with what a server of streams needs besides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import gevent
from gevent import socket
from greenlet import greenlet
from gunicorn.workers.ggevent import GeventWorker


class LeanSocket(socket.socket):
    """A socket whose `sendall` asks the kernel once.

    gevent's asks for the size of the send buffer before each send, which for a token costs a
    quarter of sending it. Gunicorn writes a head and then its first chunk: both go out together.
    """

    _head = b""

    def sendall(self, data: Any, flags: int = 0) -> None:
        if data[:5] == b"HTTP/" and b"\r\nTransfer-Encoding: chunked\r\n" in data:
            self._head = data
            return
        if self._head:
            data, self._head = self._head + data, b""
        sent = self.send(data, flags)
        if sent < len(data):
            super().sendall(memoryview(data)[sent:], flags)

    @property
    def send_now(self) -> Callable[[bytes, int], int]:
        """The kernel's own send, which raises BlockingIOError where it would wait."""
        send: Callable[[bytes, int], int] = self._sock.send  # type: ignore[attr-defined]  # gevent's own
        return send


class Worker(GeventWorker):  # type: ignore[misc]  # gunicorn has no types
    """Ends with a word: on SIGTERM runs get their time, and idle connections none."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._idle: set[_Idle] = set()

    def load_wsgi(self) -> None:
        super().load_wsgi()
        self.application: Any = self.wsgi  # type: ignore[has-type]  # gunicorn has no types
        self.wsgi = self._apart

    def _apart(self, environ: Any, start_response: Any) -> Any:
        """Call the application in a greenlet of its own, which is gone when it has answered.

        The frames of Flask and its extensions go deep, and memory that a greenlet's stack has
        touched stays with it: the one that then waits for a stream's events was never there.
        """
        apart = greenlet(self.application)
        apart.gr_context = gevent.getcurrent().gr_context  # the request's id, for its log lines
        answer = apart.switch(environ, start_response)
        if not self.log.access_log_enabled:  # else it is told of all that was asked
            _let_go(environ, start_response.__self__.req)
        return answer

    def handle(self, listener: Any, client: Any, addr: Any) -> None:
        if type(client) is socket.socket:  # and not TLS, which frames what it sends
            client = LeanSocket(client.family, client.type, client.proto, client.detach())
        super().handle(listener, client, addr)

    def timeout_ctx(self) -> _Idle:
        """What gunicorn waits in for a connection's next request."""
        return _Idle(self.cfg.keepalive, self._idle)

    def handle_exit(self, sig: int, frame: Any) -> None:
        """SIGTERM: gunicorn stops accepting in a second and waits for what is being answered."""
        super().handle_exit(sig, frame)
        gevent.spawn(self._drain)

    def _drain(self) -> None:
        for idle in list(self._idle):
            idle.end()
        self.application.extensions["parley"].shut_down()


def _let_go(environ: dict[str, Any], request: Any) -> None:
    """An answer may last for minutes. Of what was asked gunicorn wants to know two things yet."""
    kept = environ["wsgi.file_wrapper"]
    environ.clear()
    environ["wsgi.file_wrapper"] = kept
    request.headers = [header for header in request.headers if header[0] == "CONNECTION"]


class _Idle(gevent.Timeout):
    """The wait for a request, which a shutdown need not wait for."""

    def __init__(self, seconds: float, waiting: set[_Idle]) -> None:
        super().__init__(seconds, cast(None, False))  # False: the block just ends
        self._waiting = waiting

    def __enter__(self) -> Any:
        self._greenlet = gevent.getcurrent()
        self._waiting.add(self)
        return super().__enter__()

    def __exit__(self, *args: Any) -> Any:
        self._waiting.discard(self)
        return super().__exit__(*args)

    def end(self) -> None:
        """As if the time were up."""
        gevent.get_hub().loop.run_callback(self._greenlet.throw, self)
