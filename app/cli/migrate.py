"""`flask migrate`: the database's tables as this version needs them."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from app.cli.context import services
from app.storage.migrate import migrate


@click.command("migrate")
@with_appcontext
def command() -> None:
    """Bring the database to the newest revision."""
    migrate(services().database)
    click.echo("The database is up to date.")
