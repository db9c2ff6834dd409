"""The HTTP answer that lasts: a body that is written while it comes into being."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from flask import Response
from werkzeug.datastructures import Headers

if TYPE_CHECKING:  # the standard library has these types for type checkers alone
    from _typeshed.wsgi import WSGIEnvironment


class Stream(Response):
    """Its body is bytes, and nothing in its head depends on the request."""

    def get_wsgi_headers(self, environ: WSGIEnvironment) -> Headers:
        """As they are: there is no address in them to complete, and no length to be found out."""
        return self.headers

    def get_app_iter(self, environ: WSGIEnvironment) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "HEAD":
            return super().get_app_iter(environ)
        return _Body(self.response, self.close)  # type: ignore[arg-type]  # bytes, not text


class _Body:
    """What the server walks through, without a layer in between, and then closes."""

    __slots__ = ("_pieces", "close")

    def __init__(self, pieces: Iterable[bytes], close: Callable[[], None]) -> None:
        self._pieces = pieces
        self.close = close

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._pieces)
