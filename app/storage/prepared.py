"""Statements of the hot path: written with SQLAlchemy, compiled once for each dialect.

SQLAlchemy finds a statement's compiled form anew for every execution, which costs several times
what SQLite needs to carry it out. Here the driver gets the text and the values as they are, so
this is for statements whose columns are plain text and integers.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import psycopg
from sqlalchemy import Connection
from sqlalchemy.engine import Dialect
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import ClauseElement

# What the drivers raise where a row breaks a rule of its table.
INTEGRITY = (sqlite3.IntegrityError, psycopg.IntegrityError)


class _Compiled(NamedTuple):
    """`own` are SQLAlchemy's parameters, such as a limit's.

    `order` has a name for each question mark; it is None where parameters go by their names.
    """

    text: str
    own: Mapping[str, Any]
    order: Sequence[str] | None


class Prepared:
    """`names` are the parameters: the columns of an insert, the bindparams of anything else."""

    def __init__(self, statement: ClauseElement, names: Sequence[str] | None = None) -> None:
        self._statement = statement
        self._names = names
        self._compiled: dict[str, _Compiled] = {}

    def __call__(self, tx: Connection, values: Mapping[str, Any]) -> DBAPICursor:
        dialect = tx.dialect
        text, own, order = self._compiled.get(dialect.name) or self._compile(dialect)
        row: Any = {**own, **values}
        if order is not None:
            row = [row[name] for name in order]
        cursor = tx.connection.cursor()
        cursor.execute(text, row)
        return cursor

    def _compile(self, dialect: Dialect) -> _Compiled:
        compiled = self._statement.compile(dialect=dialect, column_keys=self._names)
        assert isinstance(compiled, SQLCompiler)
        order = compiled.positiontup if compiled.positional else None
        self._compiled[dialect.name] = made = _Compiled(compiled.string, compiled.params, order)
        return made
