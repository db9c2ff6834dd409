"""An MCP server for the tests, made with the official SDK, in a process of its own.

It prints its port, and then a line for each thing that is done to its tools.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from typing import Any

import uvicorn
from mcp.server.mcpserver import MCPServer
from mcp.types import ToolAnnotations

server = MCPServer("tests")


@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@server.tool()
def fails(why: str) -> str:
    """Fail."""
    raise ValueError(why)


@server.tool(name="read.file of mine", description="x" * 5_000)
def large(size: int) -> str:
    return "y" * size


@server.tool()
async def slow(seconds: float) -> str:
    """Wait."""
    print("begun", flush=True)
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        print("cancelled", flush=True)
        raise
    print("finished", flush=True)
    return "waited"


class Guard:
    """Lets nobody in who has not the token."""

    def __init__(self, app: Any, token: str) -> None:
        self._app, self._token = app, token

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        sent = dict(scope.get("headers", ())).get(b"authorization", b"").decode()
        if scope["type"] != "http" or sent == f"Bearer {self._token}":
            await self._app(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 401, "headers": []})
        await send({"type": "http.response.body", "body": b""})


def main(token: str, port: str, certificate: str = "") -> None:
    app: Any = server.streamable_http_app(host="localhost" if certificate else "127.0.0.1")
    listening = socket.create_server(("127.0.0.1", int(port)))
    print(listening.getsockname()[1], flush=True)
    tls = {"ssl_certfile": certificate, "ssl_keyfile": certificate.replace(".pem", ".key")}
    config = uvicorn.Config(
        Guard(app, token) if token else app,
        log_level="error",
        **(tls if certificate else {}),  # type: ignore[arg-type]
    )
    asyncio.run(uvicorn.Server(config).serve([listening]))


if __name__ == "__main__":
    main(*sys.argv[1:])
