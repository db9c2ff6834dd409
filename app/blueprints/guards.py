"""Who may call. Everything is closed but what says that it is public."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from functools import lru_cache
from ipaddress import ip_address
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, current_app, g, request

from app.blueprints.context import Caller, services
from app.config import Config
from app.errors import NotAllowed, NotAuthenticated

View = TypeVar("View", bound=Callable[..., Any])

_PUBLIC_ENDPOINTS = {"web.static", "api-docs.openapi_json"}


def public(view: View) -> View:
    """Mark a view that needs no key."""
    view.public = True  # type: ignore[attr-defined]
    return view


def install(app: Flask) -> None:
    app.before_request(_authenticate)


def _authenticate() -> None:
    config = services().config
    if config.open:
        _refuse_strangers()
    view = current_app.view_functions.get(request.endpoint or "")
    if view is None or request.endpoint in _PUBLIC_ENDPOINTS or getattr(view, "public", False):
        return
    g.caller = _identify(config)


def _identify(config: Config) -> Caller:
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    sent = key.strip() if scheme.lower() == "bearer" else ""
    if config.admin_key and sent:
        if hmac.compare_digest(sent.encode(), config.admin_key.encode()):
            return Caller("admin")
        raise NotAuthenticated("This key is not valid here.")
    if config.open:
        return Caller("local")
    raise NotAuthenticated("Send a key with the header Authorization: Bearer KEY.")


def _refuse_strangers() -> None:
    """Open on loopback must not mean open to every page in the user's browser.

    A page elsewhere can point its own name at 127.0.0.1 (DNS rebinding) or post here across
    sites; its name is then in Host or Origin.
    """
    if not _is_loopback(f"//{request.host}"):
        raise NotAllowed(
            "Without a key Parley answers on this machine only, by the name localhost or "
            "127.0.0.1. Set PORT and ADMIN_KEY to serve others."
        )
    origin = request.headers.get("Origin")
    if origin and request.method not in ("GET", "HEAD") and not _is_loopback(origin):
        raise NotAllowed("Without a key Parley takes nothing from pages of other sites.")


@lru_cache(maxsize=256)
def _is_loopback(address: str) -> bool:
    try:
        name = urlsplit(address).hostname or ""
        return name == "localhost" or name.endswith(".localhost") or ip_address(name).is_loopback
    except ValueError:
        return False
