"""What a transaction does last: changes to rows that everybody wants.

PostgreSQL keeps a row that was changed for whoever changed it, until they commit: for as long as
all their other statements travel. What is put off goes out together with the commit, in one
message, and the row is kept for no journey at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg.errors import DivisionByZero
from sqlalchemy import Connection

_KEPT = "last"


class Refused(Exception):
    """A change found no row to change. Nothing of the transaction has happened."""


def begin(tx: Connection, *, puts_off: bool) -> None:
    """Said where the transaction begins: whether changes may be put off."""
    tx.info[_KEPT] = [] if puts_off else None


def put_off(tx: Connection, update: str, values: Mapping[str, Any]) -> bool:
    """Have an UPDATE done last. Its parameters are as psycopg's, its values texts and integers.

    If it changes no row, the transaction is done anew from its start, and nothing is put off.
    False: it has to be done now.
    """
    kept = tx.info.get(_KEPT)
    if kept is None:
        return False
    # Where nothing was changed this divides by nothing, which stops the commit behind it.
    guarded = f"WITH done AS ({update} RETURNING 1) SELECT 1 / count(*) FROM done"  # noqa: S608  # the text is ours
    kept.append((guarded, values))
    return True


def commit(tx: Connection) -> None:
    """Do what was put off, and commit, if anything was.

    Raises Refused.
    """
    kept = tx.info.get(_KEPT)
    if not kept:
        return
    raw: Any = tx.connection.dbapi_connection
    with psycopg.ClientCursor(raw) as cursor:
        said = [cursor.mogrify(update, values) for update, values in kept]
        try:
            cursor.execute("; ".join([*said, "COMMIT"]))
        except DivisionByZero as error:
            raise Refused from error
