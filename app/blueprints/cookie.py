"""The page's session as a browser keeps it, and what pages of other sites cannot do with it.

A browser sends the cookie along with whatever any page asks of us. So what changes something needs
a second thing, which only a page of ours can read; and the browser's own word on where it came from
is heard as well.
"""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

from flask import Response, request

from app.blueprints.callers import is_loopback, is_secure
from app.blueprints.context import asked, services
from app.errors import CsrfRefused
from app.services.sessions import csrf_token

HEADER = "X-CSRF-Token"

_NAME = "parley_session"
_READING = {"GET", "HEAD", "OPTIONS"}


def sent() -> str | None:
    """None where there is no such cookie."""
    # Most requests have none at all, and what its name would be takes a while to find out.
    here = asked()
    return here.cookies.get(_name()) if "HTTP_COOKIE" in here.environ else None


def keep(response: Response, token: str) -> Response:
    """Until the browser is closed, or the session is over."""
    response.set_cookie(_name(), token, httponly=True, secure=_has_tls(), samesite="Strict")
    return response


def drop(response: Response) -> Response:
    response.delete_cookie(_name(), httponly=True, secure=_has_tls(), samesite="Strict")
    return response


def refuse_forgery(token: str) -> None:
    """Raises CsrfRefused. A WebSocket can send no header; for it the page's origin has to do."""
    is_socket = request.headers.get("Upgrade", "").lower() == "websocket"
    if request.method in _READING and not is_socket:
        return
    refuse_other_sites()
    given = request.headers.get(HEADER, "")
    if not is_socket and not hmac.compare_digest(given.encode(), csrf_token(token).encode()):
        raise CsrfRefused(
            f"With the page's cookie a request that changes something needs the header {HEADER}: "
            "GET /api/session tells it. With Authorization: Bearer KEY it needs none."
        )


def refuse_other_sites() -> None:
    """Raises CsrfRefused for a page that is neither ours nor one of CORS_ORIGINS."""
    origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
    if origin is not None and origin in services().config.cors_origins:
        return
    if site is None:  # an older browser, or none
        ours = origin is None or urlsplit(origin).netloc.lower() == request.host.lower()
    else:
        ours = site in ("same-origin", "none")
    if not ours:
        raise CsrfRefused(
            "A page of another site cannot do this. CORS_ORIGINS lists those that can."
        )


def _name() -> str:
    # With this prefix browsers take it from nobody but this host, and over TLS alone.
    return f"__Host-{_NAME}" if _has_tls() else _NAME


def _has_tls() -> bool:
    """In production always, but on the machine itself."""
    config = services().config
    if is_secure(config.trusted_proxies):
        return True
    return config.app_env == "production" and not is_loopback(f"//{request.host}")
