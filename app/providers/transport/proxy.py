"""The proxy that the environment names for an address."""

from __future__ import annotations

from base64 import b64encode
from typing import NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies_environment

from requests.utils import should_bypass_proxies


class ProxyTrouble(OSError):
    """A proxy that cannot be used, or that does not let us through."""


class Proxy(NamedTuple):
    """Where it listens, and the header lines that it wants with each request."""

    host: str
    port: int
    headers: bytes


def proxy_for(scheme: str, host: str, port: int) -> Proxy | None:
    """From HTTP_PROXY, HTTPS_PROXY and ALL_PROXY, in capitals or not, as curl reads them.

    NO_PROXY exempts hosts, suffixes, networks and single ports, as requests reads it.

    Raises:
        ProxyTrouble: what is named cannot be used.
    """
    named = getproxies_environment()
    address = named.get(scheme) or named.get("all")
    netloc = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    if not address or should_bypass_proxies(f"{scheme}://{netloc}", no_proxy=None):
        return None
    try:
        url = urlsplit(address if "://" in address else f"http://{address}")
        found = Proxy(url.hostname or "", url.port or 80, _credentials(url))
    except ValueError:  # brackets that do not close, a port over 65535
        found = Proxy("", 0, b"")
    # The address itself may hold a password, and is not repeated.
    if not found.host or url.scheme != "http":
        raise ProxyTrouble(f"The proxy for {scheme} must look like http://host:port.")
    return found


def _credentials(url: SplitResult) -> bytes:
    if url.username is None:
        return b""
    pair = f"{unquote(url.username)}:{unquote(url.password or '')}".encode()
    return b"Proxy-Authorization: Basic " + b64encode(pair) + b"\r\n"
