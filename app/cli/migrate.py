"""`flask migrate`: the database's tables as this version needs them."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from app.cli.context import services
from app.errors import Unavailable
from app.storage.migrate import migrate


@click.command("migrate")
@with_appcontext
def command() -> None:
    """Bring the database to the newest revision."""
    try:
        migrate(services().database)
    except Unavailable as error:
        raise click.ClickException(error.detail) from error
    click.echo("The database is up to date.")
