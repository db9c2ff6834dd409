"""`flask migrate`: the database as this version needs it."""

from __future__ import annotations

from pathlib import Path

from flask import Flask
from sqlalchemy import delete

from app import Config, create_app
from app.services import Services
from app.storage.tables import conversations
from tests.cli.commands import run
from tests.server.process import free_port


def test_migrate_can_be_repeated(app: Flask, services: Services) -> None:
    """`flask migrate` on a current database says so and breaks nothing."""
    assert run(app, "migrate").exit_code == 0
    services.database.write(lambda tx: tx.execute(delete(conversations)) and None)
    assert run(app, "ask", "hi").exit_code == 0


def test_a_database_that_is_away(tmp_path: Path) -> None:
    """The release phase fails with a sentence, and not with a traceback."""
    url = f"postgresql://ada@127.0.0.1:{free_port()}/parley"
    app = create_app(Config(database_url=url, spool_dir=str(tmp_path), log_level="ERROR"))
    said = run(app, "migrate")
    assert said.exit_code == 1
    assert "The database does not answer" in said.output
    assert "Traceback" not in said.output
    app.extensions["parley"].close()
