"""A socket to a model server: its name, its addresses, a proxy and TLS, all within one limit."""

from __future__ import annotations

import re
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gevent import Timeout
from urllib3.connection import HTTPConnection
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from app.providers.transport.proxy import Proxy, ProxyTrouble, proxy_for

_OPENED = re.compile(rb"HTTP/1\.[01] 2\d\d\b")
_LINE = 8_192


def open_socket(
    scheme: str, host: str, port: int, seconds: float, tls: ssl.SSLContext
) -> tuple[socket.socket, bytes | None]:
    """The socket; and for http through a proxy, the header lines that it wants with a request.

    Raises:
        ConnectTimeoutError: not open after so many `seconds`.
        NewConnectionError: nobody there, or no name that leads anywhere.
        ProxyTrouble: a proxy that refuses or cannot be used.
        ssl.SSLError: no TLS at the other end, or not the server that is meant.
    """
    with _classified(host, port), Timeout(seconds, TimeoutError("Not open in time.")):
        proxy = proxy_for(scheme, host, port)
        sock = _dial(proxy.host if proxy else host, proxy.port if proxy else port, seconds)
        try:
            if scheme == "https":
                if proxy:
                    _tunnel(sock, host, port, proxy)
                return _secured(sock, host, tls), None
        except BaseException:
            sock.close()
            raise
        return sock, proxy.headers if proxy else None


@contextmanager
def _classified(host: str, port: int) -> Iterator[None]:
    """Whatever broke before there was a connection, a reset too, is no answer that was cut."""
    try:
        yield
    except TimeoutError as error:
        raise ConnectTimeoutError(f"{host}:{port}: {error}") from error
    except (ssl.SSLError, ProxyTrouble):
        raise
    except (OSError, UnicodeError) as error:  # UnicodeError: no name can look like this
        raise NewConnectionError(HTTPConnection(host, port), str(error)) from error


def _dial(host: str, port: int, seconds: float) -> socket.socket:
    """The first address of the name that answers. A dead one leaves the others their share."""
    until = time.monotonic() + seconds
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    for left in range(len(found), 0, -1):
        family, _, _, _, address = found[-left]
        try:
            return _connected(family, address, (until - time.monotonic()) / left)
        except OSError:
            if left == 1:
                raise
    raise OSError(f"{host} has no address.")


def _connected(
    family: socket.AddressFamily, address: tuple[Any, ...], seconds: float
) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(max(seconds, 0.001))
        sock.connect(address)
        sock.settimeout(None)
    except BaseException:
        sock.close()
        raise
    return sock


def _tunnel(sock: socket.socket, host: str, port: int, proxy: Proxy) -> None:
    """Ask the proxy to lead on (RFC 9110, section 9.3.6). Raises ProxyTrouble."""
    target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    asked = f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n".encode("ascii")
    sock.sendall(asked + proxy.headers + b"\r\n")
    with sock.makefile("rb") as answer:  # it may read ahead: in TLS the client speaks first
        status = answer.readline(_LINE)
        if not _OPENED.match(status):
            said = status[:80].decode("ascii", "replace").strip()
            raise ProxyTrouble(f"The proxy does not open a tunnel. It says: {said!r}")
        while answer.readline(_LINE).strip():
            pass


def _secured(sock: socket.socket, host: str, tls: ssl.SSLContext) -> ssl.SSLSocket:
    tls.set_alpn_protocols(["http/1.1"])
    name = host.rstrip(".")  # certificates are without the dot that ends a full name
    secured = tls.wrap_socket(sock, server_hostname=name, do_handshake_on_connect=False)
    try:
        secured.do_handshake()
    except BaseException:
        secured.close()
        raise
    return secured
