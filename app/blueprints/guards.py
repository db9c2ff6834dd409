"""Who may call, and what. Everything is closed but what says that it is public."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, Request

from app.accounts import SCOPES, Account
from app.blueprints import cookie
from app.blueprints.callers import address, is_loopback
from app.blueprints.context import asked, asked_view, kept, services
from app.errors import NotAllowed, NotAuthenticated
from app.services.people import under

View = TypeVar("View", bound=Callable[..., Any])

_PUBLIC_ENDPOINTS = {"web.static", "api-docs.openapi_json"}

# What a view needs that says nothing else.
_DEFAULT = ("chat",)

# Names that keys are given in addresses, and keys of ours under any name.
_KEY_NAME = re.compile(
    "((api|access|admin)[-_]?)?(key|token)|auth(orization)?|bearer", re.IGNORECASE
)
_KEY = re.compile("parley_[A-Za-z0-9_-]{43}")


def public(view: View) -> View:
    """Mark a view that needs no key."""
    view.public = True  # type: ignore[attr-defined]
    return view


def is_public(view: Callable[..., Any]) -> bool:
    return getattr(view, "public", False)


def needs(*scopes: str) -> Callable[[View], View]:
    """Mark a view for keys with one of these scopes; a view without a mark is for `chat`."""

    def marked(view: View) -> View:
        view.scopes = scopes  # type: ignore[attr-defined]
        return view

    return marked


# For a view that every key may call.
any_key = needs(*SCOPES)


def install(app: Flask) -> None:
    app.before_request(_guard)


def _guard() -> None:
    request = asked()
    view = asked_view(request)
    if services().config.open:
        _refuse_strangers(request)
    if view is None or request.endpoint in _PUBLIC_ENDPOINTS or is_public(view):
        return
    _authorize(_known(request), getattr(view, "scopes", _DEFAULT))


def authenticate() -> None:
    """Find out who is calling, where a public view says more to those who may know more.

    Raises NotAuthenticated, TooMany, CsrfRefused, and NotAllowed for somebody else's user.
    """
    _known(asked())


def _known(request: Request) -> Account:
    if request.query_string:
        _refuse_keys_in_address(request)
    environ = request.environ
    scheme, _, key = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    sent = key.strip() if scheme.lower() == "bearer" else environ.get("HTTP_X_API_KEY", "")
    account = None if sent else _of_cookie()
    if account is None:
        house = services()
        account = house.identity.of(sent, address(house.config.trusted_proxies))
    account = kept().caller = acting(account)
    return account


def acting(account: Account) -> Account:
    """As whom it acts: as one of the key's users, if a header names one."""
    user = asked().environ.get("HTTP_X_USER_ID")
    return account if user is None else under(account, user)


def _of_cookie() -> Account | None:
    """Whose session the page's cookie stands for."""
    token = cookie.sent()
    if token is None:
        return None
    config = services().config
    try:
        account = services().sessions.of(token, address(config.trusted_proxies))
    except NotAuthenticated:
        if config.open:  # a cookie of another server on this machine
            return None
        raise
    cookie.refuse_forgery(token)
    kept().session = token
    return account


def _refuse_keys_in_address(request: Request) -> None:
    named = (value for name, value in request.args.items(multi=True) if _KEY_NAME.fullmatch(name))
    # The id of a key opens nothing.
    if any(not value.startswith("key_") for value in named) or _KEY.search(
        request.query_string.decode("latin-1")
    ):
        raise NotAuthenticated(
            "A key in an address ends up in logs and histories. Send it with the header "
            "Authorization: Bearer KEY, and have it replaced if it is a real one."
        )


def _authorize(account: Account, scopes: tuple[str, ...]) -> None:
    if not set(scopes) & set(account.scopes):
        raise NotAllowed(f"This needs a key with the scope {' or '.join(scopes)}.")


def _refuse_strangers(request: Request) -> None:
    """Open on loopback must not mean open to every page in the user's browser.

    A page elsewhere can point its own name at 127.0.0.1 (DNS rebinding) or post here across
    sites; its name is then in Host or Origin.
    """
    if not is_loopback(f"//{request.host}"):
        raise NotAllowed(
            "Without a key Parley answers on this machine only, by the name localhost or "
            "127.0.0.1. Set PORT and ADMIN_KEY to serve others."
        )
    origin = request.environ.get("HTTP_ORIGIN")
    known = origin in services().config.cors_origins or (origin and is_loopback(origin))
    if origin and request.method not in ("GET", "HEAD") and not known:
        raise NotAllowed(
            "Without a key Parley takes nothing from pages of other sites, but of CORS_ORIGINS."
        )
