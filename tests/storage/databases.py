"""A database for a test that does not care which: SQLite, or what TEST_DATABASE says.

`TEST_DATABASE=postgresql` gives each a database of its own on one PostgreSQL, copied from one that
is up to date, which takes some hundredths of a second.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from contextlib import ExitStack
from functools import cache
from itertools import count
from pathlib import Path

import psycopg

from app.storage.database import connect
from app.storage.migrate import migrate
from tests.storage import postgresql

_TEMPLATE = "parley_template"
_numbers = count()
_at_the_end = ExitStack()


def fresh(folder: Path) -> str:
    """The URL of one that is up to date and empty; on SQLite always the same one in a folder."""
    kind = os.environ.get("TEST_DATABASE", "sqlite")
    if kind == "sqlite":
        file = folder / "parley.db"
        if not file.exists():
            shutil.copy(_file(), file)
        return f"sqlite:///{file}"
    assert kind == "postgresql", "TEST_DATABASE is sqlite or postgresql."
    server = _server()
    name = f"parley_{next(_numbers)}"
    _administer(server, f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
    return postgresql.named(server, name)


@cache
def _file() -> Path:
    """Migrating takes longer than most tests do, so it is done once, and copied."""
    folder = _at_the_end.enter_context(tempfile.TemporaryDirectory())
    atexit.register(_at_the_end.close)
    file = Path(folder) / "template.db"
    database = connect(f"sqlite:///{file}")
    migrate(database)
    database.close()
    return file


@cache
def _server() -> str:
    """One for all tests of this process."""
    server = _at_the_end.enter_context(postgresql.running())
    atexit.register(_at_the_end.close)
    _administer(server, f"CREATE DATABASE {_TEMPLATE}")
    template = connect(postgresql.named(server, _TEMPLATE))
    migrate(template)
    template.close()
    return server


def _administer(server: str, statement: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement)
