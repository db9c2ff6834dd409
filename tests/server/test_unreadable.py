"""What is no HTTP, or too much of it, is answered like every other error."""

from __future__ import annotations

import json
from collections.abc import Iterator

import gevent
import pytest
from gevent import socket

from tests.server.process import Server, serving

_SECRET = "a-secret-of-the-caller"
_HOST = b"Host: 127.0.0.1\r\n"
_POST = b"POST /api/chat HTTP/1.1\r\n" + _HOST + b"Content-Type: application/json\r\n"
_CHUNKED = _POST + b"Transfer-Encoding: chunked\r\n\r\n"

_CASES = {
    "a long address": (414, b"GET /%s HTTP/1.1\r\n%s\r\n" % (b"a" * 5_000, _HOST)),
    "a long header": (431, b"GET / HTTP/1.1\r\n%sX-Long: %s\r\n\r\n" % (_HOST, b"a" * 9_000)),
    "many headers": (431, b"GET / HTTP/1.1\r\n%s%s\r\n" % (_HOST, b"X-Many: 1\r\n" * 200)),
    "no HTTP": (400, f"{_SECRET}\r\n\r\n".encode()),
    "another version": (400, b"GET /?q=%s HTTP/9.9\r\n\r\n" % _SECRET.encode()),
    "a header without a name": (400, b"GET / HTTP/1.1\r\n: %s\r\n\r\n" % _SECRET.encode()),
    "another encoding": (501, _POST + b"Transfer-Encoding: br\r\n\r\n"),
    "a chunk without a size": (400, _CHUNKED + b"x\r\n{}\r\n0\r\n\r\n"),
    "a chunk that is longer": (400, _CHUNKED + b"2\r\n{}}}\r\n0\r\n\r\n"),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("unreadable")) as it:
        yield it


def answer(server: Server, sent: bytes) -> tuple[bytes, bytes]:
    """Head and body of what comes back, up to the end of the connection."""
    port = int(server.url.rpartition(":")[2])
    with (
        gevent.Timeout(20),
        socket.create_connection(("127.0.0.1", port)) as connection,
        connection.makefile("rb") as read,
    ):
        connection.sendall(sent)
        head, _, body = read.read().partition(b"\r\n\r\n")
        return head, body


@pytest.mark.parametrize(("status", "sent"), _CASES.values(), ids=_CASES)
def test_it_is_a_problem(server: Server, status: int, sent: bytes) -> None:
    """It has a status, a code and a sentence, and the connection is closed."""
    head, body = answer(server, sent)
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"Content-Type: application/problem+json" in head
    said = json.loads(body)
    assert (said["status"], said["code"], said["retryable"]) == (
        status,
        "malformed_request",
        False,
    )
    assert said["detail"].endswith(".")


def test_the_log_does_not_repeat_it(server: Server) -> None:
    """What cannot be read may be a key or a text."""
    for _, sent in _CASES.values():
        answer(server, sent)
    assert "request_unreadable" in server.said()
    assert _SECRET not in server.said()
