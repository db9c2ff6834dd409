"""Three limits in time, each of which ends a call when it is due and says which one it was."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import gevent
import pytest
from gevent import socket
from gevent.event import Event
from urllib3.exceptions import ConnectTimeoutError

from app.errors import ProviderTimeout
from app.providers.transport.client import Client
from app.providers.transport.connection import Silence
from app.providers.transport.response import Limits
from tests.providers.transport.calls import ask, post
from tests.providers.transport.conftest import Connect
from tests.providers.transport.servers import (
    Scripted,
    deaf,
    request_of,
    wait_for_the_client,
)
from tests.upstream import Upstream

_LIMIT, _LATE = 0.3, 0.25  # seconds
_CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
_LONG = 60.0


@contextmanager
def punctual(error: type[Exception]) -> Iterator[pytest.ExceptionInfo[Any]]:
    """The block ends in exactly `error`, at the limit or a quarter of a second later at most."""
    began = time.monotonic()
    with gevent.Timeout(20), pytest.raises(error) as caught:
        yield caught
    assert caught.type is error
    assert _LIMIT - 0.01 <= time.monotonic() - began <= _LIMIT + _LATE


def silent(sock: socket.socket, _number: int) -> None:
    wait_for_the_client(sock)


def dripping(data: bytes) -> Callable[[socket.socket, int], None]:
    """Each byte comes in time and their end never."""

    def play(sock: socket.socket, _number: int) -> None:
        sock.recv(65_536)
        for byte in data:
            sock.sendall(bytes([byte]))
            gevent.sleep(_LIMIT / 4)
        wait_for_the_client(sock)

    return play


@pytest.fixture
def hasty() -> Iterator[Client]:
    """Impatient while it connects, patient with everything else."""
    client = Client(Limits(connect=_LIMIT, first_byte=_LONG, read=_LONG))
    yield client
    client.close()


def test_a_server_that_accepts_nobody(hasty: Client) -> None:
    """A connection that does not come about ends at the connect limit."""
    with deaf() as port, punctual(ConnectTimeoutError):
        post(hasty, f"http://127.0.0.1:{port}/")


def test_a_name_with_dead_addresses(hasty: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three addresses that accept nobody take no longer than one."""
    with deaf() as port:
        resolve_to(monkeypatch, [port] * 3)
        with punctual(ConnectTimeoutError):
            post(hasty, "http://three.test/")


def test_a_name_with_one_live_address(hasty: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dead address leaves the next one time enough to answer."""
    with Upstream() as server, deaf() as port:
        resolve_to(monkeypatch, [port, int(server.url.rpartition(":")[2])])
        assert post(hasty, "http://two.test/v1/chat/completions", b'{"model": "mock-1"}')


def resolve_to(monkeypatch: pytest.MonkeyPatch, ports: list[int]) -> None:
    """No name leads to two servers of loopback; so what the resolver answers is made up."""

    def getaddrinfo(*_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)) for port in ports]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr("socket.getaddrinfo", getaddrinfo)


def test_a_handshake_that_does_not_end(hasty: Client) -> None:
    """A server that accepts and never says a word of TLS has not been connected to."""
    with Scripted(silent) as server, punctual(ConnectTimeoutError):
        post(hasty, f"https://127.0.0.1:{server.port}/")


@pytest.mark.parametrize("play", [silent, dripping(b"HTTP/1.1 200 OK\r\nX-Slow: yes\r\n")])
def test_a_proxy_that_does_not_get_through(
    hasty: Client, monkeypatch: pytest.MonkeyPatch, play: Callable[[socket.socket, int], None]
) -> None:
    """A tunnel that is never opened, or so slowly, ends at the connect limit."""
    with Scripted(play) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with punctual(ConnectTimeoutError):
            post(hasty, "https://model.test/")


@pytest.mark.parametrize("play", [silent, dripping(b"HTTP/1.1 200 OK\r\nX-Slow: yes\r\n")])
def test_a_head_that_does_not_come(play: Callable[[socket.socket, int], None]) -> None:
    """Nothing at all, or a head without its end, is first_byte's to limit."""
    client = Client(Limits(connect=_LONG, first_byte=_LIMIT, read=_LONG))
    with Scripted(play) as server, punctual(Silence) as caught:
        post(client, server.url)
    assert caught.value.limit == "first_byte"


def test_a_request_that_is_not_read() -> None:
    """A server that takes a large request in no part is as silent as one that does not answer."""
    client = Client(Limits(connect=_LONG, first_byte=_LIMIT, read=_LONG))
    left = Event()

    def ignore(_sock: socket.socket, _number: int) -> None:
        left.wait()

    with Scripted(ignore) as server, punctual(Silence) as caught:
        post(client, server.url, b"x" * 30_000_000)
    left.set()
    assert caught.value.limit == "first_byte"


@pytest.mark.parametrize("begun", [_CHUNKED, _CHUNKED + b"5\r\nhello\r\n", _CHUNKED + b"5\r\nhe"])
def test_a_body_that_falls_silent(begun: bytes) -> None:
    """Before the first chunk, between two or inside one: it is read's to limit."""

    def fall_silent(sock: socket.socket, _number: int) -> None:
        request_of(sock)
        sock.sendall(begun)
        wait_for_the_client(sock)

    client = Client(Limits(connect=_LONG, first_byte=_LONG, read=_LIMIT))
    with Scripted(fall_silent) as server, punctual(Silence) as caught:
        post(client, server.url)
    assert caught.value.limit == "read"


def test_a_slow_body_is_not_a_silent_one() -> None:
    """An answer may last twice the read limit as long as something comes within it."""
    body = b"four"
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"

    def drip(sock: socket.socket, _number: int) -> None:
        request_of(sock)
        sock.sendall(head)
        for byte in body:
            gevent.sleep(_LIMIT / 2)
            sock.sendall(bytes([byte]))

    client = Client(Limits(connect=_LONG, first_byte=_LONG, read=_LIMIT))
    with Scripted(drip) as server:
        assert post(client, server.url) == body
    client.close()


def test_the_read_limit_begins_with_the_last_byte() -> None:
    """A limit of seconds is kept as closely as a short one, whenever the last byte came."""
    ended: list[float] = []

    def begin(sock: socket.socket, _number: int) -> None:
        request_of(sock)
        sock.sendall(_CHUNKED + b"5\r\nhello\r\n")
        gevent.sleep(0.1)
        sock.sendall(b"5\r\nhello\r\n")
        ended.append(time.monotonic())
        wait_for_the_client(sock)

    client = Client(Limits(connect=_LONG, first_byte=_LONG, read=2))
    with Scripted(begin) as server, gevent.Timeout(20), pytest.raises(Silence):
        post(client, server.url)
    assert 1.99 <= time.monotonic() - ended[0] <= 2 + _LATE


def test_limits_end_with_their_call() -> None:
    """What comes after a call that was in time is not interrupted by its limits."""
    client = Client(Limits(connect=_LIMIT, first_byte=_LIMIT, read=_LIMIT))
    with Upstream() as server:
        post(client, f"{server.url}/v1/chat/completions", b'{"model": "mock-1"}')
        gevent.sleep(_LIMIT * 1.5)
    client.close()


@pytest.fixture
def limits(limit: str) -> Limits:
    return Limits(**{name: _LIMIT if name == limit else _LONG for name in _MODELS})


# What a provider's model does to reach a limit; nobody is there to connect to for the first.
_MODELS = {"connect": "", "first_byte": "silent-0", "read": "stall-2"}


@pytest.mark.parametrize("limit", _MODELS)
def test_a_provider_says_which_limit_it_was(limit: str, connect: Connect) -> None:
    """Each limit ends a provider's stream in a ProviderTimeout with the limit's name."""
    with Upstream() as server, deaf() as port:
        url = server.url if limit != "connect" else f"http://127.0.0.1:{port}"
        provider = connect(url)
        with punctual(ProviderTimeout) as caught:
            ask(provider, _MODELS[limit])
    error = caught.value
    assert (error.limit, error.code, error.retryable) == (limit, "provider_timeout", True)
    assert error.detail.startswith(provider.name)


@pytest.mark.parametrize("limit", ["connect"])
@pytest.mark.parametrize("through", ["proxy", "tls"])
def test_a_provider_whose_way_is_blocked(
    limit: str, through: str, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy or a handshake that never ends is the connect limit's, too."""
    with Scripted(silent) as nobody:
        if through == "proxy":
            monkeypatch.setenv("HTTPS_PROXY", nobody.url)
        provider = connect(f"https://127.0.0.1:{nobody.port}")
        with punctual(ProviderTimeout) as caught:
            ask(provider)
    assert caught.value.limit == limit
