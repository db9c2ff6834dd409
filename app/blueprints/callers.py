"""From which address a request came and by what way, behind so many proxies of our own."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from app.blueprints.context import asked

# Whoever has one address of IPv6 has a network of them.
_NETWORK = 64


def address(trusted_proxies: int) -> str:
    """The caller's address; of IPv6 its network.

    Each proxy adds to X-Forwarded-For whom it got the request from. What our own have added can be
    believed; what stands before that, anybody can have written.
    """
    request = asked()
    peer = request.remote_addr or ""
    if trusted_proxies == 0:
        return _known(peer)
    hops = ",".join(request.headers.getlist("X-Forwarded-For")).split(",")
    hop = hops[-trusted_proxies] if len(hops) >= trusted_proxies else ""
    return _known(hop) or _known(peer)


def is_secure(trusted_proxies: int) -> bool:
    """Whether the caller's connection has TLS. Proxies say it each for itself, or one for all."""
    request = asked()
    if trusted_proxies == 0 or request.is_secure:
        return request.is_secure
    hops = ",".join(request.headers.getlist("X-Forwarded-Proto")).split(",")
    return hops[-min(trusted_proxies, len(hops))].strip().lower() == "https"


@lru_cache(maxsize=256)
def is_loopback(origin: str) -> bool:
    """Whether an origin, or `//host`, is this machine by its name or address."""
    try:
        name = urlsplit(origin).hostname or ""
        return name == "localhost" or name.endswith(".localhost") or ip_address(name).is_loopback
    except ValueError:
        return False


@lru_cache(maxsize=256)
def _known(text: str) -> str:
    """Empty for what is no address."""
    found = _parsed(text.strip())
    if isinstance(found, IPv6Address):
        network = ip_network((int(found), _NETWORK), strict=False)
        return str(found.ipv4_mapped or network)
    return "" if found is None else str(found)


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    # Some write the port too: 192.0.2.1:4711, [2001:db8::1]:4711.
    bare = text[1:].partition("]")[0] if text.startswith("[") else text
    for candidate in (bare, bare.partition(":")[0]):
        try:
            return ip_address(candidate)
        except ValueError:
            continue
    return None
