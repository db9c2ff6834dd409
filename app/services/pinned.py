"""An HTTP connection to addresses that were chosen before, and to no others."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Sequence
from http.client import HTTPConnection
from typing import Any

from gevent import sleep
from gevent import socket as cooperative
from gevent.ssl import SSLSocket

# As `socket.getaddrinfo` gives them, and `socket.connect` takes them.
SocketAddress = tuple[Any, ...]

# Seconds for one address of a name, so that a dead one leaves the others their share.
_CONNECT = 3.0
# Seconds of reading, and of the rest that follows it.
_WORK, _REST = 0.005, 0.001


class _Resting:
    """Rests now and then between reads: against one who always sends faster than we read, no
    other greenlet would get its turn, and no time limit would strike.
    """

    _rest_at = 0.0

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        if time.monotonic() >= self._rest_at:
            sleep(_REST)  # a sleep of nothing would not let timers strike
            self._rest_at = time.monotonic() + _WORK
        return super().recv_into(*args, **kwargs)  # type: ignore[misc,no-any-return]  # a socket's


class Fair(_Resting, SSLSocket):
    """Over TLS."""


class FairPlain(_Resting, cooperative.socket):
    """Without."""


def trust() -> ssl.SSLContext:
    """The system's certificates, or those that SSL_CERT_FILE and SSL_CERT_DIR name."""
    return ssl.create_default_context()


class Pinned(HTTPConnection):
    """Goes to the first of `addresses` that answers; its certificate must be one for `host`.

    Where `tls` is None it speaks http.
    """

    def __init__(
        self, host: str, port: int, addresses: Sequence[SocketAddress], tls: ssl.SSLContext | None
    ) -> None:
        self.default_port = 80 if tls is None else 443
        super().__init__(host, port)
        self._addresses = addresses
        self._tls = tls
        if tls is not None:
            tls.sslsocket_class = Fair

    def connect(self) -> None:
        # A time limit may strike anywhere in here; what `sock` holds is closed with the connection.
        self.sock = _dialled(self._addresses)
        if self._tls is None:
            return
        self.sock = self._tls.wrap_socket(
            self.sock, server_hostname=self.host.rstrip("."), do_handshake_on_connect=False
        )
        self.sock.do_handshake()


def _dialled(addresses: Sequence[SocketAddress]) -> socket.socket:
    for address in addresses[:-1]:
        try:
            return _connected(address)
        except OSError:
            continue
    return _connected(addresses[-1])


def _connected(address: SocketAddress) -> socket.socket:
    sock = FairPlain(socket.AF_INET6 if ":" in address[0] else socket.AF_INET)
    try:
        sock.settimeout(_CONNECT)
        sock.connect(address)
        sock.settimeout(None)
    except BaseException:
        sock.close()
        raise
    return sock
