"""The stand-in for a model: OpenAI's chat completions, streamed, one write for each token.

The model's name sets the work. `mock-200-0` is 200 tokens as fast as they go, `mock-100-50000` one
every 50,000 µs, `silent-…` headers and then nothing for as long as the client stays.

`GET /stats` answers with JSON: `open` streams, `tokens` sent, and for each silent stream that its
client closed when that was: `{"closed": {MODEL: seconds on the system's monotonic clock}}`.

    python -m bench.upstream PORT
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import Any

import gevent
from gevent import socket
from gevent.server import StreamServer

_STREAM = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
)


@dataclass
class Stats:
    open: int = 0
    tokens: int = 0
    closed: dict[str, float] = field(default_factory=dict)


class StandIn(StreamServer):
    """Listens on `port` of 127.0.0.1; `stats` counts what it did."""

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), backlog=4096)
        self.stats = Stats()

    def handle(self, connection: socket.socket, _address: object) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            for path, body in _requests(connection):
                if path == b"/stats":
                    _answer(connection, asdict(self.stats))
                else:
                    self._stream(connection, json.loads(body)["model"])
        except ConnectionError:
            pass  # the client has gone, which is its right

    def _stream(self, connection: socket.socket, model: str) -> None:
        self.stats.open += 1
        try:
            connection.sendall(_STREAM)
            if model.startswith("silent"):
                self._be_silent(connection, model)
            else:
                self._speak(connection, model)
        finally:
            self.stats.open -= 1

    def _be_silent(self, connection: socket.socket, model: str) -> None:
        try:
            connection.recv(1)
        finally:
            self.stats.closed[model] = time.monotonic()

    def _speak(self, connection: socket.socket, model: str) -> None:
        count, gap = map(int, model.split("-")[1:])
        frames, end = _frames(model, count)
        due = time.monotonic()
        for frame in frames:
            if gap:
                due += gap / 1e6
                gevent.sleep(max(0.0, due - time.monotonic()))
            _put(connection, frame)
            self.stats.tokens += 1
        _put(connection, end)


def _requests(connection: socket.socket) -> Iterator[tuple[bytes, bytes]]:
    """The path and the body of each request that comes over one connection."""
    with connection, connection.makefile("rb") as lines:
        while first := lines.readline():
            length = 0
            while (line := lines.readline()) not in (b"\r\n", b""):
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            yield first.split()[1], lines.read(length)


def _answer(connection: socket.socket, content: dict[str, Any]) -> None:
    body = json.dumps(content).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    connection.sendall(head.encode() + b"\r\n\r\n" + body)


def _put(connection: socket.socket, data: bytes) -> None:
    """Send, asking the kernel once: gevent's `sendall` alone would be slower than what it feeds."""
    try:
        sent = os.write(connection.fileno(), data)
    except BlockingIOError:
        sent = 0
    if sent < len(data):
        connection.sendall(data[sent:])


@lru_cache(maxsize=16)
def _frames(model: str, count: int) -> tuple[list[bytes], bytes]:
    """A frame for each token, and what ends the stream."""
    tokens = [_chunk(_frame(model, {"content": f"t{i} "})) for i in range(count)]
    usage = {"prompt_tokens": 10, "completion_tokens": count, "total_tokens": count + 10}
    end = _frame(model, {}, "stop") + _data({**_base(model), "choices": [], "usage": usage})
    return tokens, _chunk(end + b"data: [DONE]\n\n") + b"0\r\n\r\n"


def _frame(model: str, delta: dict[str, str], finish_reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return _data({**_base(model), "choices": [choice]})


def _base(model: str) -> dict[str, Any]:
    made = 1_700_000_000
    return {"id": "c1", "object": "chat.completion.chunk", "created": made, "model": model}


def _data(content: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(content, separators=(",", ":")).encode() + b"\n\n"


def _chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


if __name__ == "__main__":
    StandIn(int(sys.argv[1])).serve_forever()
