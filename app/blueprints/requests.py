"""What happens around every request: its id, its log line, its figures, its security headers."""

from __future__ import annotations

import re
import time

import structlog
from flask import Flask, Response, g, request

from app.blueprints.context import services
from app.ids import new_id

_SAFE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

# For what is not a page: nothing in it may run, frame or load anything.
_POLICY = "default-src 'none'; frame-ancestors 'none'"
# Nobody else sets these, so they are added without a look at what is there.
_HEADERS = [
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
]

_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

log = structlog.get_logger()


def install(app: Flask) -> None:
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    sent = request.headers.get("X-Request-ID", "")
    g.request_id = sent if _SAFE_ID.fullmatch(sent) else new_id("req")
    g.began = time.monotonic()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _end(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", _POLICY)
    headers.setdefault("Cache-Control", "no-store")
    headers.extend([*_HEADERS, ("X-Request-ID", g.request_id)])
    _account(response)
    return response


def _account(response: Response) -> None:
    """Count and log when the last byte has gone, which for a stream is much later."""
    # A method is whatever a caller writes there; as a label it must be one of few.
    method = request.method if request.method in _METHODS else "other"
    route = str(request.url_rule or "none")
    request_id, began, counter = g.request_id, g.began, services().metrics.requests

    def closed() -> None:
        counter.labels(method, route, response.status_code).inc()
        log.info(
            "request",
            request_id=request_id,
            method=method,
            route=route,
            status=response.status_code,
            seconds=round(time.monotonic() - began, 4),
        )

    response.call_on_close(closed)
