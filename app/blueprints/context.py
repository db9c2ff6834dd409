"""What a view works with: the request, the application's services, and who is calling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from flask import Request, current_app, g, request

from app.accounts import Account
from app.services import Services

EXTENSION = "parley"

# Flask's proxies look up what they stand for at each use, in three calls, and what runs for every
# request uses them often. What they stand for is asked of them once.
_app: Any = current_app
_request: Any = request
_kept: Any = g


def services() -> Services:
    found: Services = _app._get_current_object().extensions[EXTENSION]
    return found


def asked() -> Request:
    """The request itself, in the place of Flask's `request`.

    What looks for a header in every request finds it in `environ`, which is a dict.
    """
    found: Request = _request._get_current_object()
    return found


def kept() -> Any:
    """What is kept while the request is answered, in the place of Flask's `g`."""
    return _kept._get_current_object()


def asked_view(request: Request) -> Callable[..., Any] | None:
    """The view that is asked; None where there is none."""
    found: Callable[..., Any] | None
    found = _app._get_current_object().view_functions.get(request.endpoint or "")
    return found


def caller() -> Account:
    account: Account = kept().caller
    return account


def session() -> str | None:
    """What the cookie holds, where it was that which said who is calling."""
    return cast(str | None, g.get("session"))
