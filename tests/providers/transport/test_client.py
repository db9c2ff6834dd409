"""What is asked and what is heard, byte for byte."""

from __future__ import annotations

import gevent
import pytest
from gevent import socket

from app.providers.transport.body import BrokenFraming
from app.providers.transport.client import Client
from tests.providers.transport.calls import post
from tests.providers.transport.servers import (
    ANSWER,
    Scripted,
    request_of,
    wait_for_the_client,
)


def test_the_request(client: Client) -> None:
    """A request line with the query, Host with its port, the length, our headers, the body."""
    requests: list[bytes] = []

    def answer(sock: socket.socket, _number: int) -> None:
        requests.append(request_of(sock))
        sock.sendall(ANSWER)

    with Scripted(answer) as server:
        with client.post(f"{server.url}a?b=c", b"X-A: 1\r\n", b'{"d": 1}') as response:
            assert (response.status, b"".join(response.chunks())) == (200, b"hello")
        host = f"127.0.0.1:{server.port}".encode()
    head = b"POST /a?b=c HTTP/1.1\r\nHost: %s\r\nContent-Length: 8\r\nX-A: 1\r\n" % host
    assert requests == [head + b'\r\n{"d": 1}']


@pytest.mark.parametrize("step", [1, 7, 1000])
def test_announcements_are_passed_over(client: Client, step: int) -> None:
    """1xx responses come before the real one, and heads may be cut anywhere."""
    announced = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"

    def answer(sock: socket.socket, _number: int) -> None:
        request_of(sock)
        said = announced + ANSWER
        for at in range(0, len(said), step):
            sock.sendall(said[at : at + step])
            gevent.sleep(0)

    with Scripted(answer) as server:
        assert post(client, server.url) == b"hello"


def test_a_chunk_does_not_wait_for_the_next(client: Client) -> None:
    """What has arrived is given out before anything else is read."""

    def answer(sock: socket.socket, _number: int) -> None:
        request_of(sock)
        sock.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
        sock.recv(1)

    with (
        Scripted(answer) as server,
        gevent.Timeout(20),
        client.post(server.url, b"", b"") as response,
    ):
        assert next(response.chunks()) == b"a"


def test_an_answer_without_a_length(client: Client) -> None:
    """It ends with its connection."""

    def answer(sock: socket.socket, _number: int) -> None:
        request_of(sock)
        sock.sendall(b"HTTP/1.1 200 OK\r\n\r\nhello")

    with Scripted(answer) as server:
        assert [post(client, server.url) for _ in range(2)] == [b"hello"] * 2


def test_the_text_of_an_error_is_bounded(client: Client) -> None:
    """An error's body that is larger than anybody reads is cut, and its connection closed."""

    def answer(sock: socket.socket, _number: int) -> None:
        request_of(sock)
        sock.sendall(b"HTTP/1.1 500 Broken\r\nContent-Length: 9000000\r\n\r\n" + b"x" * 200_000)
        wait_for_the_client(sock)

    with Scripted(answer) as server:
        for _ in range(2):
            with client.post(server.url, b"", b"") as response:
                assert (response.status, response.text(1000)) == (500, b"x" * 1000)
        assert server.connections == 2


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 two\r\n\r\n",
        b"ICY 200 OK\r\n\r\n",
        b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 200_000,
    ],
)
def test_what_is_not_http(client: Client, said: bytes) -> None:
    """Another protocol, or a head without an end, is BrokenFraming."""

    def say(sock: socket.socket, _number: int) -> None:
        request_of(sock)
        sock.sendall(said)
        wait_for_the_client(sock)

    with Scripted(say) as server, pytest.raises(BrokenFraming):
        post(client, server.url)
