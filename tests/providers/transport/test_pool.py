"""Connections are kept and used again, as long as nothing is wrong with them."""

from __future__ import annotations

import struct
from collections.abc import Callable
from contextlib import suppress

import gevent
import pytest
from gevent import socket
from gevent.event import Event

from app.errors import Overloaded, ProviderError
from app.providers.transport.body import BrokenFraming
from app.providers.transport.client import Client
from app.providers.transport.response import Truncated
from tests.providers.transport.authority import Authority
from tests.providers.transport.calls import ask, post
from tests.providers.transport.conftest import Connect
from tests.providers.transport.servers import (
    ANSWER,
    Proxy,
    Scripted,
    SecureUpstream,
    request_of,
    wait_for_the_client,
)

_CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
_HELLO = _CHUNKED + b"5\r\nhello\r\n"

Play = Callable[[socket.socket, int], None]


def answering(answer: bytes) -> Play:
    """Gives this answer to every request of a connection."""

    def play(sock: socket.socket, _number: int) -> None:
        while request_of(sock):
            sock.sendall(answer)

    return play


def first(play: Play, after: Play) -> Play:
    """The first connection is played in one way, those after it in another."""
    return lambda sock, number: (play if number == 1 else after)(sock, number)


healthy = answering(ANSWER)


def wait_until(condition: Callable[[], bool]) -> None:
    with gevent.Timeout(20):
        while not condition():
            gevent.sleep(0.005)


@pytest.mark.parametrize(
    "answer", [ANSWER, _HELLO + b"0\r\n\r\n", _HELLO + b"0\r\nX-Sum: 1\r\n\r\n"]
)
def test_calls_in_turn_share_a_connection(client: Client, answer: bytes) -> None:
    """Ten calls one after another use one connection."""
    with Scripted(answering(answer)) as server:
        assert [post(client, server.url) for _ in range(10)] == [b"hello"] * 10
        assert server.connections == 1


def test_calls_in_turn_share_a_tunnel(
    trusted: Authority, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With TLS through a proxy as well: one CONNECT, one handshake, ten calls."""
    context = trusted.server()

    def secured(sock: socket.socket, number: int) -> None:
        with context.wrap_socket(sock, server_side=True) as secure:
            healthy(secure, number)

    with Scripted(secured) as server, Proxy(server.port) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        assert [post(client, "https://model.test/") for _ in range(10)] == [b"hello"] * 10
        client.close()
    assert (len(proxy.asked), server.connections) == (1, 1)


def test_calls_at_once_have_their_own(client: Client) -> None:
    """Five calls at the same time use five connections, the next five the same ones."""
    with Scripted(healthy) as server:
        for _ in range(2):
            calls = [gevent.spawn(post, client, server.url) for _ in range(5)]
            assert [call.get(timeout=20) for call in calls] == [b"hello"] * 5
        assert server.connections == 5


def test_origins_do_not_share(client: Client) -> None:
    """What is kept for one server is never used for another."""
    with Scripted(answering(ANSWER)) as one, Scripted(answering(ANSWER)) as other:
        for server in (one, other, one, other):
            post(client, server.url)
        assert (one.connections, other.connections) == (1, 1)


@pytest.mark.parametrize("way", ["closed", "reset", "spoken"])
def test_an_idle_connection_that_the_server_ended(client: Client, way: str) -> None:
    """Closed, reset or with something unasked on it while it was idle: a fresh one is opened."""

    answered, ended = Event(), Event()

    def end(sock: socket.socket, _number: int) -> None:
        request_of(sock)
        sock.sendall(ANSWER)
        answered.wait()
        if way == "spoken":
            sock.sendall(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
            ended.set()
            wait_for_the_client(sock)
        elif way == "reset":
            # Lingering for 0 seconds makes close() send RST.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with Scripted(first(end, healthy)) as server:
        assert post(client, server.url) == b"hello"
        answered.set()
        wait_until(lambda: bool(server.closed) or ended.is_set())
        assert [post(client, server.url) for _ in range(3)] == [b"hello"] * 3
        assert server.connections == 2


def test_an_idle_tls_connection_that_the_server_ended(trusted: Authority, client: Client) -> None:
    """TLS says goodbye before it closes, and that is no answer to the next request."""
    context = trusted.server()

    def answer_once(sock: socket.socket, _number: int) -> None:
        with context.wrap_socket(sock, server_side=True) as secure:
            request_of(secure)
            secure.sendall(ANSWER)
            secure.settimeout(0.02)  # the client does not answer the goodbye
            with suppress(TimeoutError):
                secure.unwrap()

    with Scripted(answer_once) as server:
        for _ in range(3):
            assert post(client, f"https://localhost:{server.port}/") == b"hello"
            wait_until(lambda: server.closed == server.connections)
        assert server.connections == 3


def test_a_request_is_never_sent_twice(client: Client) -> None:
    """A kept connection that ends after the request went out is Truncated: it may have cost."""
    requests: list[bytes] = []

    def answer_once(sock: socket.socket, _number: int) -> None:
        requests.append(request_of(sock))
        sock.sendall(ANSWER)
        requests.append(request_of(sock))

    with Scripted(answer_once) as server:
        post(client, server.url)
        with pytest.raises(Truncated):
            post(client, server.url, b"second")
        assert (len(requests), server.connections) == (2, 1)


_CLOSING = {
    "header": ANSWER.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n"),
    "capitals": ANSWER.replace(b"OK\r\n", b"OK\r\nCONNECTION: Close\r\n"),
    "list": ANSWER.replace(b"OK\r\n", b"OK\r\nConnection: close, x-sum\r\n"),
    "http-1.0": ANSWER.replace(b"1.1", b"1.0"),
}


@pytest.mark.parametrize("way", _CLOSING)
def test_a_connection_that_is_announced_to_close(client: Client, way: str) -> None:
    """It is not used again, though it is still open."""
    with Scripted(answering(_CLOSING[way])) as server:
        assert [post(client, server.url) for _ in range(3)] == [b"hello"] * 3
        assert server.connections == 3


@pytest.mark.parametrize("rest", [b"\r\n", b"X-Sum: 1\r\n\r\n"])
def test_an_end_that_comes_in_pieces(client: Client, rest: bytes) -> None:
    """What ends a chunked body and comes late is not read as the next answer."""

    def answer_in_pieces(sock: socket.socket, _number: int) -> None:
        while request_of(sock):
            sock.sendall(_HELLO + b"0\r\n")
            gevent.sleep(0.05)
            sock.sendall(rest)

    with Scripted(answer_in_pieces) as server:
        assert [post(client, server.url) for _ in range(3)] == [b"hello"] * 3


def test_what_is_kept_is_bounded(client: Client) -> None:
    """However many calls there were at once, a few hundred connections stay."""
    open_ = 0

    def answer(sock: socket.socket, number: int) -> None:
        nonlocal open_
        open_ += 1
        healthy(sock, number)
        open_ -= 1

    with Scripted(answer) as server:
        calls = [gevent.spawn(post, client, server.url) for _ in range(300)]
        gevent.joinall(calls, timeout=20, raise_error=True)
        assert server.connections == 300
        wait_until(lambda: open_ <= 256)


_BROKEN = {
    "cut": (_HELLO, Truncated),
    "cut-in-a-chunk": (_CHUNKED + b"5\r\nhe", Truncated),
    "cut-in-the-head": (b"HTTP/1.1 200 OK\r\nContent-Le", Truncated),
    "short": (ANSWER[:-1], Truncated),
    "no-size": (_CHUNKED + b"hello\r\n", BrokenFraming),
    "no-length": (b"HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\nhello", BrokenFraming),
    "no-http": (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", BrokenFraming),
}


@pytest.mark.parametrize("fault", _BROKEN)
def test_a_broken_connection_is_not_kept(client: Client, fault: str) -> None:
    """An answer that is cut or is not HTTP is an error, and the next call has a fresh one."""
    said, error = _BROKEN[fault]

    def break_(sock: socket.socket, _number: int) -> None:
        request_of(sock)
        sock.sendall(said)
        if error is BrokenFraming:
            wait_for_the_client(sock)

    with Scripted(first(break_, healthy)) as server:
        with pytest.raises(error):
            post(client, server.url)
        assert post(client, server.url) == b"hello"
        assert server.connections == 2


@pytest.mark.parametrize("moment", ["head", "body"])
def test_an_abandoned_answer(client: Client, moment: str) -> None:
    """Leaving in the middle closes the connection at the server, and the next call has its own."""
    gone: list[int] = []

    def begin(sock: socket.socket, number: int) -> None:
        request_of(sock)
        sock.sendall(_HELLO)
        with suppress(ConnectionError):
            wait_for_the_client(sock)
        gone.append(number)

    with Scripted(first(begin, healthy)) as server:
        with client.post(server.url, b"", b"{}") as response:
            if moment == "body":
                assert next(response.chunks()) == b"hello"
        wait_until(lambda: gone == [1])
        assert post(client, server.url) == b"hello"
        assert server.connections == 2


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_killed_caller_frees_its_socket(client: Client, scheme: str) -> None:
    """Killed while it waits for an answer, or in a handshake: the server sees it leave."""
    came: list[int] = []
    gone: list[int] = []

    def hold(sock: socket.socket, number: int) -> None:
        sock.recv(1)
        came.append(number)
        with suppress(ConnectionError):
            wait_for_the_client(sock)
        gone.append(number)

    with Scripted(hold) as server:
        caller = gevent.spawn(post, client, f"{scheme}://127.0.0.1:{server.port}/")
        wait_until(lambda: came == [1])
        caller.kill()
        wait_until(lambda: gone == [1])


def test_closing_the_client_closes_what_is_kept(client: Client) -> None:
    """After `close` the server has no connection left."""
    gone: list[int] = []

    def answer(sock: socket.socket, number: int) -> None:
        healthy(sock, number)
        gone.append(number)

    with Scripted(answer) as server:
        calls = [gevent.spawn(post, client, server.url) for _ in range(3)]
        gevent.joinall(calls, timeout=20, raise_error=True)
        assert gone == []
        client.close()
        wait_until(lambda: sorted(gone) == [1, 2, 3])


def test_a_provider_keeps_its_connection(trusted: Authority, connect: Connect) -> None:
    """Answers and refusals that were read to their ends leave one connection; faults do not."""
    with SecureUpstream(tls=trusted.server()) as server:
        provider = connect(server.url)
        for _ in range(3):
            ask(provider)
            with pytest.raises(Overloaded):
                ask(provider, "status-503")
        assert server.connections == 1
        for model in ("cut-2", "error-2", "broken-2"):
            with pytest.raises(ProviderError):
                ask(provider, model)
            before = server.connections
            ask(provider)
            assert server.connections == before + 1
