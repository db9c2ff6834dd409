"""What commands work on."""

from __future__ import annotations

from flask import current_app

from app.services import Services


def services() -> Services:
    found: Services = current_app.extensions["parley"]
    return found


def working() -> Services:
    """The same for a command that asks models, however long: the leases of its calls are renewed.
    What processes that are gone have left is for servers to look after.
    """
    found = services()
    found.ledger.watch(lambda process: False)
    return found
