"""Commands for the terminal: `flask ask`, `flask doctor`, `flask migrate`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from app import logs
from app.errors import ParleyError
from app.events import Event, Failure, Start, TextDelta
from app.providers.base import Provider
from app.runs.reader import Reader
from app.services import Services
from app.services.chat import Ask
from app.storage.migrate import migrate as bring_up_to_date

# Whoever has a shell on this machine is the owner of what is kept without a key.
_OWNER = "local"


def install(app: Flask) -> None:
    for command in (ask, doctor, migrate):
        app.cli.add_command(command)


def _services() -> Services:
    services: Services = current_app.extensions["parley"]
    return services


@click.command()
@click.argument("message")
@click.option("--model", help="provider/name; default: the server's.")
@click.option("--conversation", help="Go on with this conversation.")
@click.option("--system", help="The system prompt.")
@with_appcontext
def ask(message: str, model: str | None, conversation: str | None, system: str | None) -> None:
    """Ask a model; the answer appears as it comes."""
    logs.configure("WARNING")  # between the words of an answer the log has no business
    try:
        run = _services().chat.ask(
            _OWNER,
            Ask(message=message, model=model, conversation_id=conversation, system=system),
        )
        reader = Reader(run)
        try:
            for batch in reader.follow():
                for event in batch:
                    _show(event)
        finally:
            reader.close()
            click.echo()
    except ParleyError as error:
        raise click.ClickException(error.detail) from error


def _show(event: Event) -> None:
    match event:
        case TextDelta():
            click.echo(event.text, nl=False)
        case Start():
            click.echo(f"{event.model} · --conversation {event.conversation_id}", err=True)
        case Failure():
            raise click.ClickException(event.problem.detail)
        case _:
            pass


@click.command()
@with_appcontext
def migrate() -> None:
    """Bring the database to the newest revision."""
    bring_up_to_date(_services().database)
    click.echo("The database is up to date.")


@click.command()
@with_appcontext
def doctor() -> None:
    """Check the configuration, the database and each provider."""
    healthy = [_checked(name, check) for name, check in _checks(_services())]
    if not all(healthy):
        sys.exit(1)


def _checks(services: Services) -> Iterator[tuple[str, Callable[[], str]]]:
    yield "configuration", lambda: _configured(services)
    yield "database", lambda: _database(services)
    for provider in services.providers.values():
        yield provider.name, lambda provider=provider: _reached(provider)  # type: ignore[misc]
    yield "default model", lambda: services.models.default().id


def _checked(name: str, check: Callable[[], str]) -> bool:
    try:
        said = check()
    except ParleyError as error:
        click.secho(f"✗ {name}: {error.detail}", fg="red")
        return False
    click.echo(f"✓ {name}: {said}")
    return True


def _configured(services: Services) -> str:
    config = services.config
    callers = "open on this machine" if config.open else "a key is required"
    return f"{config.app_env}, {config.bind}, {callers}"


def _database(services: Services) -> str:
    trouble = services.readiness.trouble()
    if trouble:
        raise ParleyError(trouble)
    return f"{services.database.engine.dialect.name}, reachable, migrations current"


def _reached(provider: Provider) -> str:
    models = provider.models()
    return f"answers, {len(models)} model{'' if len(models) == 1 else 's'}"
