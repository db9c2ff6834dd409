"""What a view works with: the application's services, and who is calling."""

from __future__ import annotations

from typing import cast

from flask import current_app, g

from app.accounts import Account
from app.services import Services

EXTENSION = "parley"


def services() -> Services:
    return cast(Services, current_app.extensions[EXTENSION])


def caller() -> Account:
    return cast(Account, g.caller)


def session() -> str | None:
    """What the cookie holds, where it was that which said who is calling."""
    return cast(str | None, g.get("session"))
