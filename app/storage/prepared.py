"""Statements of the hot path: written with SQLAlchemy, compiled once for each dialect.

SQLAlchemy finds a statement's compiled form anew for every execution, which costs several times
what SQLite needs to carry it out. Here the driver gets the text and the values as they are, so
this is for statements whose columns are plain text and integers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.engine import Dialect
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import ClauseElement


class Prepared:
    """`names` are the parameters: the columns of an insert, the bindparams of anything else."""

    def __init__(self, statement: ClauseElement, names: Sequence[str] | None = None) -> None:
        self._statement = statement
        self._names = names
        self._compiled: dict[str, SQLCompiler] = {}

    def __call__(self, tx: Connection, values: Mapping[str, Any]) -> DBAPICursor:
        dialect = tx.dialect
        compiled = self._compiled.get(dialect.name) or self._compile(dialect)
        row: Any = {**compiled.params, **values}  # with SQLAlchemy's own, such as a limit's
        if compiled.positional:
            # `positiontup` has a name for each question mark, in their order.
            row = tuple([row[name] for name in compiled.positiontup or ()])
        cursor = tx.connection.cursor()
        cursor.execute(compiled.string, row)
        return cursor

    def _compile(self, dialect: Dialect) -> SQLCompiler:
        compiled = self._statement.compile(dialect=dialect, column_keys=self._names)
        assert isinstance(compiled, SQLCompiler)
        self._compiled[dialect.name] = compiled
        return compiled
