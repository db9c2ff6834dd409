"""MCP servers for the tests: a real one in a process of its own, and some that are none."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gevent
from gevent.pywsgi import WSGIServer

from app.tool_servers import ToolServer
from app.tools.servers.server import Server
from app.tools.servers.session import trust

_PROGRAM = Path(__file__).with_name("mcp_server.py")


class Running:
    """`port` is where it listens; `heard` has a word for each thing that a slow tool did."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        assert process.stdout is not None  # which waits by way of gevent, as it is patched
        self._out = process.stdout
        self.port = int(self._out.readline())
        self.heard: list[str] = []
        self._reading = gevent.spawn(self._read)

    def url(self, host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}/mcp"

    def hears(self, word: str) -> None:
        """Wait until it has; the patience of the test is the limit."""
        while word not in self.heard:
            gevent.sleep(0.01)

    def _read(self) -> None:
        for line in self._out:
            self.heard.append(line.decode().strip())

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        self._reading.get()
        self._out.close()


@contextmanager
def running(token: str = "", port: int = 0, certificate: str = "") -> Iterator[Running]:
    """A server with the tools of mcp_server.py; it is gone at the end of the block."""
    process = subprocess.Popen(
        [sys.executable, str(_PROGRAM), token, str(port), certificate],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    server = Running(process)
    try:
        yield server
    finally:
        server.end()


@contextmanager
def source(url: str, certificates: str | None = None, **more: Any) -> Iterator[Server]:
    """What makes tools of such a server's."""
    made = Server(ToolServer("tests", url, **more), trust(certificates))
    try:
        yield made
    finally:
        made.close()


@contextmanager
def answering(application: Callable[..., Any]) -> Iterator[str]:
    """The URL of an HTTP server that is no MCP server."""
    server = WSGIServer(("127.0.0.1", 0), application, log=None, error_log=None)
    server.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/mcp"
    finally:
        server.stop()
