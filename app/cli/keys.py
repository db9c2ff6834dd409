"""`flask keys`: made, listed, shown, rotated and revoked, as under /api/admin/keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import click
import msgspec
from flask.cli import with_appcontext

from app.accounts import SCOPES
from app.cli.context import services
from app.errors import ParleyError
from app.schemas.base import loaded
from app.schemas.keys import KeyBody, KeySchema, RotateBody
from app.services.keys import Kept

_HEAD = ("ID", "KEY", "NAME", "OWNER", "TEAM", "SCOPES", "STATE", "EXPIRES")
_LIMITS = ("requests_per_minute", "tokens_per_minute", "streams", "max_output_tokens")
_PERIODS = ("request", "day", "month")
_PAGE = 100


@click.group("keys")
def command() -> None:
    """Make, list, show, rotate and revoke keys."""


def _options(names: Sequence[str], suffix: str, text: str, kind: Any) -> Callable[[Any], Any]:
    def add(function: Any) -> Any:
        for name in reversed(names):
            flag = f"--{name.replace('_', '-')}{suffix}"
            function = click.option(flag, name, type=kind, help=text)(function)
        return function

    return add


@command.command("create")
@click.option("--owner", required=True, help="Whose conversations it opens.")
@click.option("--name", help="For people.")
@click.option("--team", help="With whose keys it shares limits and budgets.")
@click.option("--scope", "scopes", multiple=True, help=f"Of {', '.join(SCOPES)}; default: chat.")
@click.option("--model", "models", multiple=True, help="What it may ask, as openai/*.")
@click.option("--expires", "expires_at", help="As 2027-01-31T12:00:00Z.")
@click.option("--metadata", help="A JSON object of your own.")
@_options(_LIMITS, "", "At most.", int)
@_options(_PERIODS, "-budget", "US dollars.", str)
@_options([f"user_{name}" for name in _LIMITS], "", "At most, for each of its users.", int)
@_options([f"user_{name}" for name in _PERIODS], "-budget", "US dollars for each user.", str)
@with_appcontext
def create(**given: Any) -> None:
    """Make a key, which is printed once."""
    given = {name: value for name, value in given.items() if value not in (None, ())}
    given = {name: list(x) if isinstance(x, tuple) else x for name, x in given.items()}
    if "metadata" in given:
        given["metadata"] = _json(given["metadata"])
    for whose in ("", "user_"):
        given[f"{whose}limits"] = _taken(given, whose, _LIMITS)
        given[f"{whose}budgets"] = _taken(given, whose, _PERIODS)
    with _told():
        body = loaded(KeyBody(), given)
        budgets, of_users = body.pop("budgets"), body.pop("user_budgets")
        _print_once(services().keys.create(body, budgets, of_users))


def _taken(given: dict[str, Any], whose: str, names: Sequence[str]) -> dict[str, Any]:
    return {name: given.pop(f"{whose}{name}") for name in names if f"{whose}{name}" in given}


@command.command("list")
@with_appcontext
def every() -> None:
    """List all keys, the newest first."""
    rows = [_HEAD, *(_row(kept) for kept in _all())]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


@command.command("show")
@click.argument("key_id")
@with_appcontext
def show(key_id: str) -> None:
    """Show what a key may do, and its limits and budgets."""
    with _told():
        kept = services().keys.read(key_id)
    budgets = {"budgets": kept.budgets, "user_budgets": kept.user_budgets}
    values = {**msgspec.structs.asdict(kept.key), "state": kept.key.state, **budgets}
    for name, value in KeySchema().dump(values).items():
        shown = value if isinstance(value, str) else msgspec.json.encode(value).decode()
        click.echo(f"{name:16}  {shown}")


@command.command("rotate")
@click.argument("key_id")
@click.option("--overlap-seconds", default=0, help="How long the old one is taken as well.")
@with_appcontext
def rotate(key_id: str, overlap_seconds: int) -> None:
    """Put another key in its place, which is printed once."""
    with _told():
        body = loaded(RotateBody(), {"overlap_seconds": overlap_seconds})
        _print_once(services().keys.rotate(key_id, body["overlap_seconds"]))


@command.command("revoke")
@click.argument("key_id")
@with_appcontext
def revoke(key_id: str) -> None:
    """Revoke a key, for good."""
    with _told():
        services().keys.revoke(key_id)
    click.echo(f"{key_id} is revoked. Within seconds it is taken nowhere any more.")


@contextmanager
def _told() -> Iterator[None]:
    """What goes wrong is told in a sentence, and each bad value by its name."""
    try:
        yield
    except ParleyError as error:
        fields = [f"\n  {name}: {said}" for name, said in _flat(error.errors or {})]
        raise click.ClickException(error.detail + "".join(fields)) from error


def _flat(errors: Any, above: str = "") -> Iterator[tuple[str, str]]:
    for name, said in errors.items():
        if isinstance(said, dict):
            yield from _flat(said, f"{above}{name}.")
        else:
            yield f"{above}{name}", " ".join(said)


def _json(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise click.BadParameter(f"not JSON: {error}.", param_hint="--metadata") from error


def _print_once(kept: Kept) -> None:
    """The key alone on stdout, for a script to take."""
    click.echo(f"{kept.key.id} of {kept.key.owner}. Keep the key; it is not shown again.", err=True)
    click.echo(kept.secret)


def _all() -> Iterator[Kept]:
    cursor = None
    while True:
        found, cursor = services().keys.page(_PAGE, cursor)
        yield from found
        if cursor is None:
            return


def _row(kept: Kept) -> tuple[str, ...]:
    key = kept.key
    expires = key.expires_at and datetime.fromtimestamp(key.expires_at / 1000, UTC)
    return (
        key.id,
        f"{key.shown}…",
        key.name,
        key.owner,
        key.team or "",
        ",".join(key.scopes),
        key.state,
        f"{expires:%Y-%m-%d}" if expires else "",
    )
