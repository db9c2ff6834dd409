"""Flask, without what it does for each request and this application has no use for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, Request, Response
from flask.sessions import NullSession, SessionInterface, SessionMixin


class Application(Flask):
    def __init__(self, name: str) -> None:
        super().__init__(name, static_folder=None)
        self.session_interface = _NoSession()

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """None of ours is a coroutine; Flask looks at each hook of each request again."""
        return func


class _NoSession(SessionInterface):
    """The page's session is a cookie of its own (`app.blueprints.cookie`)."""

    _none = NullSession()  # it cannot be written to

    def open_session(self, app: Flask, request: Request) -> SessionMixin:
        return self._none

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Never asked for: a null session is not saved."""
