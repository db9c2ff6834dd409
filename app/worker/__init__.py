"""The gunicorn worker: gevent's, with what a server of streams needs besides."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import gevent
import structlog
from gevent import socket
from greenlet import greenlet
from gunicorn.workers.ggevent import GeventWorker

from app.worker import unreadable
from app.worker.idle import Idle
from app.worker.settled import Settled
from app.worker.sockets import LeanSocket

log = structlog.get_logger()


class Worker(GeventWorker):  # type: ignore[misc]  # gunicorn has no types
    """Ends with a word: on SIGTERM runs get their time, and idle connections none."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cfg = Settled(self.cfg)  # type: ignore[has-type]  # gunicorn has no types
        self._idle: set[Idle] = set()

    def load_wsgi(self) -> None:
        super().load_wsgi()
        self.application: Any = self.wsgi  # type: ignore[has-type]  # gunicorn has no types
        self.wsgi = self._apart

    def _apart(self, environ: Any, start_response: Any) -> Any:
        """Call the application in a greenlet of its own, which is gone when it has answered.

        The frames of Flask and its extensions go deep, and memory that a greenlet's stack has
        touched stays with it: the one that then waits for a stream's events was never there.
        """
        if "HTTP_TRANSFER_ENCODING" in environ:
            environ["wsgi.input"] = unreadable.Input(environ["wsgi.input"])
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

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        problem = unreadable.problem(exc)
        if problem is None:
            super().handle_error(req, client, addr, exc)
            return
        # Not what was sent: it may be a key, or a text.
        log.warning("request_unreadable", reason=type(exc).__name__)
        with suppress(OSError):
            client.sendall(unreadable.answer(problem))

    def timeout_ctx(self) -> Idle:
        """What gunicorn waits in for a connection's next request."""
        return Idle(self.cfg.keepalive, self._idle)

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
