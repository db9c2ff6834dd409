"""Statements on teams: what the keys of one share."""

from __future__ import annotations

from dataclasses import asdict, fields

from sqlalchemy import Connection, select, text

from app.accounts import Limits
from app.storage.tables import teams

_LIMITS = [field.name for field in fields(Limits)]
_put = text(
    f"INSERT INTO teams (name, {', '.join(_LIMITS)}) "  # noqa: S608  # our own names
    f"VALUES (:name, {', '.join(f':{limit}' for limit in _LIMITS)}) "
    f"ON CONFLICT (name) DO UPDATE SET {', '.join(f'{x} = excluded.{x}' for x in _LIMITS)}"
)


def put(tx: Connection, name: str, limits: Limits) -> None:
    """What it has so far is replaced."""
    tx.execute(_put, {"name": name, **asdict(limits)})


def every(tx: Connection) -> dict[str, Limits]:
    """In the order of their names."""
    query = select(teams.c.name, *[teams.c[name] for name in _LIMITS]).order_by(teams.c.name)
    return {row[0]: Limits(**dict(zip(_LIMITS, row[1:], strict=True))) for row in tx.execute(query)}
