"""Flask, without what it looks for at each request where there is nothing of the kind.

Views, hooks, errors and contexts are as its documentation says: where there is something of the
kind, Flask does it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, Request, Response
from flask.globals import request_ctx
from flask.sessions import NullSession, SessionInterface, SessionMixin
from flask.typing import ResponseReturnValue
from werkzeug.routing import MapAdapter

_context: Any = request_ctx


class Application(Flask):
    def __init__(self, name: str) -> None:
        super().__init__(name, static_folder=None)
        self.session_interface = _NoSession()

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """None of ours is a coroutine; Flask looks at each hook of each request again."""
        return func

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Routes do not depend on the host; Flask has it read, and checked, three times."""
        if request is None or "HTTP_UPGRADE" in request.environ:
            return super().create_url_adapter(request)
        return self.url_map.bind(
            request.host,
            script_name=request.root_path,
            url_scheme=request.scheme,
            default_method=request.method,
            path_info=request.path,
            query_args=request.query_string.decode(errors="replace"),
        )

    def preprocess_request(self) -> ResponseReturnValue | None:
        if self.url_value_preprocessors or self.before_request_funcs.keys() != {None}:
            return super().preprocess_request()
        for hook in self.before_request_funcs[None]:
            answer: Any = hook()
            if answer is not None:
                return answer  # type: ignore[no-any-return]
        return None

    def process_response(self, response: Response) -> Response:
        """The session is not saved: there is none."""
        context, hooks = _context._get_current_object(), self.after_request_funcs
        name = context.request.blueprint
        if name is not None and "." in name:  # a blueprint inside of another
            return super().process_response(response)
        of_blueprint = hooks[name] if name is not None and name in hooks else ()
        for hook in (
            *context._after_request_functions,
            *reversed(of_blueprint),
            *reversed(hooks.get(None, ())),
        ):
            answer: Any = hook(response)
            response = answer
        return response

    def do_teardown_request(self, *exc: Any) -> None:
        if self.teardown_request_funcs:
            super().do_teardown_request(*exc)

    def do_teardown_appcontext(self, *exc: Any) -> None:
        if self.teardown_appcontext_funcs:
            super().do_teardown_appcontext(*exc)


class _NoSession(SessionInterface):
    """The page's session is a cookie of its own (`app.blueprints.cookie`)."""

    _none = NullSession()  # it cannot be written to

    def open_session(self, app: Flask, request: Request) -> SessionMixin:
        return self._none

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Never asked for."""
