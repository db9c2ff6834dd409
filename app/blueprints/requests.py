"""What happens around every request: its id, its log line, its figures."""

from __future__ import annotations

import re
import time

import structlog
from flask import Flask, Response, g, request

from app import tracing
from app.blueprints.context import services
from app.ids import new_id
from app.tracing import Span

_SAFE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

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
    # Kept connections share a context, so the request before it must not be left in there.
    g.span = tracing.begun(request.method, request.headers.get)


def _end(response: Response) -> Response:
    response.headers["X-Request-ID"] = g.request_id
    _account(response)
    return response


def _account(response: Response) -> None:
    """Count and log when the last byte has gone, which for a stream is much later."""
    # A method is whatever a caller writes there; as a label it must be one of few.
    method = request.method if request.method in _METHODS else "other"
    route = str(request.url_rule or "none")
    request_id, began, counter = g.request_id, g.began, services().metrics.requests
    span, code = g.span, g.get("code")

    def closed() -> None:
        tracing.enter(span)  # a body may be read in another context than it was made in
        counter.labels(method, route, response.status_code).inc()
        log.info(
            "request",
            request_id=request_id,
            method=method,
            route=route,
            status=response.status_code,
            seconds=round(time.monotonic() - began, 4),
        )
        if span is not None:
            _end_span(span, method, route, response.status_code, request_id, code)

    response.call_on_close(closed)


def _end_span(
    span: Span, method: str, route: str, status: int, request_id: str, code: str | None
) -> None:
    """OpenTelemetry takes what a caller got wrong for no error of the server's."""
    span.name = f"{method} {route}"
    span.attributes |= {
        "http.request.method": method,
        "http.route": route,
        "http.response.status_code": status,
        "parley.request.id": request_id,
    }
    if code is not None:
        span.attributes["error.type"] = code
    span.end(code or str(status) if status >= 500 else None)
    tracing.enter(None)
