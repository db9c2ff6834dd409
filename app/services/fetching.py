"""Fetching what a caller names, from the public web and from nowhere else.

The guard against a server that is made to ask its own network (SSRF): a name is resolved once,
every address that it has must be public, and the connection goes to one of those very addresses,
so that a name which changes in between (DNS rebinding) gains nothing. The certificate is checked
against the name. Redirects go through the same gate; no credential goes anywhere.

It stands on the standard library's HTTP client, which neither resolves a second time, nor follows
redirects, nor reads the environment by itself. Behind a proxy the proxy resolves the name, and
nothing of this could be checked: where the environment names one, nothing is fetched.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import cached_property
from http.client import HTTPException, HTTPResponse
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import quote, urljoin, urlsplit
from urllib.request import getproxies_environment

from gevent import Timeout
from gevent.monkey import get_original
from gevent.threadpool import ThreadPool

from app.errors import BadInput
from app.services.addresses import Address, is_public
from app.services.pinned import Pinned, SocketAddress, trust
from app.tools.tool import Fetched

# The addresses of a host and a port, none where the name is not known.
Resolve = Callable[[str, int], Sequence[SocketAddress]]

_REDIRECTS = 3
_PIECE = 65_536
# Left as they are in a path and a query; all else is written with percent signs.
_SAFE = "/%:@!$&'()*+,;=~-._?"


# Their ports, by scheme.
_PORTS = {"https": 443, "http": 80}


class _Target(NamedTuple):
    """`path` is with the query, as it is sent."""

    url: str
    scheme: str
    host: str
    path: str


class TooLarge(BadInput):
    """There is more of it than the limit that was given."""


class Fetcher:
    """One GET by https, and by http where it has a port for that. No other port is asked; `tls` is
    the system's trust.
    """

    def __init__(
        self,
        allowed: Callable[[Address], bool] = is_public,
        resolve: Resolve | None = None,
        tls: ssl.SSLContext | None = None,
        port: int = 443,
        http: int | None = None,
    ) -> None:
        self._allowed = allowed
        self._resolve = resolve or Resolver()
        self._given_tls = tls
        self._ports = {"https": port, **({} if http is None else {"http": http})}

    def get(self, url: str, accept: str, limit: int, seconds: float) -> bytes:
        """The content: at most `limit` bytes, within `seconds`, redirects and all.

        Raises:
            TooLarge: more than `limit`.
            BadInput: with a sentence. What a private network answers cannot be read off it.
        """
        return self.fetch(url, accept, limit, seconds).content

    def fetch(self, url: str, accept: str, limit: int, seconds: float) -> Fetched:
        """The same, with what is known of it."""
        if getproxies_environment().keys() & {"all", *self._ports}:
            raise BadInput("This server reaches the web through a proxy and fetches no addresses.")
        too_slow = BadInput("It could not be fetched in the time that there is for it.")
        address, base = url, ""
        with Timeout(seconds, too_slow):
            for _ in range(_REDIRECTS + 1):
                target = self._target(address, base)
                base = target.url
                found = self._ask(target, accept, limit)
                if isinstance(found, Fetched):
                    return found
                address = found
        raise BadInput(f"It leads to another address more than {_REDIRECTS} times.")

    def _ask(self, target: _Target, accept: str, limit: int) -> Fetched | str:
        """The content, or the address where it is to be found instead."""
        port = self._ports[target.scheme]
        addresses = self._addresses(target.host, port)
        tls = self._tls if target.scheme == "https" else None
        try:
            with closing(Pinned(target.host, port, addresses, tls)) as connection:
                headers = {"Accept": accept, "User-Agent": "Parley"}
                connection.request("GET", target.path, headers=headers)
                with closing(connection.getresponse()) as response:
                    return _content(target.url, response, limit)
        except ssl.SSLCertVerificationError as error:
            raise BadInput("Its server has no valid certificate for its name.") from error
        except (OSError, HTTPException, ValueError) as error:  # ValueError: TLS knows no such name
            raise BadInput("Its server cannot be reached, or broke off.") from error

    def _target(self, address: str, base: str) -> _Target:
        """Where it leads. What is not allowed is said in a sentence."""
        try:
            url = urljoin(base, address)
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise BadInput("It is not a web address.") from error
        if parts.scheme not in self._ports or not host:
            raise BadInput(f"It does not lead to an address by {' or '.join(self._ports)}.")
        if parts.username is not None or parts.password is not None:
            raise BadInput("Its address holds a user or a password.")
        usual = _PORTS[parts.scheme]
        if (usual if port is None else port) != self._ports[parts.scheme]:
            raise BadInput(f"Its address names another port than {usual}.")
        query = f"?{parts.query}" if parts.query else ""
        path = quote((parts.path or "/") + query, safe=_SAFE)
        return _Target(url, parts.scheme, host, path)

    def _addresses(self, host: str, port: int) -> Sequence[SocketAddress]:
        """All that the name has, asked for once. One that is not public spoils them all."""
        found = self._resolve(host, port)
        if not found or not all(self._allowed(ip_address(address[0])) for address in found):
            # One sentence for both, or a caller could list the names of the private network.
            raise BadInput("Its host has no public address.")
        return found

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Made when it is needed: reading the system's certificates takes a while."""
        return self._given_tls or trust()


class Resolver:
    """The system's, in threads of its own: names that hang hold up nobody but each other."""

    def __init__(self) -> None:
        self._threads = ThreadPool(4, idle_task_timeout=30)

    def __call__(self, host: str, port: int) -> Sequence[SocketAddress]:
        return self._threads.apply(_look_up, (host, port))


def _look_up(host: str, port: int) -> Sequence[SocketAddress]:
    getaddrinfo = get_original("socket", "getaddrinfo")
    try:
        found = getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, ValueError):  # ValueError: no name can look like this
        return []
    return [address for _, _, _, _, address in found]


def _content(url: str, response: HTTPResponse, limit: int) -> Fetched | str:
    location = response.getheader("Location")
    if response.status in (301, 302, 303, 307, 308) and location:
        return location
    if response.status != 200:
        raise BadInput(f"Its server answers with the status {response.status}.")
    pieces, left = [], limit
    while (response.length or 0) <= left and (piece := response.read(min(left + 1, _PIECE))):
        pieces.append(piece)
        left -= len(piece)
    if left < 0 or (response.length or 0) > left:
        raise TooLarge("It is too large.")
    if response.length:
        raise BadInput("Its server stopped in the middle of it.")
    about = response.headers
    return Fetched(url, about.get_content_type(), about.get_content_charset(), b"".join(pieces))
