"""The blueprint that all others are made of: how a body is read before a schema loads it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

import flask_smorest
import msgspec
from flask import Request
from marshmallow import Schema
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import (
    ClientDisconnected,
    RequestEntityTooLarge,
    UnsupportedMediaType,
)

from app.blueprints.context import asked, services
from app.errors import MalformedBody

View = TypeVar("View", bound=Callable[..., Any])


class _Parser(FlaskParser):
    """Reads JSON with msgspec, which refuses what storage could not keep: half a surrogate pair,
    NaN, a depth that overflows the stack.
    """

    # A schema's own `unknown` holds, which is RAISE.
    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {}  # noqa: RUF012  # webargs' type

    def load_json(self, req: Request, schema: Any) -> Any:
        if req.environ.get("CONTENT_TYPE") != "application/json" and not req.is_json:
            raise UnsupportedMediaType(
                "The body must be JSON; send it with the header Content-Type: application/json."
            )
        config = services().config
        most = config.max_chat_bytes if schema.holds_images else config.max_body_bytes
        sent = _sent(req, most)
        body = _decoded(sent)
        # What is granted to images is for nothing else.
        if len(sent) > config.max_body_bytes + schema.image_bytes(body):
            raise RequestEntityTooLarge
        return body


def _sent(req: Request, most: int) -> bytes:
    """The body, of at most so many bytes. Where its length is said, werkzeug's layers above the
    server's, which keep to it, are not needed.

    Raises RequestEntityTooLarge, ClientDisconnected.
    """
    said = req.environ.get("CONTENT_LENGTH", "")
    if "HTTP_TRANSFER_ENCODING" in req.environ or not said.isdecimal():
        req.max_content_length = most
        return req.get_data(cache=False)
    length = int(said)
    if length > most:
        raise RequestEntityTooLarge
    sent: bytes = req.environ["wsgi.input"].read(length)
    if len(sent) < length:
        raise ClientDisconnected
    return sent


def _decoded(sent: bytes) -> Any:
    try:
        return msgspec.json.decode(sent)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise MalformedBody(f"The body is not valid JSON: {_shown(error)}") from error


def _shown(error: Exception) -> str:
    return "it is nested too deeply." if isinstance(error, RecursionError) else f"{error}."


class _Decorator(Protocol):
    def __call__(self, view: View, /) -> View: ...


def _if_sent(schema: Schema, loading: _Decorator) -> _Decorator:
    """Load headers only where one of them was sent, which is seldom."""
    names = [field.data_key or name for name, field in schema.fields.items()]
    sent = frozenset("HTTP_" + name.upper().replace("-", "_") for name in names)
    absent = schema.load({})

    def decorator(view: View) -> View:
        loads = loading(view)

        @wraps(loads)  # and with it what documents the headers
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            if sent.isdisjoint(asked().environ):
                return view(*args, absent, **kwargs)
            return loads(*args, **kwargs)

        return cast(View, wrapper)

    return decorator


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc]  # smorest has no types
    ARGUMENTS_PARSER = _Parser()

    def arguments(self, schema: type[Schema], *, location: str = "json") -> _Decorator:
        """Load the body, or the query, with one instance: webargs would make one per request."""
        loaded = schema()
        decorator: _Decorator = super().arguments(loaded, location=location)
        return _if_sent(loaded, decorator) if location == "headers" else decorator

    if TYPE_CHECKING:

        def get(self, rule: str) -> _Decorator: ...
        def post(self, rule: str) -> _Decorator: ...
        def put(self, rule: str) -> _Decorator: ...
        def patch(self, rule: str) -> _Decorator: ...
        def delete(self, rule: str) -> _Decorator: ...
        def doc(self, **operation: Any) -> _Decorator: ...
        def alt_response(
            self,
            status: int,
            *,
            schema: type[Schema] | dict[str, Any] | None = None,
            content_type: str | None = None,
            description: str | None = None,
        ) -> _Decorator: ...
        def response(
            self, status: int, schema: type[Schema] | None = None, *, content_type: str = ...
        ) -> _Decorator: ...
