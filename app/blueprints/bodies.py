"""The blueprint that all others are made of: how a body is read before a schema loads it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import flask_smorest
import msgspec
from flask import Request
from marshmallow import Schema
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import UnsupportedMediaType

from app.errors import MalformedBody

View = TypeVar("View", bound=Callable[..., Any])


class _Parser(FlaskParser):
    """Reads JSON with msgspec, which refuses what storage could not keep: half a surrogate pair,
    NaN, a depth that overflows the stack.
    """

    # A schema's own `unknown` holds, which is RAISE.
    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {}  # noqa: RUF012  # webargs' type

    def load_json(self, req: Request, schema: Any) -> Any:
        if not req.is_json:
            raise UnsupportedMediaType(
                "The body must be JSON; send it with the header Content-Type: application/json."
            )
        try:
            return msgspec.json.decode(req.get_data(cache=False))
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            raise MalformedBody(f"The body is not valid JSON: {_shown(error)}") from error


def _shown(error: Exception) -> str:
    return "it is nested too deeply." if isinstance(error, RecursionError) else f"{error}."


class _Decorator(Protocol):
    def __call__(self, view: View, /) -> View: ...


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc]  # smorest has no types
    ARGUMENTS_PARSER = _Parser()

    def arguments(self, schema: type[Schema], *, location: str = "json") -> _Decorator:
        """Load the body, or the query, with one instance: webargs would make one per request."""
        decorator: _Decorator = super().arguments(schema(), location=location)
        return decorator

    if TYPE_CHECKING:

        def get(self, rule: str) -> _Decorator: ...
        def post(self, rule: str) -> _Decorator: ...
        def patch(self, rule: str) -> _Decorator: ...
        def delete(self, rule: str) -> _Decorator: ...
        def response(
            self, status: int, schema: type[Schema] | None = None, *, content_type: str = ...
        ) -> _Decorator: ...
