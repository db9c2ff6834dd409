"""Whom TLS trusts."""

from __future__ import annotations

import ssl
from functools import cache
from pathlib import Path

import httpx2


@cache
def context(certificates: str | None) -> ssl.SSLContext:
    """For connections to servers, with the authorities in a file or a folder in PEM.

    They stand in the place of the system's own, which None means. One for all adapters: to read
    the authorities takes longer than everything else that makes one.
    """
    if certificates is None:
        return httpx2.create_ssl_context()
    if Path(certificates).is_dir():
        return ssl.create_default_context(capath=certificates)
    return ssl.create_default_context(cafile=certificates)
