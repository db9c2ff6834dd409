"""What the parsers that people use make of our stream, over HTTP and cut in awkward places."""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gevent
import pytest
from gevent import socket
from gevent.server import StreamServer

from app.encoders import native, sse
from app.events import Done, Event, TextDelta, Usage
from tests.server.process import ROOT, require

_CLIENTS = ROOT / "tests" / "clients"
# Line ends of every kind, what some take for line ends, a BOM, NUL, and an emoji of many parts.
_TEXTS = [
    "a\nb", "\r", "\r\n", "\n\n", "data: x\n\n", "\u2028", "\u2029", "\u0085", "\x0b\x0c\x1c",
    "\ufeff", "\0", "😀", "👩‍👩‍👧", "é", "日本語", " leading", "trailing ",
    "", ":", "\\", '"', "</script>",
]  # fmt: skip
_EVENTS: list[Event] = [*map(TextDelta, _TEXTS), Done("stop", Usage(), None)]


@pytest.fixture(scope="module")
def clients() -> Path:
    """The npm clients, installed once as their lock file says."""
    require("node")
    if not (_CLIENTS / "node_modules").exists():
        subprocess.run([require("npm"), "ci", "--no-audit", "--no-fund"], cwd=_CLIENTS, check=True)
    return _CLIENTS


@contextmanager
def sending(seed: int) -> Iterator[str]:
    """A server whose answer is our stream, with heartbeats, in pieces of random sizes."""
    chance = random.Random(seed)
    batches: list[list[Event]] = [[event] for event in _EVENTS]
    for _ in range(5):
        batches.insert(chance.randrange(len(batches)), [])
    body = b"".join(sse.EventStream(native.encode).frames(batches))

    def serve(sock: socket.socket, _address: object) -> None:
        with sock:
            asked = b""
            while not asked.endswith(b"\r\n\r\n"):
                part = sock.recv(65536)
                if not part:
                    return
                asked += part
            sock.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
                b"Connection: close\r\n\r\n"
            )
            at = 0
            while at < len(body):
                size = chance.randint(1, 60)
                sock.sendall(body[at : at + size])
                at += size
                gevent.sleep(0)

    server = StreamServer(("127.0.0.1", 0), serve)
    server.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.stop(timeout=0)


def read_with(parser: str, url: str, clients: Path) -> dict[str, Any]:
    done = subprocess.run(
        ["node", "read.mjs", parser, url],
        cwd=clients,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    read: dict[str, Any] = json.loads(done.stdout)
    return read


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("parser", ["eventsource-parser", "eventsource", "fetch-event-source"])
def test_any_text_through_a_parser_from_npm(clients: Path, parser: str, seed: int) -> None:
    """Every text comes out as it went in, and a heartbeat is no event."""
    with sending(seed) as url:
        read = read_with(parser, url, clients)
    assert read["texts"] == _TEXTS
    assert read["names"] == ["delta"] * len(_TEXTS) + ["done"]
