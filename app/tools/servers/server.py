"""An MCP server as a source of tools: asked now and then what it has, and never by a request."""

from __future__ import annotations

import ssl
import time
from collections.abc import Sequence
from typing import Any

import gevent
import structlog

from app.tool_servers import ToolServer
from app.tools.servers.offered import tools
from app.tools.servers.session import NotReached, Session, trust
from app.tools.servers.thread import AsyncThread
from app.tools.tool import Scene, Tool, ToolFailed

log = structlog.get_logger()

# Seconds: for a list, between two, between two where the first failed, and for a call.
_LISTING, _FRESH, _AGAIN, _CALL = 10.0, 60.0, 15.0, 60.0


class Server:
    """Its tools are those of the last list, which is asked for every minute; where it cannot be
    had, there are none.
    """

    def __init__(self, server: ToolServer, tls: ssl.SSLContext) -> None:
        self.name = server.name
        self._server = server
        self._session = Session(server, tls)
        self._thread = AsyncThread()
        self._tools: tuple[Tool, ...] = ()
        self._trouble: str | None = "It was not asked yet."
        self._until = 0.0
        self._watch: gevent.Greenlet[..., None] | None = None

    def start(self) -> None:
        self._watch = gevent.spawn(self._keep_watching)

    def close(self) -> None:
        if self._watch is not None:
            self._watch.kill()
        self._thread.close()

    def tools(self) -> tuple[Tool, ...]:
        if self._watch is None and time.monotonic() >= self._until:
            self.refresh()
        return self._tools

    def trouble(self) -> str | None:
        self.tools()
        return self._trouble

    def refresh(self) -> None:
        """Ask what there is."""
        try:
            listed = self._thread.run(lambda: self._session.listed(_LISTING), _LISTING)
        except (NotReached, TimeoutError) as error:
            self._tools, was = (), self._trouble
            self._trouble = str(error) or "It does not answer in time."
            self._until = time.monotonic() + _AGAIN
            if self._trouble != was:
                log.warning("tool_server_away", server=self.name, why=self._trouble)
        else:
            self._tools = tools(self._server, listed, self._call, _CALL)
            self._trouble = None
            self._until = time.monotonic() + _FRESH

    def _keep_watching(self) -> None:
        while True:
            self.refresh()
            gevent.sleep(max(0.0, self._until - time.monotonic()))

    def _call(self, name: str, arguments: dict[str, Any], scene: Scene) -> str:
        seconds = max(0.0, min(_CALL, scene.deadline - time.monotonic()))
        try:
            return self._thread.run(lambda: self._session.called(name, arguments, seconds), seconds)
        except NotReached as error:
            raise ToolFailed(f"The server {self.name} did not do it. {error}") from error
        except TimeoutError as error:
            raise ToolFailed(f"The server {self.name} did not answer in time.") from error


def connect(servers: Sequence[ToolServer], certificates: str | None) -> list[Server]:
    """`certificates` is whom to trust, a file or a folder; None is the system's."""
    tls = trust(certificates)
    return [Server(server, tls) for server in servers]
