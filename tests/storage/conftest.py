"""A database of its own for each test, of either kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete, text

from app.storage.database import Database, Transaction, connect
from app.storage.migrate import migrate
from app.storage.tables import metadata
from tests.storage import postgresql


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of a PostgreSQL."""
    with postgresql.running() as url:
        yield url


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Database]:
    """A file, up to date."""
    database = connect(f"sqlite:///{tmp_path}/parley.db")
    migrate(database)
    yield database
    database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def blank(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """One without a table."""
    if request.param == "sqlite":
        database = connect(f"sqlite:///{tmp_path}/blank.db")
    else:
        database = connect(request.getfixturevalue("server"))
        for statement in ("DROP SCHEMA public CASCADE", "CREATE SCHEMA public"):
            database.alone(lambda tx, said=statement: tx.execute(text(said)) and None)  # type: ignore[misc]
    yield database
    database.close()


def _empty(tx: Transaction) -> None:
    for table in reversed(metadata.sorted_tables):
        tx.execute(delete(table))


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """One that is up to date, and empty."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite")
        return
    database = connect(request.getfixturevalue("server"))
    migrate(database)
    database.sweep(_empty)
    yield database
    database.close()
