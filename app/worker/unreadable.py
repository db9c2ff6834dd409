"""Requests that gunicorn cannot read as HTTP. They never reach the application, and its own answer
to them is a page of HTML: this one is an error like all others.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import msgspec
from gunicorn.http import errors

from app.errors import MalformedRequest, Problem

_LONG_ADDRESS = (
    "The address is longer than the 4094 bytes that this server reads. What is long belongs into "
    "the body."
)
_LARGE_HEADERS = "There are more than 100 headers, or one of more than 8190 bytes."

# gunicorn's own numbers, which nothing changes here.
_OTHERS: dict[type[Exception], tuple[HTTPStatus, str]] = {
    errors.LimitRequestLine: (HTTPStatus.REQUEST_URI_TOO_LONG, _LONG_ADDRESS),
    errors.LimitRequestHeaders: (HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, _LARGE_HEADERS),
    errors.ExpectationFailed: (
        HTTPStatus.EXPECTATION_FAILED,
        "Of what a request can expect, this server knows 100-continue alone.",
    ),
    errors.UnsupportedTransferCoding: (
        HTTPStatus.NOT_IMPLEMENTED,
        "Of the ways to transfer a body, this server knows chunked alone.",
    ),
}
_WRONG: dict[type[Exception], str] = {
    errors.InvalidRequestLine: "its first line is not METHOD ADDRESS HTTP/1.1",
    errors.InvalidRequestMethod: "its method has other characters than capitals",
    errors.InvalidHTTPVersion: "its version is not 1.0 or 1.1",
    errors.InvalidHeader: "a header is not NAME: VALUE, or has a value that cannot be",
    errors.InvalidHeaderName: "a header's name has characters that none may have",
    errors.ObsoleteFolding: "a header goes over several lines",
    errors.InvalidChunkSize: "a chunk's size is no number",
    errors.ChunkMissingTerminator: "a chunk is not as long as it says",
    errors.InvalidChunkExtension: "a chunk's extension is not well-formed",
}


def problem(error: BaseException) -> Problem | None:
    """What to tell the caller; None where it is not the caller's fault."""
    kind = type(error)
    if kind in _OTHERS:
        status, detail = _OTHERS[kind]
    elif kind in _WRONG:
        status, detail = HTTPStatus.BAD_REQUEST, f"This cannot be read as HTTP: {_WRONG[kind]}."
    else:
        return None
    return Problem(
        type="urn:parley:malformed_request",
        title=status.phrase,
        status=status,
        detail=detail,
        code="malformed_request",
        retryable=False,
    )


class Input:
    """A body that comes in chunks. Where these are broken, reading it raises MalformedRequest."""

    def __init__(self, body: Any) -> None:
        self._body = body

    def read(self, size: int = -1) -> bytes:
        try:
            data: bytes = self._body.read(size)
        except errors.ParseException as error:
            told = problem(error)
            raise MalformedRequest(told.detail if told else str(error)) from error
        return data


def answer(problem: Problem) -> bytes:
    """The whole response, after which the connection is closed."""
    body = msgspec.json.encode(problem.document())
    head = (
        f"HTTP/1.1 {problem.status} {problem.title}\r\n"
        "Connection: close\r\n"
        "Content-Type: application/problem+json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode("ascii") + body
