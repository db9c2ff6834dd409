"""What commands work on."""

from __future__ import annotations

from flask import current_app

from app.services import Services


def services() -> Services:
    found: Services = current_app.extensions["parley"]
    return found
