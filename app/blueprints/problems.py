"""Every error as a problem document (RFC 9457), whoever raised it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog
from flask import Flask, Response, current_app, g, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from app.blueprints.context import services
from app.encoders.native import exact
from app.errors import ParleyError, Problem

MEDIA_TYPE = "application/problem+json"

log = structlog.get_logger()

_CODES = {
    400: "malformed_request",
    404: "no_such_route",
    405: "method_not_allowed",
    413: "body_too_large",
    415: "unsupported_media_type",
    422: "invalid_request",
}
_SENTENCES = {
    404: "There is nothing at this address. The routes are listed at /docs.",
    413: (
        "The body is larger than this server takes. Its variables for that are MAX_BODY_BYTES and, "
        "for images, MAX_IMAGE_BYTES."
    ),
    422: "The request does not have the right form; `errors` says what is wrong with each field.",
}


# Another API's way to say a problem: the status that its clients know, and the body.
Form = Callable[[Problem], tuple[int, dict[str, Any]]]

_FORMS = "parley.forms"


def install(app: Flask, forms: Mapping[str, Form] | None = None) -> None:
    """`forms` are other APIs' by how their paths begin; the longest that fits counts."""
    app.extensions[_FORMS] = sorted((forms or {}).items(), key=lambda form: -len(form[0]))
    app.register_error_handler(ParleyError, _of_ours)
    app.register_error_handler(HTTPException, _of_http)
    app.register_error_handler(Exception, _of_a_fault)


def answer(problem: Problem) -> Response:
    services().metrics.errors.labels(problem.code).inc()
    services().dashboard.note(problem)
    g.code = problem.code
    said, status, media_type = problem.document(), problem.status, MEDIA_TYPE
    if (form := _form()) is not None:
        (status, said), media_type = form(problem), "application/json"
    response = Response(exact.encode(said), status=status, content_type=media_type)
    if problem.retry_after is not None:
        response.headers["Retry-After"] = str(problem.retry_after)
    if problem.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _form() -> Form | None:
    forms: Sequence[tuple[str, Form]] = current_app.extensions[_FORMS]
    return next((form for start, form in forms if request.path.startswith(start)), None)


def _of_ours(error: ParleyError) -> Response:
    return answer(error.problem(g.get("request_id")))


def _of_a_fault(error: Exception) -> Response:
    log.exception("request_broke", route=str(request.url_rule))
    return _of_ours(ParleyError())


def _of_http(error: HTTPException) -> Response:
    status = error.code or 500
    if status < 400:
        return error.get_response()  # type: ignore[return-value]  # a redirect is no problem
    code = _CODES.get(status, "http_error")
    response = answer(
        Problem(
            type=f"urn:parley:{code}",
            title=error.name,
            status=status,
            detail=_sentence(error, status),
            code=code,
            retryable=False,
            request_id=g.get("request_id"),
            errors=_by_field(error),
        )
    )
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.headers["Allow"] = ", ".join(error.valid_methods)
    return response


def _sentence(error: HTTPException, status: int) -> str:
    if isinstance(error, MethodNotAllowed):
        allowed = sorted(set(error.valid_methods or ()) - {"HEAD", "OPTIONS"})
        return f"{request.method} is not for this address; it takes {' and '.join(allowed)}."
    return _SENTENCES.get(status) or error.description or error.name


def _by_field(error: HTTPException) -> dict[str, Any] | None:
    """webargs says `{location: {field: [sentence]}}`; the location is no news to the caller."""
    said: dict[str, Any] = getattr(error, "data", {}).get("messages", {})
    fields: dict[str, Any] = {}
    for by_field in said.values():
        fields |= by_field if isinstance(by_field, dict) else {"body": by_field}
    return fields or None
