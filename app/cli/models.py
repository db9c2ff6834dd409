"""`flask models`: what there is to choose from."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import click
from flask.cli import with_appcontext

from app.cli.context import services
from app.services.models import Model

_HEAD = (
    "MODEL",
    "CONTEXT",
    "OUTPUT",
    "IMAGES",
    "TOOLS",
    "REASONING",
    "$/M IN",
    "$/M OUT",
    "RETIRES",
)


@click.command("models")
@click.argument("provider", required=False)
@with_appcontext
def command(provider: str | None) -> None:
    """List the models of all providers, or of one: tokens, abilities, prices and their end."""
    providers = services().providers
    if provider is not None and provider not in providers:
        raise click.ClickException(f"There is no provider {provider}, only {', '.join(providers)}.")
    asked = {provider} if provider else set(providers)
    found = [model for model in services().models.every() if model.provider.name in asked]
    rows = [_HEAD, *(_row(model) for model in sorted(found, key=lambda m: m.id))]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo(_line(row, widths))
    if silent := asked - {model.provider.name for model in found}:
        click.echo(f"No list came from {', '.join(sorted(silent))}; `flask doctor` says why.")


def _row(model: Model) -> tuple[str, ...]:
    profile = model.profile
    prices = services().prices.per_million(model.provider.name, model.name) or (None, None)
    return (
        model.id,
        _number(profile.context_window),
        _number(profile.max_output_tokens),
        *(_mark(can) for can in (profile.images, profile.tools, profile.reasoning)),
        *map(_dollars, prices),
        str(profile.retires or ("deprecated" if profile.deprecated else "")),
    )


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    name, *rest = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
    return "  ".join([name, *rest]).rstrip()


def _number(tokens: int | None) -> str:
    return "" if tokens is None else f"{tokens:,}"


def _mark(can: bool) -> str:
    return "yes" if can else "no"


def _dollars(price: Decimal | None) -> str:
    return "" if price is None else f"{price:.2f}"
