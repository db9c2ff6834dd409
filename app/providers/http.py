"""The HTTP client that is given to the vendors' SDKs."""

from __future__ import annotations

import httpx2

from app.config import Config

# SDKs insist on a key; a server of one's own behind a base URL often has none.
NO_KEY = "none"


def timeout(config: Config) -> httpx2.Timeout:
    """Limits on connecting and on the silence between two reads; not on the whole."""
    return httpx2.Timeout(config.read_timeout, connect=config.connect_timeout)


def client() -> httpx2.Client:
    # Streams are bounded by the house's own limit, so the pool must never be the one that waits.
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=256)
    return httpx2.Client(limits=limits, follow_redirects=False)
