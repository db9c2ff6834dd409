"""What happens around every request: its id, its log line, its figures."""

from __future__ import annotations

import re
import time
from functools import partial
from typing import NamedTuple

import structlog
from flask import Flask, Response

from app import tracing
from app.blueprints.context import asked, kept, services
from app.ids import new_id
from app.metrics import Metrics
from app.tracing import Span

_SAFE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

log = structlog.get_logger()


class _About(NamedTuple):
    """What is told of a request when the last byte of its answer has gone."""

    method: str
    route: str
    status: int
    request_id: str
    began: float
    code: str | None


def install(app: Flask) -> None:
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    request, g = asked(), kept()
    sent = request.environ.get("HTTP_X_REQUEST_ID", "")
    g.request_id = request_id = sent if _SAFE_ID.fullmatch(sent) else new_id("req")
    g.began = time.monotonic()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=request_id)
    # Kept connections share a context, so the request before it must not be left in there.
    g.span = tracing.begun(request.method, request.headers.get)


def _end(response: Response) -> Response:
    """Count and log when the last byte has gone, which for a stream is much later."""
    request, g = asked(), kept()
    response.headers["X-Request-ID"] = g.request_id
    # A method is whatever a caller writes there; as a label it must be one of few.
    method = request.method if request.method in _METHODS else "other"
    route = str(request.url_rule or "none")
    about = _About(method, route, response.status_code, g.request_id, g.began, g.get("code"))
    response.call_on_close(partial(_closed, about, services().metrics, g.span))
    return response


def _closed(about: _About, metrics: Metrics, span: Span | None) -> None:
    tracing.enter(span)  # a body may be read in another context than it was made in
    metrics.requests.labels(about.method, about.route, about.status).inc()
    log.info(
        "request",
        request_id=about.request_id,
        method=about.method,
        route=about.route,
        status=about.status,
        seconds=round(time.monotonic() - about.began, 4),
    )
    if span is not None:
        _end_span(span, about)


def _end_span(span: Span, about: _About) -> None:
    """OpenTelemetry takes what a caller got wrong for no error of the server's."""
    span.name = f"{about.method} {about.route}"
    span.attributes |= {
        "http.request.method": about.method,
        "http.route": about.route,
        "http.response.status_code": about.status,
        "parley.request.id": about.request_id,
    }
    if about.code is not None:
        span.attributes["error.type"] = about.code
    span.end(about.code or str(about.status) if about.status >= 500 else None)
    tracing.enter(None)
