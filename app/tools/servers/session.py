"""One conversation with an MCP server, by the official SDK; each call has a connection of its own.

So a server keeps nothing between the calls of two callers, and whoever leaves takes his connection
with him. What a server sends is bounded before it is read.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx2
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult, Implementation, TextContent, Tool

from app.tool_servers import ToolServer
from app.tools.tool import ToolFailed

_CONNECT = 5.0  # seconds
_LARGEST = 2_000_000  # bytes of one answer
_MOST_PAGES, _MOST_TOOLS = 10, 128
_US = Implementation(name="parley", version="0.1.0")


class NotReached(Exception):
    """A server cannot be used just now; the text is a sentence that says why."""


class _Bounded(httpx2.AsyncByteStream):
    """A body, up to the largest that is taken."""

    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = _LARGEST
        async for piece in self._stream:
            left -= len(piece)
            if left < 0:
                raise TooLarge
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()


class TooLarge(httpx2.ReadError):
    def __init__(self) -> None:
        super().__init__("The answer is too large.")


async def _checked(response: httpx2.Response) -> None:
    if response.status_code in (401, 403):
        response.raise_for_status()
    if "content-encoding" in response.headers:  # none was asked for, and it unpacks to anything
        raise TooLarge
    assert isinstance(response.stream, httpx2.AsyncByteStream)
    response.stream = _Bounded(response.stream)


class Session:
    """`tls` is whom to trust. Every method raises NotReached, and takes `seconds` at most for each
    wait; how long it may take in all is for whoever waits.
    """

    def __init__(self, server: ToolServer, tls: ssl.SSLContext) -> None:
        self._server = server
        self._tls = tls

    async def listed(self, seconds: float) -> Sequence[Tool]:
        """What the server offers."""
        tools: list[Tool] = []
        with _plainly(self._server):
            async with self._connected(seconds) as client:
                cursor = None
                for _ in range(_MOST_PAGES):
                    found = await client.list_tools(cursor=cursor)
                    tools += found.tools
                    cursor = found.next_cursor
                    if cursor is None or len(tools) >= _MOST_TOOLS:
                        break
        return tools[:_MOST_TOOLS]

    async def called(self, name: str, arguments: dict[str, Any], seconds: float) -> str:
        """What a tool answers. Raises ToolFailed: it did not do it."""
        with _plainly(self._server):
            async with self._connected(seconds) as client:
                result = await client.call_tool(name, arguments)
        said = _text(result)
        if result.is_error:
            raise ToolFailed(said or "The tool failed, and does not say why.")
        return said

    @asynccontextmanager
    async def _connected(self, seconds: float) -> AsyncIterator[Client]:
        headers = {"Accept-Encoding": "identity", "User-Agent": "Parley"}
        if self._server.token is not None:
            headers["Authorization"] = f"Bearer {self._server.token}"
        limits = httpx2.Timeout(seconds, connect=_CONNECT)
        hooks = {"response": [_checked]}
        async with httpx2.AsyncClient(
            headers=headers, timeout=limits, event_hooks=hooks, verify=self._tls
        ) as http:
            stream = streamable_http_client(
                self._server.url, http_client=http, max_sse_event_size=_LARGEST
            )
            async with Client(stream, client_info=_US, cache=None) as client:
                yield client


def trust(certificates: str | None) -> ssl.SSLContext:
    """The authorities in a file or a folder; None is the system's own."""
    if certificates is None:
        return httpx2.create_ssl_context()
    if Path(certificates).is_dir():
        return ssl.create_default_context(capath=certificates)
    return ssl.create_default_context(cafile=certificates)


def _text(result: CallToolResult) -> str:
    """What of it is text; what else there is is named."""
    return "\n".join(
        block.text if isinstance(block, TextContent) else f"[{block.type} left out]"
        for block in result.content
    )


@contextmanager
def _plainly(server: ToolServer) -> Iterator[None]:
    """What breaks, in a sentence."""
    try:
        yield
    except Exception as error:
        raise NotReached(_sentence(server, _first(error))) from error


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _sentence(server: ToolServer, error: BaseException) -> str:
    if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout):
        return "It cannot be reached."
    if isinstance(error, httpx2.TimeoutException):
        return "It does not answer in time."
    if isinstance(error, httpx2.HTTPStatusError):
        return f"It does not let us in. Check MCP_{server.name.upper()}_TOKEN."
    if isinstance(error, TooLarge):
        return f"It answers with more than {_LARGEST:,} bytes."
    if isinstance(error, MCPError):
        return f"It answers with an error: {error.error.message[:300]}"
    return f"It does not speak MCP as is expected ({type(error).__name__})."
