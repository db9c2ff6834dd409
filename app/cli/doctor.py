"""`flask doctor`: what is wrong, in plain words."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import click
from flask.cli import with_appcontext

from app.cli.context import services as _services
from app.errors import ParleyError
from app.profiles import today
from app.providers.base import Provider
from app.services import Services
from app.services.retirement import endings


@click.command("doctor")
@with_appcontext
def command() -> None:
    """Check the configuration, the database, each provider and the models that are chosen."""
    services = _services()
    healthy = [_checked(name, check) for name, check in _checks(services)]
    for model, ending in endings(services.models, services.config.model_aliases, today()).items():
        click.secho(f"! {model}: it {ending}; choose another.", fg="yellow")
    if not all(healthy):
        sys.exit(1)


def _checks(services: Services) -> Iterator[tuple[str, Callable[[], str]]]:
    yield "configuration", lambda: _configured(services)
    yield "database", lambda: _database(services)
    if services.sharing is not None:
        yield "redis", lambda: _redis(services)
    for provider in services.providers.values():
        yield provider.name, lambda provider=provider: _reached(provider)  # type: ignore[misc]
    for name in services.tools.sources:
        yield f"tools of {name}", lambda name=name: _offered(services, name)  # type: ignore[misc]
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


def _redis(services: Services) -> str:
    assert services.sharing is not None
    services.sharing.connection.run(lambda client: client.ping())
    return "answers"


def _reached(provider: Provider) -> str:
    models = provider.models()
    return f"answers, {len(models)} model{'' if len(models) == 1 else 's'}"


def _offered(services: Services, name: str) -> str:
    if trouble := services.tools.troubles()[name]:
        raise ParleyError(trouble)
    return "answers"
