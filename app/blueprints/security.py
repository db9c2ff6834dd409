"""What a browser may do with an answer, said on every answer; and TLS, where it is demanded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Flask, Response, request

from app.blueprints.callers import is_loopback, is_secure
from app.blueprints.context import EXTENSION
from app.config import Config
from app.errors import NotAllowed

if TYPE_CHECKING:  # the standard library has these types for type checkers alone
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Nobody else sets these. The last but one is about what is loaded without asking; pages that ask
# (CORS) are let in by their origin.
_HEADERS = [
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
]
_UNLESS_SAID = [
    # For what is not a page: nothing in it may run, frame or load anything.
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Cache-Control", "no-store"),
]
# Asked by those who stand beside us, without a proxy in between.
_FROM_WITHIN = {"/healthz", "/readyz", "/metrics"}


def install(app: Flask) -> None:
    """To be installed before the guards: what is turned away is not looked at."""
    app.wsgi_app = _Marked(app.wsgi_app)  # type: ignore[method-assign]  # Flask's own way
    door = _Door(app.extensions[EXTENSION].config)
    if door.demands_tls:
        app.before_request(door.demand_tls)
    if door.hsts:
        app.after_request(door.mark)


class _Marked:
    """Around the application, because these say the same on every answer."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def started(status: str, headers: list[tuple[str, str]], *exc_info: Any) -> Any:
            said = {name for name, _ in headers}
            missing = [header for header in _UNLESS_SAID if header[0] not in said]
            return start_response(status, headers + _HEADERS + missing, *exc_info)

        return self._app(environ, started)


class _Door:
    def __init__(self, config: Config) -> None:
        self._proxies = config.trusted_proxies
        self.demands_tls = config.https_demanded
        lasting = config.hsts_seconds if config.app_env == "production" else 0
        self.hsts = f"max-age={lasting}" if lasting else None

    def demand_tls(self) -> Response | None:
        """Send a browser to the same address with TLS. Raises NotAllowed for everything else."""
        if request.path in _FROM_WITHIN or is_secure(self._proxies):
            return None
        if is_loopback(f"//{request.host}"):
            return None
        if request.method in ("GET", "HEAD") and "Authorization" not in request.headers:
            parts = urlsplit(request.url)
            there = parts._replace(scheme="https", netloc=parts.hostname or "").geturl()
            return Response(status=308, headers={"Location": there})
        raise NotAllowed(
            "This server is reached by https alone. If there was a key in this request, it could "
            "be read on its way: have it replaced."
        )

    def mark(self, response: Response) -> Response:
        # Over plain HTTP it means nothing; without a proxy of ours nobody can tell what it was.
        if self.hsts and (self._proxies == 0 or is_secure(self._proxies)):
            response.headers["Strict-Transport-Security"] = self.hsts
        return response
