"""`flask migrate`: the database as this version needs it."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import delete

from app.services import Services
from app.storage.tables import conversations
from tests.cli.commands import run


def test_migrate_can_be_repeated(app: Flask, services: Services) -> None:
    """`flask migrate` on a current database says so and breaks nothing."""
    assert run(app, "migrate").exit_code == 0
    services.database.write(lambda tx: tx.execute(delete(conversations)) and None)
    assert run(app, "ask", "hi").exit_code == 0
