"""What a view works with: the application's services, and who is calling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import current_app, g

from app.services import Services

EXTENSION = "parley"


@dataclass(frozen=True)
class Caller:
    """Whoever sent the request. What is stored belongs to `owner`."""

    owner: str
    scopes: tuple[str, ...] = ("chat", "extract", "agent", "admin")


def services() -> Services:
    return cast(Services, current_app.extensions[EXTENSION])


def caller() -> Caller:
    return cast(Caller, g.caller)
